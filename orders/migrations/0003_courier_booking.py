"""Couriers that a logistics provider is asked for; a booking's history cannot be changed."""

import django.db.models.deletion
from django.db import migrations, models

import common.clock
import common.fields
import common.ids

HISTORY = """
CREATE FUNCTION orders_bookingevent_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What happened to a booking is never changed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER orders_bookingevent_stays BEFORE UPDATE OR DELETE ON orders_bookingevent
FOR EACH STATEMENT EXECUTE FUNCTION orders_bookingevent_stays();
"""
FORGET_HISTORY = """
DROP TRIGGER orders_bookingevent_stays ON orders_bookingevent;
DROP FUNCTION orders_bookingevent_stays();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0002_unfit_bags_and_suspensions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="courier_kind",
            field=models.CharField(
                blank=True,
                choices=[("rider", "rider"), ("other", "other"), ("provider", "provider"), ("pickup", "pickup")],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="CourierBooking",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "requested"),
                            ("booked", "booked"),
                            ("picked_up", "picked_up"),
                            ("delivered", "delivered"),
                            ("cancelled", "cancelled"),
                            ("failed", "failed"),
                        ],
                        default="requested",
                        max_length=10,
                    ),
                ),
                ("provider_ref", models.CharField(blank=True, help_text="What the provider calls it.", max_length=120)),
                ("courier", models.CharField(blank=True, max_length=120)),
                ("vehicle", models.CharField(blank=True, max_length=40)),
                ("tracking_url", models.CharField(blank=True, max_length=500)),
                ("failure", models.CharField(blank=True, max_length=60)),
                ("is_cancel_wanted", models.BooleanField(default=False)),
                ("ask_at", models.DateTimeField(null=True)),
                ("asked", models.PositiveSmallIntegerField(default=0, help_text="In vain, one after another.")),
                ("heard_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bookings", to="orders.order"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BookingEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("verb", models.CharField(max_length=16)),
                ("status", models.CharField(max_length=10)),
                ("actor", models.CharField(help_text="member:…, provider or system", max_length=60)),
                ("facts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="orders.courierbooking"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CourierNotice",
            fields=[
                ("event_id", models.CharField(max_length=120)),
                ("kind", models.CharField(max_length=80)),
                ("digest", models.CharField(help_text="SHA-256 of the body.", max_length=64)),
                ("received_at", models.DateTimeField(default=common.clock.now)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("reference", models.CharField(help_text="The booking's id, if it is ours.", max_length=60)),
                ("said", models.JSONField(default=dict)),
                ("code", common.fields.EncryptedTextField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("applied", "applied"), ("ignored", "ignored")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["received_at"], name="courier_notice_by_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("event_id",), name="courier_notice_once"),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["waiting", "applied", "ignored"])),
                        name="courier_notice_is_known",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="courierbooking",
            index=models.Index(fields=["order", "-id"], name="bookings_of_order"),
        ),
        migrations.AddIndex(
            model_name="courierbooking",
            index=models.Index(condition=models.Q(("ask_at__isnull", False)), fields=["ask_at"], name="booking_due"),
        ),
        migrations.AddConstraint(
            model_name="courierbooking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["requested", "booked", "picked_up", "delivered", "cancelled", "failed"])
                ),
                name="booking_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="courierbooking",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["booked", "picked_up", "requested"])),
                fields=("order",),
                name="booking_one_live_per_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="courierbooking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["cancelled", "failed", "requested"]),
                    models.Q(("provider_ref", ""), _negated=True),
                    _connector="OR",
                ),
                name="booking_booked_has_ref",
            ),
        ),
        migrations.AddConstraint(
            model_name="courierbooking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("status__in", ["booked", "picked_up", "requested"])),
                    models.Q(
                        models.Q(("status__in", ["booked", "picked_up", "requested"]), _negated=True),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="booking_end_has_a_moment",
            ),
        ),
        migrations.AddIndex(
            model_name="bookingevent",
            index=models.Index(fields=["booking", "id"], name="events_of_booking"),
        ),
        migrations.RunSQL(HISTORY, FORGET_HISTORY),
    ]
