"""The portal as granian serves it: `granian --interface wsgi tests.bench.serve_granian:app`. Only servers.py asks for it."""

from __future__ import annotations

import os

from app.factory import create_app
from app.settings import from_env

app = create_app(from_env(os.environ))
