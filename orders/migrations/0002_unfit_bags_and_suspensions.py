"""A bag that was withheld at the door and what is not owed for it; orders that end because a side may not work."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0001_initial"),
        ("partners", "0004_price_list"),
        ("stock", "0005_shelf"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="order",
            name="order_end_has_a_reason",
        ),
        migrations.RemoveConstraint(
            model_name="orderbag",
            name="order_bag_fate_is_known",
        ),
        migrations.AddField(
            model_name="order",
            name="less_minor",
            field=models.PositiveBigIntegerField(default=0, help_text="Not owed: bags that were withheld at the door."),
        ),
        migrations.AlterField(
            model_name="order",
            name="end_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("rejected", "rejected"),
                    ("buyer", "buyer"),
                    ("bank", "bank"),
                    ("unpaid", "unpaid"),
                    ("unanswered", "unanswered"),
                    ("sold_out", "sold_out"),
                    ("suspended", "suspended"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="orderbag",
            name="fate",
            field=models.CharField(
                choices=[
                    ("kept", "kept"),
                    ("freed", "freed"),
                    ("replaced", "replaced"),
                    ("lost", "lost"),
                    ("sent", "sent"),
                    ("delivered", "delivered"),
                    ("returned", "returned"),
                    ("withheld", "withheld"),
                ],
                default="kept",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end_reason", ""), models.Q(("status__in", ["cancelled", "rejected"]), _negated=True)),
                    models.Q(
                        (
                            "end_reason__in",
                            ["bank", "buyer", "rejected", "sold_out", "suspended", "unanswered", "unpaid"],
                        ),
                        ("status__in", ["cancelled", "rejected"]),
                    ),
                    _connector="OR",
                ),
                name="order_end_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderbag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fate__in", ["kept", "freed", "replaced", "lost", "sent", "delivered", "returned", "withheld"])
                ),
                name="order_bag_fate_is_known",
            ),
        ),
    ]
