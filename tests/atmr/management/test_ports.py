from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


@pytest.mark.parametrize("command", ["up", "doctor"])
@pytest.mark.parametrize("port", ["abc", "70000", "0", "-1", "8e3", "٨٠٨٠"])
def test_a_port_is_a_number_that_ports_can_have(command, port):
    with pytest.raises(CommandError) as refusal:
        call_command(command, f"--port={port}")
    assert str(refusal.value) == (
        f"Error: argument --port: “{port}” is no port: give a number from 1 to 65535, for instance 8080."
    )
