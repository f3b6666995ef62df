"""A run's error becomes a key with figures, like its notes; sentences of older runs stay as they are."""

from django.db import migrations, models

TO_JSON = """
ALTER TABLE dispatch_dispatchrun ALTER COLUMN error DROP NOT NULL;
ALTER TABLE dispatch_dispatchrun ALTER COLUMN error TYPE jsonb
    USING CASE WHEN error = '' THEN NULL ELSE to_jsonb(error) END;
"""
# A key alone is all that an older version can show of what was written since.
TO_TEXT = """
ALTER TABLE dispatch_dispatchrun ALTER COLUMN error TYPE text
    USING coalesce(error ->> 'key', error #>> '{}', '');
ALTER TABLE dispatch_dispatchrun ALTER COLUMN error SET NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0006_kpi_sources")]

    operations = [
        migrations.RemoveConstraint(model_name="dispatchrun", name="run_failed_says_why"),
        migrations.RunSQL(
            TO_JSON,
            TO_TEXT,
            state_operations=[
                migrations.AlterField(
                    model_name="dispatchrun",
                    name="error",
                    field=models.JSONField(blank=True, null=True, verbose_name="error"),
                )
            ],
        ),
        migrations.AddConstraint(
            model_name="dispatchrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "failed"), _negated=True),
                    models.Q(("finished_at__isnull", False), ("error__isnull", False)),
                    _connector="OR",
                ),
                name="run_failed_says_why",
                violation_error_message="A run that failed says why.",
            ),
        ),
    ]
