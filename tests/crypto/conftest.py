"""Settings of the property tests."""

from __future__ import annotations

from hypothesis import settings

# No deadline: a busy machine is no failure.
settings.register_profile("crypto", deadline=None, max_examples=80)
settings.load_profile("crypto")
