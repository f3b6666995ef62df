"""The guard of a journey's crew looks at the row it is asked about, and no longer at all rows of all companies.

As 0016 had it, which row was meant stood inside a CASE: PostgreSQL then joined whole tables for each row that was written,
so that writing took the longer the more had been written before.
"""

from django.db import migrations

GUARD = """
    CREATE OR REPLACE FUNCTION assignment_of_its_crew() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        is_another boolean;
    BEGIN
        IF TG_TABLE_NAME = 'dispatch_shift' THEN
            is_another := EXISTS ({rows} AND s.id = NEW.id AND NOT a.is_over);
        ELSE
            is_another := EXISTS ({rows} AND a.id = NEW.id);
        END IF;
        IF is_another THEN
            RAISE EXCEPTION 'the driver and the vehicle of a journey are those of its shift' USING
                ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
        END IF;
        RETURN NULL;
    END $$
"""
# Rows of two companies are left to their foreign keys (0002).
OF_ANOTHER_CREW = """
    SELECT FROM dispatch_assignment a
    JOIN dispatch_shift s ON (s.id, s.company_id) = (a.shift_id, a.company_id)
    JOIN dispatch_driver d ON (d.id, d.company_id) = (a.driver_id, a.company_id)
    JOIN dispatch_vehicle v ON (v.id, v.company_id) = (a.vehicle_id, a.company_id)
    WHERE (s.driver_id, s.vehicle_id) IS DISTINCT FROM (a.driver_id, a.vehicle_id)
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0018_handovers")]
    # The way back leaves it as it is: it refuses what it refused.
    operations = [migrations.RunSQL(GUARD.format(rows=OF_ANOTHER_CREW), migrations.RunSQL.noop)]
