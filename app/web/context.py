"""What a request is about: the running services, the organisation its host name belongs to, and that organisation's portal."""

from __future__ import annotations

from typing import Final

from flask import Flask, current_app, g, request

from app.domain import OrganisationId
from app.errors import UnknownHost
from app.services import organisations
from app.services.context import Context
from app.services.organisations import Portal

_EXTENSION: Final = "quietline"


def install(app: Flask, context: Context) -> None:
    """Keep the services where requests find them."""
    app.extensions[_EXTENSION] = context


def services() -> Context:
    """The services of this application: the first argument of each of their functions."""
    context = current_app.extensions[_EXTENSION]
    assert isinstance(context, Context)
    return context


def find_organisation() -> None:
    """Before each request: the organisation that answers under this host name. UnknownHost where there is none."""
    header = request.headers.get("Host")
    if not header:
        raise UnknownHost
    g.organisation = organisations.resolve(services(), _without_port(header))


def _without_port(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return (name if colon and port.isdecimal() else host.lower()).strip("[]")


def organisation() -> OrganisationId:
    """The organisation this request is for."""
    found: OrganisationId = g.organisation
    return found


def portal() -> Portal:
    """Its portal: name, channels, texts. Read once a request."""
    if "portal" not in g:
        g.portal = organisations.portal(services(), organisation())
    found: Portal = g.portal
    return found


def recall_portal() -> Portal | None:
    """Have this request make do with what the process remembers of the portal, until `forget_portal`; nothing where it remembers none."""
    found = organisations.remembered(services(), organisation())
    if found is not None:
        g.portal = found
    return found


def forget_portal() -> None:
    """The portal is read when it is next asked for."""
    g.pop("portal", None)


def portal_if_known() -> Portal | None:
    """The portal, or nothing where there is none or it cannot be read: an error page must come out all the same."""
    if g.get("organisation") is None:
        return None
    try:
        return portal()
    except Exception:
        return None
