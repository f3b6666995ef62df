"""A server behind TLS: nothing has a default that would be unsafe, and what is missing is refused."""

from __future__ import annotations

from atmr import environment
from atmr.settings.base import *

DEBUG = False
SECRET_KEY = environment.required(
    "ATMR_SECRET_KEY", "production has no default key; make one with `openssl rand -base64 48`"
)
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5:
    raise environment.BadValue(
        "ATMR_SECRET_KEY is too short or too simple; `openssl rand -base64 48` makes a good one."
    )
for _name in ("DATABASE_URL", "REDIS_URL"):
    environment.required(_name, "production uses a server of yours, never the embedded one")
environment.required("ATMR_ALLOWED_HOSTS", "name the host names this server answers to")

ALLOWED_HOSTS = environment.words("ATMR_ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = environment.words(
    "ATMR_CSRF_ORIGINS", tuple(f"https://{host}" for host in ALLOWED_HOSTS if host != "*")
)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
