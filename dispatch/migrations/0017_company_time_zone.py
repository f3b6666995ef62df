"""A company's time zone exists, and stays as long as times lie ahead that were agreed by it.

Those that do not exist stay as they are until somebody changes them.
"""

from django.db import migrations

# `AT TIME ZONE` also takes abbreviations, any case and what it can read as an offset ("Mars/X3"): only the list is
# exact. Reading it takes 15 ms, so the usual zone is not looked up. Some machines list their files twice.
EXISTS = """
    CREATE FUNCTION company_time_zone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.time_zone ~ '^(posix|right)/' OR NEW.time_zone IN ('localtime', 'posixrules', 'Factory')
            OR NOT EXISTS (SELECT FROM pg_timezone_names WHERE name = NEW.time_zone)
        THEN
            RAISE EXCEPTION 'no such time zone: %', NEW.time_zone USING
                ERRCODE = 'check_violation', CONSTRAINT = 'company_time_zone';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER company_time_zone AFTER INSERT OR UPDATE OF time_zone ON dispatch_company
        FOR EACH ROW WHEN (NEW.time_zone <> 'Europe/Zurich') EXECUTE FUNCTION company_time_zone();
"""
ANYTHING = """
    DROP TRIGGER company_time_zone ON dispatch_company;
    DROP FUNCTION company_time_zone();
"""

# As `Company.clean` asks it.
KEPT = """
    CREATE FUNCTION company_keeps_time_zone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (
            SELECT FROM dispatch_booking WHERE company_id = NEW.id
                AND status IN ('draft', 'confirmed', 'assigned', 'en_route', 'arrived', 'on_board')
        ) OR EXISTS (
            SELECT FROM dispatch_shift WHERE company_id = NEW.id
                AND status <> 'cancelled' AND upper(period) > now()
        ) THEN
            RAISE EXCEPTION 'the time zone changes while times lie ahead' USING
                ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'company_keeps_time_zone';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER company_keeps_time_zone AFTER UPDATE OF time_zone ON dispatch_company
        FOR EACH ROW WHEN (OLD.time_zone <> NEW.time_zone) EXECUTE FUNCTION company_keeps_time_zone();
"""
FREE = """
    DROP TRIGGER company_keeps_time_zone ON dispatch_company;
    DROP FUNCTION company_keeps_time_zone();
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0016_journey_and_row_agree")]
    operations = [migrations.RunSQL(EXISTS, ANYTHING), migrations.RunSQL(KEPT, FREE)]
