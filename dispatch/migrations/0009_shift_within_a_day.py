"""No shift is longer than a day and a night; those that are there stay as they are until somebody changes them."""

import datetime
import django.db.models.expressions
import django.db.models.lookups
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dispatch', '0008_what_is_wrong'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name='shift',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'cancelled'), django.db.models.lookups.LessThanOrEqual(django.db.models.expressions.CombinedExpression(models.F('period__endswith'), '-', models.F('period__startswith')), models.Value(datetime.timedelta(days=1))), _connector='OR'), name='shift_within_a_day', violation_error_message='The shift lasts longer than 24 hours.'),
        ),
    ]
