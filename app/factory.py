"""The one place where objects are wired."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.services.context import Context
from app.services.counters import open_counters
from app.services.slowdown import Slowdown
from app.settings import Settings
from app.storage.engine import open_database
from app.web import context as web_context
from app.web import desk, errors, headers, i18n, lanes, limits, origin, pages, patience, reporter, roles, static, uploads, waiting

_HERE: Final = Path(__file__).parent


def create_app(settings: Settings, context: Context | None = None) -> Flask:
    """The application. Tests hand in a context of their own, with a clock they can move."""
    app = Flask("app", root_path=str(_HERE), static_folder=None, template_folder="web/templates")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        PROPAGATE_EXCEPTIONS=False,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        WTF_I18N_ENABLED=False,
    )
    app.request_class = limits.BoundedRequest
    app.url_map.merge_slashes = False
    web_context.install(app, context or make_context(settings))
    i18n.install(app)
    pages.install(app)
    errors.install(app)
    for check in (web_context.find_organisation, origin.refuse_cross_site, limits.bound, waiting.notice, roles.enforce):
        app.before_request(check)
    for finish in (headers.add, uploads.speak, patience.see_off):
        app.after_request(finish)
    static.install(app, _HERE / "static")
    reporter.install(app)
    desk.install(app)
    if settings.trust_proxy:
        # Only what the proxy says of the scheme and the host name; never an address.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


def make_context(settings: Settings) -> Context:
    """The services on the database of the settings and the system's clock."""
    counters = open_counters(settings)
    context = Context(
        database=open_database(settings.database_url, connections=lanes.threads_in_all(settings.threads) + 2),
        settings=settings,
        slowdown=Slowdown(failures=counters.failures),
        buckets=counters.buckets,
        shared=counters.shared,
    )
    _ = context.blobs  # settings that name no store that can be used are told at the start
    return context
