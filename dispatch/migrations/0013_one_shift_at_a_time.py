"""Nobody works twice at once in an ordinary week, and breaks lie inside their shifts.

Breaks that are outside stay as they are until somebody changes them or the hours of the shift.
"""

import logging

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.lookups
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

A_DAY, A_WEEK = 1440, 10080
logger = logging.getLogger(__name__)


def _minutes(row):
    """Those of the week on duty; a night from Sunday goes on in Monday's first hours."""
    starts, ends = (60 * at.hour + at.minute for at in (row.start, row.end))
    first = row.weekday * A_DAY + starts
    return {minute % A_WEEK for minute in range(first, first + ((ends - starts) % A_DAY or A_DAY))}


def drop_second_ones(apps, schema_editor):
    """Of two at once the later one never became a shift: rolling out left a driver alone who had one."""
    busy, dropped = {}, []
    for row in apps.get_model("dispatch", "WeeklyShift").objects.order_by("weekday", "start", "pk"):
        minutes = _minutes(row)
        if minutes & busy.setdefault(row.driver_id, set()):
            dropped.append(row.pk)
            row.delete()
        else:
            busy[row.driver_id] |= minutes
    if dropped:
        logger.warning("weekly shifts dropped, their drivers work then anyway: %s", dropped)


# The shift is locked, so that its hours and its breaks are not changed apart at the same moment.
BREAK_INSIDE = """
    CREATE FUNCTION shift_break_inside() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        asked bigint := CASE TG_TABLE_NAME WHEN 'dispatch_shift' THEN to_jsonb(NEW)->'id'
            ELSE to_jsonb(NEW)->'shift_id' END;
        hours tstzrange;
    BEGIN
        SELECT period INTO hours FROM dispatch_shift WHERE id = asked FOR NO KEY UPDATE;
        IF EXISTS (
            SELECT FROM dispatch_shiftbreak b WHERE b.shift_id = asked AND (
                b.earliest_at < lower(hours)
                OR b.latest_at + make_interval(mins => b.duration_min) > upper(hours)
            )
        ) THEN
            RAISE EXCEPTION 'break outside its shift' USING
                ERRCODE = 'check_violation', CONSTRAINT = 'shift_break_inside';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER shift_break_inside
        AFTER INSERT OR UPDATE OF shift_id, earliest_at, latest_at, duration_min ON dispatch_shiftbreak
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shift_break_inside();
    CREATE CONSTRAINT TRIGGER shift_break_inside AFTER UPDATE OF period ON dispatch_shift
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.period IS DISTINCT FROM NEW.period)
        EXECUTE FUNCTION shift_break_inside();
"""
ANYWHERE = """
    DROP TRIGGER shift_break_inside ON dispatch_shift;
    DROP TRIGGER shift_break_inside ON dispatch_shiftbreak;
    DROP FUNCTION shift_break_inside();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('dispatch', '0012_run_keeps_its_first_draft'),
    ]

    operations = [
        migrations.RunPython(drop_second_ones, migrations.RunPython.noop),
        migrations.RunSQL(BREAK_INSIDE, ANYWHERE),
        AddConstraintNotValid(
            model_name='weeklyshift',
            constraint=models.CheckConstraint(condition=models.Q(('break_min', None), models.Q(django.db.models.lookups.LessThanOrEqual(models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('break_earliest'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)'), '-', models.Func(models.F('start'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)')), '+', models.Value(86400)), models.Value(86400), function='mod', output_field=models.IntegerField()), models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('break_latest'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)'), '-', models.Func(models.F('start'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)')), '+', models.Value(86400)), models.Value(86400), function='mod', output_field=models.IntegerField())), django.db.models.lookups.LessThanOrEqual(django.db.models.expressions.CombinedExpression(models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('break_latest'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)'), '-', models.Func(models.F('start'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)')), '+', models.Value(86400)), models.Value(86400), function='mod', output_field=models.IntegerField()), '+', django.db.models.expressions.CombinedExpression(models.F('break_min'), '*', models.Value(60))), models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('end'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)'), '-', models.Func(models.F('start'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)')), '+', models.Value(86400)), models.Value(86400), function='mod', output_field=models.IntegerField()))), _connector='OR'), name='weekly_shift_break_inside', violation_error_message='The break would lie outside the shift.'),
        ),
        migrations.AddConstraint(
            model_name='weeklyshift',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('driver', '='), (models.Func(models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('weekday'), '*', models.Value(86400)), '+', models.Func(models.F('start'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)')), django.db.models.functions.comparison.Least(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('weekday'), '*', models.Value(86400)), '+', models.Func(models.F('start'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)')), '+', models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('end'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)'), '-', models.Func(models.F('start'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)')), '+', models.Value(86400)), models.Value(86400), function='mod', output_field=models.IntegerField())), models.Value(604800)), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), models.Func(models.Value(0), django.db.models.functions.comparison.Greatest(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('weekday'), '*', models.Value(86400)), '+', models.Func(models.F('start'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)')), '+', models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('end'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)'), '-', models.Func(models.F('start'), output_field=models.IntegerField(), template='(EXTRACT(epoch FROM %(expressions)s)::integer)')), '+', models.Value(86400)), models.Value(86400), function='mod', output_field=models.IntegerField())), '-', models.Value(604800)), models.Value(0)), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), function='int4multirange', output_field=models.TextField()), '&&')], name='weekly_shift_one_at_a_time', violation_error_message='The driver already works then in an ordinary week.'),
        ),
    ]
