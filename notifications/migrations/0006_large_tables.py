from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models

# The narrower rule is there before the wider one goes, and takes over its name.
NARROWER = (
    "CREATE UNIQUE INDEX CONCURRENTLY one_delivery_but_pushes ON notifications_delivery (notification_id, channel)"
    " WHERE NOT (channel = 'push')"
)
ONE_PER_CHANNEL = (
    NARROWER,
    "ALTER TABLE notifications_delivery DROP CONSTRAINT one_delivery_per_channel",
    "ALTER INDEX one_delivery_but_pushes RENAME TO one_delivery_per_channel",
)
ONE_AS_BEFORE = (
    "ALTER INDEX one_delivery_per_channel RENAME TO one_delivery_but_pushes",
    "ALTER TABLE notifications_delivery ADD CONSTRAINT one_delivery_per_channel UNIQUE (notification_id, channel)",
    "DROP INDEX one_delivery_but_pushes",
)
ONE_PER_DEVICE = (
    'CREATE UNIQUE INDEX CONCURRENTLY one_push_per_device ON notifications_delivery (notification_id, "to")'
    " WHERE channel = 'push'"
)


class Migration(migrations.Migration):
    """Beside the writing: these tables are large. If it breaks off: docs/operations/upgrades.md."""

    atomic = False
    dependencies = [
        ("notifications", "0005_webhooks"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("member__isnull", False)), fields=["member", "-id"], name="inbox_of_member"
            ),
        ),
        AddIndexConcurrently(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("subject_id__isnull", False)),
                fields=["subject_id", "id"],
                name="notification_of_subject",
            ),
        ),
        ValidateConstraint(model_name="delivery", name="delivery_channel_is_known"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name="delivery", name="one_delivery_per_channel"),
                migrations.AddConstraint(
                    model_name="delivery",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("channel", "push"), _negated=True),
                        fields=("notification", "channel"),
                        name="one_delivery_per_channel",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="delivery",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("channel", "push")),
                        fields=("notification", "to"),
                        name="one_push_per_device",
                    ),
                ),
            ],
            database_operations=[
                *(
                    migrations.RunSQL(forwards, backwards)
                    for forwards, backwards in zip(ONE_PER_CHANNEL, reversed(ONE_AS_BEFORE), strict=True)
                ),
                migrations.RunSQL(ONE_PER_DEVICE, "DROP INDEX one_push_per_device"),
            ],
        ),
    ]
