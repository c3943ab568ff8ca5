"""Tests of app/crypto: vectors shared with the browser, the public age suite, and properties."""
