"""Chooses the settings by ATMR_ENV (dev, test or prod); a wrong name is refused."""

from __future__ import annotations

from atmr import environment

environment.refuse_typos()
_name = environment.name_of_environment()
if _name == "prod":
    from atmr.settings.prod import *
elif _name == "test":
    from atmr.settings.test import *
else:
    from atmr.settings.dev import *
