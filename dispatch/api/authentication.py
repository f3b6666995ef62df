"""Who asks: a person with a session (and a CSRF token for writes), or a program with a bearer token."""

from __future__ import annotations

from rest_framework import authentication


class BearerAuthentication(authentication.TokenAuthentication):
    """`Authorization: Bearer <token>`; first in the list, so that strangers are told how to sign in (401)."""

    keyword = "Bearer"
