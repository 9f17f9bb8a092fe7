"""Transfers between partners, whose history cannot be changed."""

import django.db.models.deletion
from django.db import migrations, models

import common.clock
import common.ids

HISTORY = """
CREATE FUNCTION stock_transferevent_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What happened to a transfer is never changed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stock_transferevent_stays BEFORE UPDATE OR DELETE ON stock_transferevent
FOR EACH STATEMENT EXECUTE FUNCTION stock_transferevent_stays();
"""
FORGET_HISTORY = """
DROP TRIGGER stock_transferevent_stays ON stock_transferevent;
DROP FUNCTION stock_transferevent_stays();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"),
        ("stock", "0003_counts_and_history"),
    ]

    operations = [
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("need", models.UUIDField(help_text="The first transfer of the same need.")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "requested"),
                            ("offered", "offered"),
                            ("confirmed", "confirmed"),
                            ("in_transit", "in_transit"),
                            ("received", "received"),
                            ("rejected", "rejected"),
                            ("cancelled", "cancelled"),
                            ("expired", "expired"),
                        ],
                        default="requested",
                        max_length=10,
                    ),
                ),
                ("blood_group", models.CharField(help_text="The recipient's, or «unknown».", max_length=8)),
                (
                    "component",
                    models.CharField(
                        choices=[
                            ("whole_blood", "whole blood"),
                            ("red_cells", "red cells"),
                            ("red_cells_additive", "red cells additive"),
                            ("red_cells_irradiated", "red cells irradiated"),
                            ("red_cells_washed", "red cells washed"),
                            ("platelets_random", "platelets random"),
                            ("platelets_apheresis", "platelets apheresis"),
                            ("fresh_frozen_plasma", "fresh frozen plasma"),
                            ("thawed_plasma", "thawed plasma"),
                            ("cryoprecipitate", "cryoprecipitate"),
                            ("cryo_poor_plasma", "cryo poor plasma"),
                            ("granulocytes", "granulocytes"),
                        ],
                        max_length=24,
                    ),
                ),
                ("units", models.PositiveSmallIntegerField()),
                (
                    "urgency",
                    models.CharField(
                        choices=[("routine", "routine"), ("urgent", "urgent"), ("critical", "critical")], max_length=8
                    ),
                ),
                ("needed_by", models.DateTimeField()),
                ("radius_km", models.DecimalField(decimal_places=2, max_digits=5)),
                ("irradiated", models.BooleanField(default=False)),
                ("leukoreduced", models.BooleanField(default=False)),
                ("cmv_negative", models.BooleanField(default=False)),
                ("k_negative", models.BooleanField(default=False)),
                ("recipient_sex", models.CharField(blank=True, max_length=6)),
                ("recipient_age", models.PositiveSmallIntegerField(null=True)),
                (
                    "purpose",
                    models.CharField(
                        blank=True, help_text="What it is for, as in «attender_request:<id>».", max_length=60
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("holding", models.UUIDField(help_text="Of the bags that the sender keeps for it.", null=True)),
                ("units_offered", models.PositiveSmallIntegerField(default=0)),
                ("units_received", models.PositiveSmallIntegerField(default=0, help_text="Sound on arrival.")),
                (
                    "fee_minor",
                    models.PositiveIntegerField(help_text="The sender's, for each bag, in minor units.", null=True),
                ),
                ("fee_currency", models.CharField(blank=True, max_length=3)),
                ("fee_agreed_at", models.DateTimeField(null=True)),
                ("courier", models.CharField(blank=True, max_length=120)),
                ("box", models.CharField(blank=True, max_length=60)),
                ("vehicle", models.CharField(blank=True, max_length=40)),
                ("expected_at", models.DateTimeField(null=True)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("rejected", "rejected"),
                            ("cancelled", "cancelled"),
                            ("expired", "expired"),
                            ("no_candidates", "no_candidates"),
                        ],
                        max_length=16,
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name="TransferAsk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("distance_km", models.DecimalField(decimal_places=3, max_digits=7)),
                ("asked_at", models.DateTimeField()),
                ("answer_by", models.DateTimeField()),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("offered", "offered"),
                            ("refused", "refused"),
                            ("late", "late"),
                            ("taken", "taken"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="TransferEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verb", models.CharField(max_length=12)),
                ("status", models.CharField(max_length=10)),
                ("actor", models.CharField(help_text="member:… or system", max_length=60)),
                ("facts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="TransferUnit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "fate",
                    models.CharField(
                        choices=[
                            ("offered", "offered"),
                            ("freed", "freed"),
                            ("lost", "lost"),
                            ("sent", "sent"),
                            ("accepted", "accepted"),
                            ("quarantined", "quarantined"),
                            ("discarded", "discarded"),
                            ("expired", "expired"),
                            ("missing", "missing"),
                        ],
                        default="offered",
                        max_length=12,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="unit",
            name="unit_discard_reason_is_known",
        ),
        migrations.AlterField(
            model_name="unit",
            name="discard_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("reactive", "reactive"),
                    ("separated", "separated"),
                    ("broken", "broken"),
                    ("haemolysed", "haemolysed"),
                    ("cold_chain", "cold_chain"),
                    ("insufficient", "insufficient"),
                    ("counted", "counted"),
                    ("missing", "missing"),
                    ("other", "other"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "discard_reason__in",
                        [
                            "",
                            "reactive",
                            "separated",
                            "broken",
                            "haemolysed",
                            "cold_chain",
                            "insufficient",
                            "counted",
                            "missing",
                            "other",
                        ],
                    )
                ),
                name="unit_discard_reason_is_known",
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="sender",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="transferask",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="transferask",
            name="transfer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="asks", to="stock.transfer"
            ),
        ),
        migrations.AddField(
            model_name="transferevent",
            name="partner",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="transferevent",
            name="transfer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="events", to="stock.transfer"
            ),
        ),
        migrations.AddField(
            model_name="transferunit",
            name="transfer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="bags", to="stock.transfer"
            ),
        ),
        migrations.AddField(
            model_name="transferunit",
            name="unit",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="stock.unit"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["partner", "-id"], name="transfers_of_asker"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["sender", "-id"], name="transfers_of_sender"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["need", "id"], name="transfers_of_need"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at", "id"], name="transfer_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "requested",
                            "offered",
                            "confirmed",
                            "in_transit",
                            "received",
                            "rejected",
                            "cancelled",
                            "expired",
                        ],
                    )
                ),
                name="transfer_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
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
                name="transfer_component_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("blood_group__in", ["O-", "O+", "A-", "A+", "B-", "B+", "AB-", "AB+", "Oh-", "Oh+", "unknown"])
                ),
                name="transfer_group_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(("urgency__in", ["routine", "urgent", "critical"])), name="transfer_urgency_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(("radius_km__gt", 0), ("units__gt", 0)), name="transfer_asks_for_units"
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("units__gte", models.F("units_offered")), ("units_offered__gte", models.F("units_received"))
                ),
                name="transfer_gives_no_more_than_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(("sender", models.F("partner")), _negated=True), name="transfer_is_between_two"
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["confirmed", "in_transit", "offered", "received"]), _negated=True),
                    models.Q(("holding__isnull", False), ("sender__isnull", False), ("units_offered__gt", 0)),
                    _connector="OR",
                ),
                name="transfer_offered_has_sender",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("due_at__isnull", False),
                        ("end_reason", ""),
                        ("status__in", ["confirmed", "offered", "requested"]),
                    ),
                    models.Q(
                        ("due_at", None), models.Q(("status__in", ["confirmed", "offered", "requested"]), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="transfer_waits_until_a_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("end_reason", ""),
                        models.Q(("status__in", ["cancelled", "expired", "rejected"]), _negated=True),
                    ),
                    models.Q(
                        ("end_reason__in", ["cancelled", "expired", "no_candidates", "rejected"]),
                        ("status__in", ["cancelled", "expired", "rejected"]),
                    ),
                    _connector="OR",
                ),
                name="transfer_end_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fee_agreed_at", None), ("fee_currency", ""), ("fee_minor", None)),
                    models.Q(("fee_currency__regex", "\\A[A-Z]{3}\\Z"), ("fee_minor__isnull", False)),
                    _connector="OR",
                ),
                name="transfer_fee_has_currency",
            ),
        ),
        migrations.AddIndex(
            model_name="transferask",
            index=models.Index(
                condition=models.Q(("answer", "")), fields=["partner", "transfer"], name="asks_of_partner"
            ),
        ),
        migrations.AddConstraint(
            model_name="transferask",
            constraint=models.UniqueConstraint(fields=("transfer", "partner"), name="asked_once_for_a_transfer"),
        ),
        migrations.AddConstraint(
            model_name="transferask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answer", "offered")), fields=("transfer",), name="one_offer_for_a_transfer"
            ),
        ),
        migrations.AddConstraint(
            model_name="transferask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at", None)),
                    models.Q(
                        ("answer__in", ["late", "offered", "refused", "taken", "withdrawn"]),
                        ("answered_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="ask_answer_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="transferevent",
            index=models.Index(fields=["transfer", "id"], name="events_of_transfer"),
        ),
        migrations.AddConstraint(
            model_name="transferunit",
            constraint=models.UniqueConstraint(fields=("transfer", "unit"), name="unit_once_in_a_transfer"),
        ),
        migrations.AddConstraint(
            model_name="transferunit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("fate", "sent")), fields=("unit",), name="unit_in_one_box_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="transferunit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "fate__in",
                        [
                            "offered",
                            "freed",
                            "lost",
                            "sent",
                            "accepted",
                            "quarantined",
                            "discarded",
                            "expired",
                            "missing",
                        ],
                    )
                ),
                name="transfer_unit_fate_is_known",
            ),
        ),
        migrations.RunSQL(HISTORY, FORGET_HISTORY),
    ]
