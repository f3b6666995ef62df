"""A journey's status says whether somebody drives it; who does is the crew of its shift.

Rows that disagree stay as they are until somebody touches them. What took place (completed, absent, missed) may be
known without who drove it, and a journey that is over keeps its driver when its shift gets another crew.
"""

from django.db import migrations

# As `record_progress` and `write_rides` leave them; tests compare the database with what they do.
DRIVEN = "'assigned', 'en_route', 'arrived', 'on_board'"
NOBODYS = "'draft', 'confirmed', 'cancelled', 'same_day_cancel', 'late_cancel', 'refused', 'unmet'"

# The booking is locked, so that its status and its row are not changed apart at the same moment.
AGREE = f"""
    CREATE FUNCTION booking_has_its_row() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        rec jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
        asked bigint := CASE TG_TABLE_NAME WHEN 'dispatch_booking' THEN rec->'id' ELSE rec->'booking_id' END;
        reached text;
        driven boolean;
    BEGIN
        SELECT status INTO reached FROM dispatch_booking WHERE id = asked FOR NO KEY UPDATE;
        driven := EXISTS (SELECT FROM dispatch_assignment WHERE booking_id = asked);
        IF reached IN ({DRIVEN}) AND NOT driven THEN
            RAISE EXCEPTION 'a booking that is % has an assignment', reached USING
                ERRCODE = 'check_violation', CONSTRAINT = 'booking_has_its_row';
        ELSIF reached IN ({NOBODYS}) AND driven THEN
            RAISE EXCEPTION 'a booking that is % has no assignment', reached USING
                ERRCODE = 'check_violation', CONSTRAINT = 'booking_has_its_row';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER booking_has_its_row AFTER INSERT OR UPDATE OF status ON dispatch_booking
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_has_its_row();
    CREATE CONSTRAINT TRIGGER booking_has_its_row AFTER INSERT OR DELETE ON dispatch_assignment
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_has_its_row();
    CREATE FUNCTION assignment_keeps_booking() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'an assignment never moves to another booking' USING
            ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'assignment_keeps_booking';
    END $$;
    CREATE CONSTRAINT TRIGGER assignment_keeps_booking AFTER UPDATE OF booking_id ON dispatch_assignment
        FOR EACH ROW WHEN (OLD.booking_id IS DISTINCT FROM NEW.booking_id)
        EXECUTE FUNCTION assignment_keeps_booking();
"""
APART = """
    DROP TRIGGER assignment_keeps_booking ON dispatch_assignment;
    DROP FUNCTION assignment_keeps_booking();
    DROP TRIGGER booking_has_its_row ON dispatch_assignment;
    DROP TRIGGER booking_has_its_row ON dispatch_booking;
    DROP FUNCTION booking_has_its_row();
"""

# Rows of two companies are left to their foreign keys (0002). A row is written with the crew that its shift has; a
# shift that changes hands brings its journeys along by its commit.
CREW = """
    CREATE FUNCTION assignment_of_its_crew() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (
            SELECT FROM dispatch_assignment a
            JOIN dispatch_shift s ON (s.id, s.company_id) = (a.shift_id, a.company_id)
            JOIN dispatch_driver d ON (d.id, d.company_id) = (a.driver_id, a.company_id)
            JOIN dispatch_vehicle v ON (v.id, v.company_id) = (a.vehicle_id, a.company_id)
            WHERE (s.driver_id, s.vehicle_id) IS DISTINCT FROM (a.driver_id, a.vehicle_id)
                AND CASE TG_TABLE_NAME WHEN 'dispatch_shift' THEN s.id = NEW.id AND NOT a.is_over
                    ELSE a.id = NEW.id END
        ) THEN
            RAISE EXCEPTION 'the driver and the vehicle of a journey are those of its shift' USING
                ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER assignment_of_its_crew AFTER INSERT ON dispatch_assignment
        FOR EACH ROW EXECUTE FUNCTION assignment_of_its_crew();
    CREATE CONSTRAINT TRIGGER assignment_keeps_crew
        AFTER UPDATE OF shift_id, driver_id, vehicle_id ON dispatch_assignment
        FOR EACH ROW WHEN (
            (OLD.shift_id, OLD.driver_id, OLD.vehicle_id)
                IS DISTINCT FROM (NEW.shift_id, NEW.driver_id, NEW.vehicle_id)
        ) EXECUTE FUNCTION assignment_of_its_crew();
    CREATE CONSTRAINT TRIGGER shift_hands_over AFTER UPDATE OF driver_id, vehicle_id ON dispatch_shift
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
            (OLD.driver_id, OLD.vehicle_id) IS DISTINCT FROM (NEW.driver_id, NEW.vehicle_id)
        ) EXECUTE FUNCTION assignment_of_its_crew();
"""
ANY_CREW = """
    DROP TRIGGER shift_hands_over ON dispatch_shift;
    DROP TRIGGER assignment_keeps_crew ON dispatch_assignment;
    DROP TRIGGER assignment_of_its_crew ON dispatch_assignment;
    DROP FUNCTION assignment_of_its_crew();
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0015_plain_sentences")]
    operations = [migrations.RunSQL(AGREE, APART), migrations.RunSQL(CREW, ANY_CREW)]
