"""Journeys that change hands on the road: to another vehicle while the patient waits, or to a taxi partner."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# As in `models/statuses.py` when this was written; tests compare the database with it.
MOVES = {
    "draft": ["cancelled", "confirmed", "refused"],
    "confirmed": [
        "assigned", "cancelled", "draft", "late_cancel", "partner", "refused", "same_day_cancel", "unmet",
    ],
    "assigned": [
        "cancelled", "confirmed", "en_route", "late_cancel", "missed", "partner", "same_day_cancel",
    ],
    "en_route": ["arrived", "assigned", "confirmed", "late_cancel", "missed", "partner"],
    "arrived": ["en_route", "late_cancel", "missed", "no_show", "on_board", "partner"],
    "on_board": ["arrived", "completed", "partner"],
    "completed": ["on_board"],
    "no_show": ["arrived", "missed"],
    "missed": ["confirmed", "no_show"],
    "cancelled": ["confirmed", "draft"],
    "same_day_cancel": ["confirmed", "draft"],
    "late_cancel": ["confirmed"],
    "refused": ["confirmed", "draft"],
    "unmet": ["confirmed"],
    "partner": ["confirmed"],
}


def _may_move(moves):
    pairs = ", ".join(f"('{old}', '{new}')" for old, following in moves.items() for new in following)
    return (
        "CREATE OR REPLACE FUNCTION booking_may_move(before text, after text) RETURNS boolean "
        f"LANGUAGE sql IMMUTABLE AS $$ SELECT (before, after) IN ({pairs}) $$"
    )


def _without_partner(moves):
    return {
        old: [new for new in following if new != "partner"]
        for old, following in moves.items()
        if old != "partner"
    }


def _same_company(link):
    name = f"handover_{link}_same_company"
    return migrations.RunSQL(
        f"ALTER TABLE dispatch_handover ADD CONSTRAINT {name} FOREIGN KEY ({link}_id, company_id) "
        f"REFERENCES dispatch_{link} (id, company_id) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE dispatch_handover DROP CONSTRAINT {name}",
    )


# A public place has no company: looked up at the end of the transaction, as in 0011.
PLACE = migrations.RunSQL(
    """
    CREATE FUNCTION handover_place_same_company() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (
            SELECT FROM dispatch_handover own JOIN dispatch_place theirs ON theirs.id = own.place_id
            WHERE own.id = NEW.id AND theirs.company_id IS DISTINCT FROM own.company_id
                AND theirs.company_id IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'link to a row of another company' USING
                ERRCODE = 'foreign_key_violation', CONSTRAINT = 'handover_place_same_company';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER handover_place_same_company
        AFTER INSERT OR UPDATE OF place_id, company_id ON dispatch_handover
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.place_id IS NOT NULL)
        EXECUTE FUNCTION handover_place_same_company();
    CREATE CONSTRAINT TRIGGER handover_keeps_company AFTER UPDATE OF company_id ON dispatch_handover
        FOR EACH ROW WHEN (OLD.company_id IS DISTINCT FROM NEW.company_id)
        EXECUTE FUNCTION keeps_company();
    """,
    """
    DROP TRIGGER handover_keeps_company ON dispatch_handover;
    DROP TRIGGER handover_place_same_company ON dispatch_handover;
    DROP FUNCTION handover_place_same_company();
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('dispatch', '0017_company_time_zone'),
    ]

    operations = [
        migrations.CreateModel(
            name='Handover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='given away at')),
                ('resumed_at', models.DateTimeField(blank=True, null=True, verbose_name='on board again')),
                ('price_c', models.PositiveIntegerField(blank=True, help_text='Empty: no partner, another vehicle of ours.', null=True, verbose_name='estimated price of the partner (centimes)')),
            ],
            options={
                'verbose_name': 'handover of a journey',
                'verbose_name_plural': 'handovers of journeys',
                'ordering': ['at', 'id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='booking',
            name='booking_status',
        ),
        migrations.RemoveConstraint(
            model_name='booking',
            name='booking_reason_fits_status',
        ),
        migrations.RemoveConstraint(
            model_name='booking',
            name='booking_moment_has_its_status',
        ),
        migrations.AlterField(
            model_name='booking',
            name='status',
            field=models.CharField(choices=[('draft', 'draft'), ('confirmed', 'confirmed'), ('assigned', 'assigned'), ('en_route', 'on the way'), ('arrived', 'at the pickup'), ('on_board', 'on board'), ('completed', 'completed'), ('no_show', 'patient absent'), ('missed', 'missed by us'), ('cancelled', 'cancelled'), ('same_day_cancel', 'cancelled on the day'), ('late_cancel', 'cancelled late'), ('refused', 'refused'), ('unmet', 'not served'), ('partner', 'with a taxi partner')], default='draft', max_length=16, verbose_name='status'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'confirmed', 'assigned', 'en_route', 'arrived', 'on_board', 'completed', 'no_show', 'missed', 'cancelled', 'same_day_cancel', 'late_cancel', 'refused', 'unmet', 'partner'])), name='booking_status'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('status__in', ['cancelled', 'late_cancel', 'missed', 'no_show', 'partner', 'refused', 'same_day_cancel', 'unmet']), _negated=True), ('status_reason', '')), models.Q(('status', 'no_show'), ('status_reason__in', ['hospitalised', 'other', 'patient_absent', 'patient_declined', 'patient_unwell'])), models.Q(('status', 'missed'), ('status_reason__in', ['no_driver', 'no_vehicle', 'other', 'vehicle_breakdown', 'vehicle_late', 'weather'])), models.Q(('status', 'cancelled'), ('status_reason__in', ['appointment_cancelled', 'appointment_moved', 'double_booking', 'entry_error', 'establishment_request', 'hospitalised', 'other', 'other_transport', 'patient_deceased', 'patient_request', 'patient_unwell', 'series_changed', 'weather'])), models.Q(('status', 'same_day_cancel'), ('status_reason__in', ['appointment_cancelled', 'appointment_moved', 'double_booking', 'entry_error', 'establishment_request', 'hospitalised', 'other', 'other_transport', 'patient_deceased', 'patient_request', 'patient_unwell', 'series_changed', 'weather'])), models.Q(('status', 'late_cancel'), ('status_reason__in', ['appointment_cancelled', 'appointment_moved', 'double_booking', 'entry_error', 'establishment_request', 'hospitalised', 'other', 'other_transport', 'patient_deceased', 'patient_request', 'patient_unwell', 'series_changed', 'weather'])), models.Q(('status', 'refused'), ('status_reason__in', ['double_booking', 'needs_not_served', 'no_driver', 'no_vehicle', 'other', 'outside_area', 'outside_hours'])), models.Q(('status', 'unmet'), ('status_reason__in', ['no_driver', 'no_vehicle', 'other', 'vehicle_breakdown', 'weather'])), models.Q(('status', 'partner'), ('status_reason__in', ['no_driver', 'no_vehicle', 'other', 'vehicle_breakdown', 'weather'])), _connector='OR'), name='booking_reason_fits_status', violation_error_message='This outcome lacks one of its reasons, or a status that has none was given one.'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('en_route_at__isnull', True), ('status__in', ['arrived', 'completed', 'en_route', 'late_cancel', 'missed', 'no_show', 'on_board', 'partner']), _connector='OR'), models.Q(('arrived_pickup_at__isnull', True), ('status__in', ['arrived', 'completed', 'late_cancel', 'missed', 'no_show', 'on_board', 'partner']), _connector='OR'), models.Q(('boarded_at__isnull', True), ('status__in', ['completed', 'on_board', 'partner']), _connector='OR'), models.Q(('arrived_dropoff_at__isnull', True), ('status__in', ['completed', 'on_board']), _connector='OR'), models.Q(('alighted_at__isnull', True), ('status__in', ['completed']), _connector='OR'), models.Q(('absent_at__isnull', True), ('status__in', ['missed', 'no_show']), _connector='OR')), name='booking_moment_has_its_status', violation_error_message='The journey has not come that far.'),
        ),
        migrations.AddField(
            model_name='handover',
            name='booking',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='handovers', to='dispatch.booking', verbose_name='booking'),
        ),
        migrations.AddField(
            model_name='handover',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='handover',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='handovers', to='dispatch.company', verbose_name='company'),
        ),
        migrations.AddField(
            model_name='handover',
            name='driver',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='dispatch.driver', verbose_name='driver'),
        ),
        migrations.AddField(
            model_name='handover',
            name='place',
            field=models.ForeignKey(blank=True, help_text='Empty: the patient was not on board.', null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='dispatch.place', verbose_name='the patient waits at'),
        ),
        migrations.AddField(
            model_name='handover',
            name='shift',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='dispatch.shift', verbose_name='shift'),
        ),
        migrations.AddField(
            model_name='handover',
            name='vehicle',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='dispatch.vehicle', verbose_name='vehicle'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.UniqueConstraint(condition=models.Q(('place__isnull', False), ('price_c', None), ('resumed_at', None)), fields=('booking',), name='handover_one_wait', violation_error_message='This patient waits for another vehicle already.'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(('place__isnull', False), ('price_c__isnull', False), _connector='OR'), name='handover_has_a_cause', violation_error_message='Nobody was on board and no partner drives: the assignment says it all.'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(('resumed_at', None), models.Q(('place__isnull', False), ('price_c__isnull', True), ('resumed_at__gte', models.F('at'))), _connector='OR'), name='handover_resumed_after_wait', violation_error_message='Nobody gets on board again who did not wait for another vehicle of ours.'),
        ),
        migrations.RunSQL(_may_move(MOVES), _may_move(_without_partner(MOVES))),
        *(_same_company(link) for link in ("booking", "shift", "driver", "vehicle")),
        PLACE,
    ]
