from django.db import migrations, models


def runs_of_workers(apps, schema_editor):
    """Those under way at this moment: automatic runs and those of the API are planned by workers."""
    runs = apps.get_model("dispatch", "DispatchRun").objects
    runs.filter(trigger__in=["auto", "api"]).update(is_handed_over=True)


class Migration(migrations.Migration):

    dependencies = [
        ('dispatch', '0003_run_notes_and_rides_over'),
    ]

    operations = [
        migrations.AddField(
            model_name='dispatchrun',
            name='is_handed_over',
            field=models.BooleanField(default=False, help_text='Nobody waits for it in a page or a terminal: it is delivered until it is planned.', verbose_name='left to a worker'),
        ),
        migrations.RunPython(runs_of_workers, migrations.RunPython.noop),
    ]
