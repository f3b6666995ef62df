"""Rows of one company link to rows of the same company only: foreign keys that carry the company along."""

from __future__ import annotations

from django.db import migrations

# (table, own columns, table linked to, its columns); each target has a unique constraint over its columns.
KEYS = [
    ("standingorder", "patient", "patient", ()),
    ("shift", "driver", "driver", ()),
    ("shift", "vehicle", "vehicle", ()),
    ("booking", "patient", "patient", ()),
    ("booking", "standing_order", "standingorder", ("patient",)),
    ("booking", "outbound", "booking", ("patient",)),
    ("assignment", "booking", "booking", ()),
    ("assignment", "shift", "shift", ()),
    ("assignment", "driver", "driver", ()),
    ("assignment", "vehicle", "vehicle", ()),
    ("assignment", "run", "dispatchrun", ()),
]


def _key(table: str, link: str, target: str, more: tuple[str, ...]) -> migrations.RunSQL:
    name = f"{table}_{link}_same_company"
    own = ", ".join([f"{link}_id", "company_id", *(f"{column}_id" for column in more)])
    theirs = ", ".join(["id", "company_id", *(f"{column}_id" for column in more)])
    return migrations.RunSQL(
        f"ALTER TABLE dispatch_{table} ADD CONSTRAINT {name} FOREIGN KEY ({own}) "
        f"REFERENCES dispatch_{target} ({theirs}) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE dispatch_{table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0001_initial")]
    operations = [_key(*key) for key in KEYS]
