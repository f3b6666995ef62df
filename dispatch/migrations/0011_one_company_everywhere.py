"""Links that 0002 left to forms: places, which may be public, and rows that know their company by another link.

A foreign key cannot carry the company along here (a public place has none, a wish or a skill held has it from
its patient or driver), so deferred constraint triggers look it up. They look at one side only, which is enough
because no row ever moves to another company: that is refused as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import migrations


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`owner`: the table that knows the company of the row, and the row's column that leads there."""

    table: str
    link: str
    target: str
    owner: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        return f"{self.table}_{self.link}_same_company"

    @property
    def columns(self) -> str:
        if self.owner:
            return f"{self.link}_id, {self.owner[1]}"
        return f"{self.link}_id" if self.table == "company" else f"{self.link}_id, company_id"

    @property
    def foreign(self) -> str:
        """The rows that link to another company; a target without company is everybody's."""
        table, column = self.owner or (self.table, "id")
        company = "id" if table == "company" else "company_id"
        return (
            f"SELECT FROM dispatch_{self.table} own "
            f"JOIN dispatch_{table} owner ON owner.id = own.{column} "
            f"JOIN dispatch_{self.target} theirs ON theirs.id = own.{self.link}_id "
            f"WHERE theirs.company_id IS NOT NULL AND theirs.company_id IS DISTINCT FROM owner.{company}"
        )


LINKS = [
    Link(table="company", link="base", target="place"),
    Link(table="place", link="parent", target="place"),
    Link(table="vehicle", link="base", target="place"),
    Link(table="patient", link="home", target="place"),
    Link(table="shift", link="start_place", target="place"),
    Link(table="shift", link="end_place", target="place"),
    Link(table="standingorder", link="pickup", target="place"),
    Link(table="standingorder", link="dropoff", target="place"),
    Link(table="booking", link="pickup", target="place"),
    Link(table="booking", link="dropoff", target="place"),
    Link(table="driverskill", link="skill", target="skill", owner=("driver", "driver_id")),
    Link(table="weeklyshift", link="vehicle", target="vehicle", owner=("driver", "driver_id")),
    Link(table="driverwish", link="driver", target="driver", owner=("patient", "patient_id")),
    Link(table="unassigned", link="booking", target="booking", owner=("dispatchrun", "run_id")),
]
OWNED = [
    "membership",
    "place",
    "skill",
    "driver",
    "vehicle",
    "patient",
    "shift",
    "standingorder",
    "booking",
    "dispatchrun",
    "assignment",
]


def _guard(link: Link) -> migrations.RunSQL:
    """The row is read again when the trigger fires, at the end of the transaction: what counts is how it stays."""
    return migrations.RunSQL(
        f"""
        DO $$ BEGIN
            IF EXISTS ({link.foreign}) THEN
                RAISE EXCEPTION 'dispatch_{link.table}.{link.link}_id links rows of two companies';
            END IF;
        END $$;
        CREATE FUNCTION {link.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF EXISTS ({link.foreign} AND own.id = NEW.id) THEN
                RAISE EXCEPTION 'link to a row of another company' USING
                    ERRCODE = 'foreign_key_violation', CONSTRAINT = '{link.name}';
            END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER {link.name} AFTER INSERT OR UPDATE OF {link.columns}
            ON dispatch_{link.table} DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.{link.link}_id IS NOT NULL) EXECUTE FUNCTION {link.name}();
        """,
        f"DROP TRIGGER {link.name} ON dispatch_{link.table}; DROP FUNCTION {link.name}();",
    )


KEEPS_COMPANY = migrations.RunSQL(
    """
    CREATE FUNCTION keeps_company() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'a row never moves to another company' USING
            ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
    END $$
    """,
    "DROP FUNCTION keeps_company()",
)


def _stays(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE CONSTRAINT TRIGGER {table}_keeps_company AFTER UPDATE OF company_id ON dispatch_{table} "
        "FOR EACH ROW WHEN (OLD.company_id IS DISTINCT FROM NEW.company_id) "
        "EXECUTE FUNCTION keeps_company()",
        f"DROP TRIGGER {table}_keeps_company ON dispatch_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0010_bounds_of_a_day_and_a_ride")]
    operations = [
        *(_guard(link) for link in LINKS),
        KEEPS_COMPANY,
        *(_stays(table) for table in OWNED),
    ]
