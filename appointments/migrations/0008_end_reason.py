"""Why a visit was cancelled: sealed and forgotten as why it was wanted."""

from django.db import migrations

import common.fields


class Migration(migrations.Migration):
    dependencies = [("appointments", "0007_names")]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="end_reason",
            field=common.fields.EncryptedTextField(
                help_text="Why it was cancelled, in somebody's words.", max_length=1000, null=True
            ),
        ),
    ]
