"""Journeys and runs go from one status to another only by the steps that `models/statuses.py` knows, whoever writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import migrations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# As in `models/statuses.py` when this was written; tests compare the database with it.
MOVES = {
    "draft": ["cancelled", "confirmed", "refused"],
    "confirmed": ["assigned", "cancelled", "draft", "late_cancel", "refused", "same_day_cancel", "unmet"],
    "assigned": ["cancelled", "confirmed", "en_route", "late_cancel", "missed", "same_day_cancel"],
    "en_route": ["arrived", "assigned", "confirmed", "late_cancel", "missed"],
    "arrived": ["en_route", "late_cancel", "missed", "no_show", "on_board"],
    "on_board": ["arrived", "completed"],
    "completed": ["on_board"],
    "no_show": ["arrived", "missed"],
    "missed": ["confirmed", "no_show"],
    "cancelled": ["confirmed", "draft"],
    "same_day_cancel": ["confirmed", "draft"],
    "late_cancel": ["confirmed"],
    "refused": ["confirmed", "draft"],
    "unmet": ["confirmed"],
}
RUN_MOVES = {
    "queued": ["failed", "running"],
    "running": ["done", "failed", "lost"],
    "lost": ["failed", "running"],
    "done": ["failed", "superseded"],
}


def _guard(table: str, name: str, moves: Mapping[str, Sequence[str]]) -> migrations.RunSQL:
    pairs = ", ".join(f"('{old}', '{new}')" for old, following in moves.items() for new in following)
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {name}_may_move(before text, after text) RETURNS boolean LANGUAGE sql IMMUTABLE
            AS $$ SELECT (before, after) IN ({pairs}) $$;
        CREATE FUNCTION {name}_status_moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'no step leads from % to %', OLD.status, NEW.status USING
                ERRCODE = 'check_violation', CONSTRAINT = '{name}_status_moves';
        END $$;
        CREATE CONSTRAINT TRIGGER {name}_status_moves AFTER UPDATE OF status ON {table}
            FOR EACH ROW WHEN (
                OLD.status IS DISTINCT FROM NEW.status AND NOT {name}_may_move(OLD.status, NEW.status)
            ) EXECUTE FUNCTION {name}_status_moves();
        """,
        f"""
        DROP TRIGGER {name}_status_moves ON {table};
        DROP FUNCTION {name}_status_moves();
        DROP FUNCTION {name}_may_move(text, text);
        """,
    )


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0013_one_shift_at_a_time")]
    operations = [
        _guard("dispatch_booking", "booking", MOVES),
        _guard("dispatch_dispatchrun", "run", RUN_MOVES),
    ]
