import django.db.models.deletion
from django.db import migrations, models

ALL = ["review", "upload", "run", "export"]


def name_scopes(apps, schema_editor):
    """What could write may do everything it could before; what could only read still does."""
    tokens = apps.get_model("accounts", "ApiToken").objects
    tokens.filter(can_write=True).update(scopes=ALL)
    tokens.filter(can_write=False).update(scopes=["export"])  # it could download


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_login_attempts"),
    ]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="lab",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="api_tokens",
                to="accounts.lab",
            ),
        ),
        migrations.AddField(model_name="apitoken", name="scopes", field=models.JSONField(default=list)),
        migrations.RunPython(name_scopes, migrations.RunPython.noop),
        migrations.RemoveField(model_name="apitoken", name="can_write"),
    ]
