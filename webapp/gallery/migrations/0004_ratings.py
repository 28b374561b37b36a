from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('gallery', '0003_counters'),
    ]

    operations = [
        migrations.AddField(
            model_name='verdict',
            name='rating',
            field=models.PositiveSmallIntegerField(default=0, help_text='1 to 5; 0: none.'),
        ),
        migrations.AddField(
            model_name='verdict',
            name='starred',
            field=models.BooleanField(default=False, help_text='Shown to this person only.'),
        ),
        migrations.AddField(
            model_name='verdictchange',
            name='after_rating',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='verdictchange',
            name='after_starred',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='verdictchange',
            name='before_rating',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='verdictchange',
            name='before_starred',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='verdict',
            name='value',
            field=models.CharField(blank=True, choices=[('accept', 'Accept'), ('reject', 'Reject')], max_length=6),
        ),
        migrations.AddIndex(
            model_name='verdict',
            index=models.Index(condition=models.Q(('starred', True)), fields=['person', 'sample'], name='stars_of_person'),
        ),
    ]
