"""Readable names in the administration."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0006_records"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="analysis",
            options={"verbose_name_plural": "analyses"},
        ),
        migrations.AlterModelOptions(
            name="waiting",
            options={"verbose_name": "place in the waitlist", "verbose_name_plural": "waitlist"},
        ),
    ]
