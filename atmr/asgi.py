"""The web process: HTTP through Django, sockets through Channels."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter  # type: ignore[import-untyped]
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atmr.settings")

application = ProtocolTypeRouter({"http": get_asgi_application()})
