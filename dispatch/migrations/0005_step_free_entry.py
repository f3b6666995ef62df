"""A wheelchair place needs a vehicle with a way in: a foreign key that asks only where there is such a place."""

from django.db import migrations, models


# Places that nobody could roll into, and that the planner never used: the seats beside them stay.
ROLLS_NOBODY_IN = """
    v.id = c.vehicle_id AND c.wheelchairs > 0 AND NOT v.equipment && ARRAY['ramp', 'lift']::varchar[]
"""
EMPTIED = f"""
    DELETE FROM dispatch_seatconfiguration c USING dispatch_vehicle v WHERE {ROLLS_NOBODY_IN} AND (
        c.seats + c.stretchers = 0 OR EXISTS (
            SELECT FROM dispatch_seatconfiguration d
            WHERE (d.vehicle_id, d.seats, d.stretchers, d.folded_chairs)
                = (c.vehicle_id, c.seats, c.stretchers, c.folded_chairs) AND d.wheelchairs < c.wheelchairs
        )
    );
    UPDATE dispatch_seatconfiguration c SET wheelchairs = 0 FROM dispatch_vehicle v WHERE {ROLLS_NOBODY_IN};
"""


class Migration(migrations.Migration):

    dependencies = [
        ('dispatch', '0004_run_is_handed_over'),
    ]

    operations = [
        migrations.RunSQL(EMPTIED, migrations.RunSQL.noop),
        migrations.AddField(
            model_name='seatconfiguration',
            name='needs_step_free',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(then=models.Value(True), wheelchairs__gt=0)), output_field=models.BooleanField(null=True), verbose_name='needs a step-free entry'),
        ),
        migrations.AddField(
            model_name='vehicle',
            name='is_step_free',
            field=models.GeneratedField(db_persist=True, expression=models.ExpressionWrapper(models.Q(('equipment__overlap', ['ramp', 'lift'])), output_field=models.BooleanField()), output_field=models.BooleanField(), verbose_name='step-free entry'),
        ),
        migrations.AddConstraint(
            model_name='vehicle',
            constraint=models.UniqueConstraint(fields=('id', 'is_step_free'), name='vehicle_way_in'),
        ),
        # NULL in the key asks nothing (MATCH SIMPLE).
        migrations.RunSQL(
            "ALTER TABLE dispatch_seatconfiguration ADD CONSTRAINT seat_configuration_way_in "
            "FOREIGN KEY (vehicle_id, needs_step_free) REFERENCES dispatch_vehicle (id, is_step_free) "
            "DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE dispatch_seatconfiguration DROP CONSTRAINT seat_configuration_way_in",
        ),
    ]
