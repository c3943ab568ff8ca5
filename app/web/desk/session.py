"""The desk's session: a random token in a cookie that goes to /desk only, and a row on the server once somebody is logged in.

Outside /desk there is never a session: nothing is opened and no cookie is set, so an officer who reports from the same browser does not
hand theirs over. Before login the token is stored nowhere; it only carries the form token (CSRF), which is derived from it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from typing import Any, Final

from flask import Flask, Request, Response
from flask import session as flask_session
from flask.sessions import SessionInterface, SessionMixin

from app.services import sessions
from app.web.context import organisation, services

COOKIE: Final = "__Secure-desk"
PATH: Final = "/desk"
_FIELD: Final = "csrf_token"
_LABEL: Final = b"quietline/desk/form/v1\n"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class DeskSession(SessionMixin):
    """A read-only mapping with one key, the form token's secret; beside it the token and, when there is a row, who is logged in."""

    modified = False

    def __init__(self, token: str, secret_key: bytes, *, fresh: bool) -> None:
        self.token = token
        self.fresh = fresh
        self.ended = False
        self.used = False
        self._secret_key = secret_key
        self._loaded = False
        self._row: sessions.Session | None = None

    @property
    def row(self) -> sessions.Session | None:
        """The session on the server, or None. Looked up once a request, and only when somebody asks."""
        if not self._loaded:
            self._row = None if self.fresh else sessions.load(services(), organisation(), self.token)
            self._loaded = True
        return self._row

    def start(self, token: str) -> None:
        """Somebody logged in: from here on the service's token, never the one that was there before."""
        self.token, self.fresh, self.used, self.ended, self._loaded = token, True, True, False, True
        self._row = None

    def end(self) -> None:
        """Logged out: the cookie goes."""
        self.ended, self._loaded = True, True
        self._row = None

    def __getitem__(self, key: str) -> str:
        if key != _FIELD:
            raise KeyError(key)
        self.used = True
        return hmac.new(self._secret_key, _LABEL + self.token.encode("ascii"), hashlib.sha256).hexdigest()

    def __contains__(self, key: object) -> bool:
        return key == _FIELD

    def __iter__(self) -> Iterator[str]:
        return iter((_FIELD,))

    def __len__(self) -> int:
        return 1

    def __setitem__(self, key: str, value: Any) -> None:
        raise TypeError("the desk's session is read-only")

    def __delitem__(self, key: str) -> None:
        raise TypeError("the desk's session is read-only")


class DeskSessionInterface(SessionInterface):
    """Opens a DeskSession under /desk and nothing anywhere else."""

    def open_session(self, app: Flask, request: Request) -> DeskSession | None:
        if not _under_desk(request.path):
            return None
        token = request.cookies.get(COOKIE, "")
        fresh = _TOKEN.fullmatch(token) is None
        return DeskSession(secrets.token_urlsafe(32) if fresh else token, _secret(app), fresh=fresh)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:  # noqa: ARG002
        if not isinstance(session, DeskSession):
            return
        if session.ended:
            response.delete_cookie(COOKIE, path=PATH, secure=True, httponly=True, samesite="Strict")
        elif session.fresh and session.used:
            response.set_cookie(COOKIE, session.token, path=PATH, secure=True, httponly=True, samesite="Strict")


def desk_session() -> DeskSession:
    """The session of this request; only views of the desk may ask."""
    found = flask_session._get_current_object()  # type: ignore[attr-defined]
    if not isinstance(found, DeskSession):
        raise TypeError("there is no session outside the desk")
    return found


def _under_desk(path: str) -> bool:
    return path == PATH or path.startswith(PATH + "/")


def _secret(app: Flask) -> bytes:
    key = app.secret_key
    if not key:
        raise RuntimeError("the application has no secret key")
    return key if isinstance(key, bytes) else key.encode("utf-8")
