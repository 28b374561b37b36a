from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0003_start'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='compute',
            field=models.JSONField(default=dict, help_text='How it is computed; no part of the recipe.'),
        ),
    ]
