import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def name_versions(apps, schema_editor):
    """Every export so far was made from a selection; its version is that of the run."""
    Export, Selection = apps.get_model('exports', 'Export'), apps.get_model('gallery', 'Selection')
    of_run = Selection.objects.filter(pk=OuterRef('selection')).values('pool__run__version')[:1]
    Export.objects.update(version=Subquery(of_run))


class Migration(migrations.Migration):

    dependencies = [
        ('datasets', '0001_initial'),
        ('exports', '0001_initial'),
        ('gallery', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='export',
            name='version',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='exports', to='datasets.datasetversion'),
        ),
        migrations.RunPython(name_versions, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='export',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exports', to='datasets.datasetversion'),
        ),
        migrations.AlterField(
            model_name='export',
            name='selection',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='exports', to='gallery.selection'),
        ),
        migrations.AlterField(
            model_name='export',
            name='state',
            field=models.CharField(choices=[('queued', 'Queued'), ('building', 'Building'), ('interrupted', 'Interrupted'), ('ready', 'Ready'), ('failed', 'Failed'), ('expired', 'Expired')], default='queued', max_length=12),
        ),
        migrations.AddField(
            model_name='export',
            name='name',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='export',
            name='max_ratio',
            field=models.FloatField(help_text='Synthetic images of a class, at most so many for each of its real training images.', null=True),
        ),
        migrations.AddField(
            model_name='export',
            name='estimated_bytes',
            field=models.BigIntegerField(default=0, help_text='What it may take, said before it is built.'),
        ),
        migrations.AddField(
            model_name='export',
            name='expires_at',
            field=models.DateTimeField(help_text='When its file is removed; null keeps it.', null=True),
        ),
    ]
