"""What a hospital owes under its contract is a bill: a settlement is what payments pay to a partner."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_courier_booking")]

    operations = [
        migrations.RemoveConstraint("settlement", "settlement_once_a_month"),
        migrations.RemoveConstraint("settlement", "settlement_is_positive"),
        migrations.RemoveIndex("order", "order_to_settle"),
        migrations.RenameModel("Settlement", "ContractBill"),
        migrations.RenameField("order", "settlement", "bill"),
        migrations.RenameIndex("contractbill", new_name="bills_of_bank", old_name="settlements_of_bank"),
        migrations.RenameIndex("contractbill", new_name="bills_of_hospital", old_name="settlements_of_hospital"),
        migrations.AddIndex(
            "order",
            models.Index(
                fields=["bank", "buyer_partner"],
                name="order_to_bill",
                condition=models.Q(("bill", None), ("ended_at__isnull", False), ("terms", "monthly")),
            ),
        ),
        migrations.AddConstraint(
            "contractbill",
            models.UniqueConstraint(
                fields=("bank", "hospital", "month", "currency", "number"), name="bill_once_a_month"
            ),
        ),
        migrations.AddConstraint(
            "contractbill",
            models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="bill_is_positive"),
        ),
    ]
