"""One machine, embedded services, a key that protects nothing."""

from __future__ import annotations

from atmr import environment
from atmr.settings.base import *

# Off by default, so that what is shown here is what production shows.
DEBUG = environment.flag("ATMR_DEBUG", default=False)
SECRET_KEY = environment.text("ATMR_SECRET_KEY", "dev-only-" + "not-a-secret-" * 4)
ALLOWED_HOSTS = environment.words("ATMR_ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = environment.words("ATMR_CSRF_ORIGINS")
if DEBUG:
    # Only for `runserver`: as an app it would load Twisted, a second's work, into every command.
    INSTALLED_APPS = ["daphne", *INSTALLED_APPS]
