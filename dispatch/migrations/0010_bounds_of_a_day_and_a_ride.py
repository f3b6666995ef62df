"""One driver in one vehicle, promises within a day, and prices of which none outweighs a trip.

Bookings and places that are there stay as they are until somebody changes them.
"""

import datetime
import django.contrib.postgres.constraints
import django.db.models.constraints
import django.db.models.expressions
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

LEAST_SERVING = 1_000_000
MOST = {
    "driving": 5, "ride": 5, "fairness": 500, "emergency": 200_000, "optional_break": 20_000, "same_driver": 20_000,
    "preferred": 20_000, "stability": 20_000,
}


def into_bounds(apps, schema_editor):
    """A stored price out of the new bounds becomes the nearest one inside them."""
    for company in apps.get_model("dispatch", "Company").objects.filter(settings__has_key="weights"):
        weights = company.settings["weights"]
        company.settings["weights"] = {
            name: max(value, LEAST_SERVING) if name.startswith("serve_") else min(value, MOST[name])
            for name, value in weights.items()
        }
        company.save(update_fields=["settings"])


class Migration(migrations.Migration):

    dependencies = [
        ('dispatch', '0009_shift_within_a_day'),
    ]

    operations = [
        migrations.RunPython(into_bounds, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('is_over', False)), deferrable=django.db.models.constraints.Deferrable['IMMEDIATE'], expressions=[('driver', '='), ('period', '&&'), ('vehicle', '<>')], name='assignment_driver_in_one_vehicle', violation_error_message='The driver is in another vehicle then.'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('is_over', False)), deferrable=django.db.models.constraints.Deferrable['IMMEDIATE'], expressions=[('vehicle', '='), ('period', '&&'), ('driver', '<>')], name='assignment_vehicle_of_one_driver', violation_error_message='The vehicle has another driver then.'),
        ),
        AddConstraintNotValid(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('promised_from', None), ('promised_to__lte', django.db.models.expressions.CombinedExpression(models.F('promised_from'), '+', models.Value(datetime.timedelta(days=1)))), _connector='OR'), name='booking_promise_within_a_day', violation_error_message='The promised window is longer than 24 hours.'),
        ),
        AddConstraintNotValid(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('appointment_at', None), ('promised_from', None), ('appointment_at__lte', django.db.models.expressions.CombinedExpression(models.F('promised_from'), '+', models.Value(datetime.timedelta(days=1)))), _connector='OR'), name='booking_appointment_within_a_day', violation_error_message='The appointment is more than 24 hours after the pickup.'),
        ),
        AddConstraintNotValid(
            model_name='seatconfiguration',
            constraint=models.CheckConstraint(condition=models.Q(('folded_chairs__lte', 20), ('seats__lte', 60), ('stretchers__lte', 4), ('wheelchairs__lte', 20)), name='seat_configuration_fits_a_vehicle', violation_error_message='No vehicle has so many places.'),
        ),
    ]
