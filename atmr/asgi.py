"""The web process: HTTP through Django, sockets through Channels."""

from __future__ import annotations

import gc
import os

from channels.routing import ProtocolTypeRouter  # type: ignore[import-untyped]
from django.core.asgi import get_asgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atmr.settings")

application = ProtocolTypeRouter({"http": get_asgi_application()})

get_resolver().url_patterns  # noqa: B018 - loads every page and desk now, and not with the first request
# What is loaded by now stays for good: the collector, which would look through all of it in the middle of a request
# (100 ms and more on a busy machine), need not.
gc.collect()
gc.freeze()
