"""Orders, boxes and couriers; an order's history cannot be changed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.clock
import common.fields
import common.ids

HISTORY = """
CREATE FUNCTION orders_orderevent_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What happened to an order is never changed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER orders_orderevent_stays BEFORE UPDATE OR DELETE ON orders_orderevent
FOR EACH STATEMENT EXECUTE FUNCTION orders_orderevent_stays();
"""
FORGET_HISTORY = """
DROP TRIGGER orders_orderevent_stays ON orders_orderevent;
DROP FUNCTION orders_orderevent_stays();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("partners", "0004_price_list"),
        ("stock", "0005_shelf"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("placed", "placed"),
                            ("accepted", "accepted"),
                            ("packed", "packed"),
                            ("dispatched", "dispatched"),
                            ("delivered", "delivered"),
                            ("rejected", "rejected"),
                            ("cancelled", "cancelled"),
                            ("failed", "failed"),
                            ("returned", "returned"),
                        ],
                        default="placed",
                        max_length=10,
                    ),
                ),
                ("terms", models.CharField(choices=[("prepaid", "prepaid"), ("monthly", "monthly")], max_length=8)),
                ("patient_name", common.fields.EncryptedTextField(null=True)),
                ("patient_age", models.PositiveSmallIntegerField(null=True)),
                (
                    "patient_sex",
                    models.CharField(
                        blank=True, choices=[("male", "male"), ("female", "female"), ("other", "other")], max_length=6
                    ),
                ),
                ("hospital_name", models.CharField(blank=True, max_length=200)),
                ("ward", common.fields.EncryptedTextField(null=True)),
                (
                    "requisition",
                    models.UUIDField(help_text="The document that the patient's doctor has signed.", null=True),
                ),
                ("requisition_number", models.CharField(blank=True, help_text="The hospital's own.", max_length=60)),
                ("is_pickup", models.BooleanField(default=False)),
                ("address", common.fields.EncryptedTextField(null=True)),
                ("lat", models.DecimalField(decimal_places=6, max_digits=9, null=True)),
                ("lng", models.DecimalField(decimal_places=6, max_digits=9, null=True)),
                ("distance_km", models.DecimalField(decimal_places=3, max_digits=8, null=True)),
                ("needed_by", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=300)),
                ("charges", models.JSONField(default=list)),
                ("total_minor", models.PositiveBigIntegerField()),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")], max_length=3
                    ),
                ),
                ("cancel_accepted_minor", models.PositiveBigIntegerField(default=0)),
                ("cancel_packed_minor", models.PositiveBigIntegerField(default=0)),
                (
                    "fee_minor",
                    models.PositiveBigIntegerField(
                        default=0, help_text="Kept, or billed, although nothing was delivered."
                    ),
                ),
                ("pay_by", models.DateTimeField(null=True)),
                ("paid_at", models.DateTimeField(null=True)),
                ("holding", models.UUIDField(help_text="Of the bags that the bank keeps for it.", null=True)),
                ("due_at", models.DateTimeField(null=True)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("rejected", "rejected"),
                            ("buyer", "buyer"),
                            ("bank", "bank"),
                            ("unpaid", "unpaid"),
                            ("unanswered", "unanswered"),
                            ("sold_out", "sold_out"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "courier_kind",
                    models.CharField(
                        blank=True, choices=[("rider", "rider"), ("other", "other"), ("pickup", "pickup")], max_length=8
                    ),
                ),
                ("courier", models.CharField(blank=True, max_length=120)),
                ("vehicle", models.CharField(blank=True, max_length=40)),
                ("expected_at", models.DateTimeField(null=True)),
                ("dispatched_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("late_told_at", models.DateTimeField(null=True)),
                ("code_digest", models.CharField(blank=True, max_length=64)),
                ("code_tries_left", models.PositiveSmallIntegerField(default=0)),
                ("code_expires_at", models.DateTimeField(null=True)),
                ("code_sealed", common.fields.EncryptedTextField(help_text="Until the receiver was told.", null=True)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
                    ),
                ),
                (
                    "buyer_partner",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
                    ),
                ),
                (
                    "buyer_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.contract"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Box",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("label", models.CharField(max_length=60)),
                (
                    "min_c",
                    models.DecimalField(decimal_places=1, help_text="Empty: colder is fine.", max_digits=4, null=True),
                ),
                ("max_c", models.DecimalField(decimal_places=1, max_digits=4)),
                ("out_since", models.DateTimeField(null=True)),
                ("breached_at", models.DateTimeField(null=True)),
                ("packed_at", models.DateTimeField(default=common.clock.now)),
                (
                    "closed_at",
                    models.DateTimeField(
                        help_text="Delivered, unpacked or come back: its label is free again.", null=True
                    ),
                ),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="boxes", to="orders.order"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "boxes",
            },
        ),
        migrations.CreateModel(
            name="OrderEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verb", models.CharField(max_length=16)),
                ("status", models.CharField(max_length=10)),
                ("role", models.CharField(help_text="receiver, bank, courier or system", max_length=10)),
                ("actor", models.CharField(help_text="user:…, member:…, provider:… or system", max_length=60)),
                ("facts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField()),
                (
                    "component",
                    models.CharField(
                        choices=[
                            ("whole_blood", "whole_blood"),
                            ("red_cells", "red_cells"),
                            ("red_cells_additive", "red_cells_additive"),
                            ("red_cells_irradiated", "red_cells_irradiated"),
                            ("red_cells_washed", "red_cells_washed"),
                            ("platelets_random", "platelets_random"),
                            ("platelets_apheresis", "platelets_apheresis"),
                            ("fresh_frozen_plasma", "fresh_frozen_plasma"),
                            ("thawed_plasma", "thawed_plasma"),
                            ("cryoprecipitate", "cryoprecipitate"),
                            ("cryo_poor_plasma", "cryo_poor_plasma"),
                            ("granulocytes", "granulocytes"),
                        ],
                        max_length=24,
                    ),
                ),
                ("blood_group", models.CharField(max_length=8)),
                ("units", models.PositiveSmallIntegerField()),
                ("irradiated", models.BooleanField(default=False)),
                ("leukoreduced", models.BooleanField(default=False)),
                ("cmv_negative", models.BooleanField(default=False)),
                ("k_negative", models.BooleanField(default=False)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderBag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "fate",
                    models.CharField(
                        choices=[
                            ("kept", "kept"),
                            ("freed", "freed"),
                            ("replaced", "replaced"),
                            ("lost", "lost"),
                            ("sent", "sent"),
                            ("delivered", "delivered"),
                            ("returned", "returned"),
                        ],
                        default="kept",
                        max_length=10,
                    ),
                ),
                (
                    "box",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="bags", to="orders.box"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bags", to="orders.order"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="stock.unit"),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bags", to="orders.orderline"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Ping",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("lat", models.DecimalField(decimal_places=6, max_digits=9)),
                ("lng", models.DecimalField(decimal_places=6, max_digits=9)),
                ("received_at", models.DateTimeField(default=common.clock.now)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pings", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sensor", models.CharField(max_length=60)),
                ("at", models.DateTimeField()),
                ("temperature_c", models.DecimalField(decimal_places=2, max_digits=5)),
                ("is_inside", models.BooleanField()),
                ("received_at", models.DateTimeField(default=common.clock.now)),
                (
                    "box",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="readings", to="orders.box"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Rider",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120)),
                ("phone", common.fields.E164Field(max_length=16)),
                ("vehicle", models.CharField(blank=True, max_length=40)),
                ("is_active", models.BooleanField(default=True)),
                ("lat", models.DecimalField(decimal_places=6, max_digits=9, null=True)),
                ("lng", models.DecimalField(decimal_places=6, max_digits=9, null=True)),
                ("located_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="order",
            name="rider",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="orders.rider"
            ),
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("month", models.DateField(help_text="Its first day, in the bank's zone.")),
                (
                    "number",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="Rises when more of the month is billed later."
                    ),
                ),
                ("amount_minor", models.PositiveBigIntegerField()),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")], max_length=3
                    ),
                ),
                ("paid_at", models.DateTimeField(null=True)),
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
        migrations.AddField(
            model_name="order",
            name="settlement",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="orders.settlement"
            ),
        ),
        migrations.AddIndex(
            model_name="box",
            index=models.Index(fields=["order", "id"], name="boxes_of_order"),
        ),
        migrations.AddConstraint(
            model_name="box",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)), fields=("bank", "label"), name="box_in_one_order"
            ),
        ),
        migrations.AddIndex(
            model_name="orderevent",
            index=models.Index(fields=["order", "id"], name="events_of_order"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("order", "place"), name="order_line_once"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "component__in",
                        [
                            "whole_blood",
                            "red_cells",
                            "red_cells_additive",
                            "red_cells_irradiated",
                            "red_cells_washed",
                            "platelets_random",
                            "platelets_apheresis",
                            "fresh_frozen_plasma",
                            "thawed_plasma",
                            "cryoprecipitate",
                            "cryo_poor_plasma",
                            "granulocytes",
                        ],
                    )
                ),
                name="order_line_component_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("blood_group__in", ["O-", "O+", "A-", "A+", "B-", "B+", "AB-", "AB+", "Oh-", "Oh+", "unknown"])
                ),
                name="order_line_group_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(condition=models.Q(("units__gt", 0)), name="order_line_asks_for_units"),
        ),
        migrations.AddIndex(
            model_name="orderbag",
            index=models.Index(fields=["order", "id"], name="bags_of_order"),
        ),
        migrations.AddConstraint(
            model_name="orderbag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fate__in", ["kept", "freed", "replaced", "lost", "sent", "delivered", "returned"])
                ),
                name="order_bag_fate_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderbag",
            constraint=models.UniqueConstraint(
                condition=models.Q(("box__isnull", False), ("fate__in", ["kept", "sent"])),
                fields=("unit",),
                name="bag_in_one_box_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderbag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fate__in", ["sent", "delivered", "returned"]), _negated=True),
                    ("box__isnull", False),
                    _connector="OR",
                ),
                name="order_bag_sent_has_box",
            ),
        ),
        migrations.AddConstraint(
            model_name="ping",
            constraint=models.UniqueConstraint(fields=("order", "at"), name="ping_once"),
        ),
        migrations.AddConstraint(
            model_name="ping",
            constraint=models.CheckConstraint(
                condition=models.Q(("lat__gte", -90), ("lat__lte", 90), ("lng__gte", -180), ("lng__lte", 180)),
                name="ping_is_on_earth",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.UniqueConstraint(fields=("box", "sensor", "at"), name="reading_once"),
        ),
        migrations.AddIndex(
            model_name="rider",
            index=models.Index(fields=["partner", "-id"], name="riders_of_bank"),
        ),
        migrations.AddConstraint(
            model_name="rider",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)), fields=("partner", "phone"), name="rider_phone_once_per_bank"
            ),
        ),
        migrations.AddConstraint(
            model_name="rider",
            constraint=models.CheckConstraint(
                condition=models.Q(("phone__regex", "\\A\\+[1-9][0-9]{6,14}\\Z")), name="rider_phone_is_e164"
            ),
        ),
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(fields=["bank", "-id"], name="settlements_of_bank"),
        ),
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(fields=["hospital", "-id"], name="settlements_of_hospital"),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                fields=("bank", "hospital", "month", "currency", "number"), name="settlement_once_a_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="settlement_is_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["bank", "-id"], name="orders_of_bank"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["bank", "status", "-id"], name="orders_of_bank_by_status"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["buyer_user", "-id"], name="orders_of_person"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["buyer_partner", "-id"], name="orders_of_hospital"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at", "id"], name="order_due"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("late_told_at", None), ("status", "dispatched")),
                fields=["expected_at"],
                name="order_late",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False), ("settlement", None), ("terms", "monthly")),
                fields=["bank", "buyer_partner"],
                name="order_to_settle",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(condition=models.Q(("status", "dispatched")), fields=["rider"], name="orders_of_rider"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "placed",
                            "accepted",
                            "packed",
                            "dispatched",
                            "delivered",
                            "rejected",
                            "cancelled",
                            "failed",
                            "returned",
                        ],
                    )
                ),
                name="order_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("terms__in", ["prepaid", "monthly"])), name="order_terms_are_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__in", ["INR", "BDT", "USD", "EUR"])), name="order_currency_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("total_minor__lte", 10000000000000)), name="order_total_is_payable"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("buyer_partner", None), ("buyer_user__isnull", False)),
                    models.Q(("buyer_partner__isnull", False), ("buyer_user", None)),
                    _connector="OR",
                ),
                name="order_has_one_buyer",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("contract", None), ("terms", "prepaid")),
                    models.Q(("buyer_partner__isnull", False), ("contract__isnull", False), ("terms", "monthly")),
                    _connector="OR",
                ),
                name="order_monthly_has_contract",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end_reason", ""), models.Q(("status__in", ["cancelled", "rejected"]), _negated=True)),
                    models.Q(
                        ("end_reason__in", ["bank", "buyer", "rejected", "sold_out", "unanswered", "unpaid"]),
                        ("status__in", ["cancelled", "rejected"]),
                    ),
                    _connector="OR",
                ),
                name="order_end_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status__in", ["accepted", "delivered", "dispatched", "failed", "packed", "returned"]),
                        _negated=True,
                    ),
                    ("holding__isnull", False),
                    _connector="OR",
                ),
                name="order_accepted_has_bags",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("code_tries_left__lte", 5)), name="order_code_has_five_tries"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_pickup", True), ("lat", None), ("lng", None)),
                    models.Q(("is_pickup", False), ("lat__isnull", False), ("lng__isnull", False)),
                    _connector="OR",
                ),
                name="order_has_a_place_to_go",
            ),
        ),
        migrations.RunSQL(HISTORY, FORGET_HISTORY),
    ]
