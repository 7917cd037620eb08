"""Settings of all tests: no example of hypothesis has to be done by a clock on the wall."""

from __future__ import annotations

from hypothesis import settings

# What hypothesis chose stays: where the environment says CI, the same examples every time.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")
