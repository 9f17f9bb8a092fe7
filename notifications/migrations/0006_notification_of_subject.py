from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the writing: the table is large. If it breaks off: docs/operations/upgrades.md."""

    atomic = False
    dependencies = [
        ("notifications", "0005_webhooks"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("subject_id__isnull", False)),
                fields=["subject_id", "id"],
                name="notification_of_subject",
            ),
        ),
    ]
