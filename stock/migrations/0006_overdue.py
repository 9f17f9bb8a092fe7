"""When both sides of a transfer are asked for bags that are on the road too long."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stock", "0005_shelf"),
    ]

    operations = [
        migrations.AddField(
            model_name="transfer",
            name="overdue_at",
            field=models.DateTimeField(help_text="Of bags on the road: when both sides are asked for them.", null=True),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("overdue_at__isnull", False)), fields=["overdue_at", "id"], name="transfer_overdue"
            ),
        ),
    ]
