"""Crossmatches, the rule that asks for them, and what the reports read."""

import django.db.models.deletion
from django.db import migrations, models

import common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"),
        ("stock", "0004_transfers"),
    ]

    operations = [
        migrations.AlterModelOptions(name="stockpolicy", options={"verbose_name_plural": "stock policies"}),
        migrations.CreateModel(
            name="Crossmatch",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "recipient",
                    models.CharField(
                        blank=True, help_text="The partner's own number of the case, no name.", max_length=60
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[("compatible", "compatible"), ("incompatible", "incompatible")], max_length=12
                    ),
                ),
                ("recorded_by", models.CharField(max_length=60)),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="stockpolicy",
            name="requires_crossmatch",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Red cells and whole blood leave only with a compatible crossmatch on record.",
            ),
        ),
        migrations.AddIndex(
            model_name="movement",
            index=models.Index(
                condition=models.Q(("verb__in", ("collect", "discard", "expire", "receive", "split"))),
                fields=["partner", "created_at"],
                include=("unit", "verb"),
                name="movements_in_and_out",
            ),
        ),
        migrations.AddIndex(
            model_name="unit",
            index=models.Index(
                condition=models.Q(("status__in", ["available", "quarantined", "reserved"])),
                fields=["partner", "component", "blood_group", "expires_at"],
                include=("collected_at", "counted"),
                name="units_on_shelf",
            ),
        ),
        migrations.AddField(
            model_name="crossmatch",
            name="reservation",
            field=models.ForeignKey(
                help_text="Empty: of a bag kept for nobody.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="stock.reservation",
            ),
        ),
        migrations.AddField(
            model_name="crossmatch",
            name="unit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="crossmatches", to="stock.unit"
            ),
        ),
        migrations.AddConstraint(
            model_name="crossmatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("result__in", ["compatible", "incompatible"])), name="crossmatch_result_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="crossmatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reservation__isnull", False), models.Q(("recipient", ""), _negated=True), _connector="OR"
                ),
                name="crossmatch_is_for_somebody",
            ),
        ),
    ]
