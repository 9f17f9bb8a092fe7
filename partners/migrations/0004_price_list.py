"""Price lists of banks, and contracts with hospitals."""

import django.db.models.deletion
from django.db import migrations, models

import common.clock
import common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0003_ratings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(help_text="The last day; empty: until it is ended.", null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=60)),
                ("made_by", models.CharField(max_length=60)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ContractCharge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("component", models.CharField(max_length=24)),
                ("charge_minor", models.PositiveBigIntegerField()),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="processing", to="partners.contract"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PriceList",
            fields=[
                (
                    "partner",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="partners.partner",
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")], max_length=3
                    ),
                ),
                ("tax_name", models.CharField(default="GST", max_length=20)),
                ("processing_tax_bp", models.PositiveIntegerField(default=0)),
                ("delivery_tax_bp", models.PositiveIntegerField(default=0)),
                (
                    "cancel_accepted_minor",
                    models.PositiveBigIntegerField(default=0, help_text="Kept when bags were reserved."),
                ),
                (
                    "cancel_packed_minor",
                    models.PositiveBigIntegerField(default=0, help_text="Kept when bags were packed."),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("currency__in", ["INR", "BDT", "USD", "EUR"])),
                        name="price_list_currency_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("delivery_tax_bp__lte", 10000), ("processing_tax_bp__lte", 10000)),
                        name="price_list_taxes_are_shares",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cancel_accepted_minor__lte", 10000000000000), ("cancel_packed_minor__lte", 10000000000000)
                        ),
                        name="price_list_fees_are_payable",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeliveryBand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("up_to_km", models.DecimalField(decimal_places=2, max_digits=6)),
                ("charge_minor", models.PositiveBigIntegerField()),
                (
                    "price_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="delivery", to="partners.pricelist"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProcessingCharge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("component", models.CharField(max_length=24)),
                ("charge_minor", models.PositiveBigIntegerField()),
                (
                    "price_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="processing", to="partners.pricelist"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(fields=["hospital", "-id"], name="contracts_of_hospital"),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(fields=["bank", "-id"], name="contracts_of_bank"),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("bank", "hospital"), name="one_contract_between_two"
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(("bank", models.F("hospital")), _negated=True), name="contract_is_between_two"
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"),
                name="contract_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractcharge",
            constraint=models.UniqueConstraint(fields=("contract", "component"), name="contract_charge_once"),
        ),
        migrations.AddConstraint(
            model_name="contractcharge",
            constraint=models.CheckConstraint(
                condition=models.Q(("charge_minor__lte", 10000000000000)), name="contract_charge_is_payable"
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryband",
            constraint=models.UniqueConstraint(fields=("price_list", "up_to_km"), name="delivery_band_once"),
        ),
        migrations.AddConstraint(
            model_name="deliveryband",
            constraint=models.CheckConstraint(
                condition=models.Q(("charge_minor__lte", 10000000000000), ("up_to_km__gt", 0)),
                name="delivery_band_is_payable",
            ),
        ),
        migrations.AddConstraint(
            model_name="processingcharge",
            constraint=models.UniqueConstraint(fields=("price_list", "component"), name="processing_charge_once"),
        ),
        migrations.AddConstraint(
            model_name="processingcharge",
            constraint=models.CheckConstraint(
                condition=models.Q(("charge_minor__lte", 10000000000000)), name="processing_charge_is_payable"
            ),
        ),
    ]
