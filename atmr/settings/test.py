"""The test session: fast hashes, plain static files, jobs that run where they are called."""

from __future__ import annotations

from atmr.settings.base import *

DEBUG = False
SECRET_KEY = "test-only-" + "not-a-secret-" * 4
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
# Nothing is collected in tests: WhiteNoise would warn of the missing directory, and warnings are errors.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]
