"""A job queue that answers nothing holds nobody up for long: the row waits, and is delivered again."""

from __future__ import annotations

import socket
import time

import pytest
from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError


def test_a_queue_that_hangs_is_given_up_after_one_more_try() -> None:
    """A socket that takes the connection and never says a word, as a stopped Valkey does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = Celery(broker=f"redis://127.0.0.1:{silent.getsockname()[1]}/0", set_as_current=False)
        patient = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        app.conf.broker_transport_options = patient | {"socket_timeout": 0.2}
        app.conf.task_publish_retry_policy = settings.CELERY_TASK_PUBLISH_RETRY_POLICY
        began = time.monotonic()
        with pytest.raises(OperationalError):
            app.send_task("dispatch.run_dispatch", (1,))
        assert time.monotonic() - began < 3
    assert patient["socket_timeout"] == 5
