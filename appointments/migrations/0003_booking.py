"""Who waits for a time; where an appointment comes from, its series, and what goes back when it ends."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.clock
import common.ids


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0002_doctors"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Waiting",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("video", "video"), ("in_person", "in person")], max_length=10)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                (
                    "earliest_minute",
                    models.PositiveSmallIntegerField(default=0, help_text="After midnight on the wall clock."),
                ),
                (
                    "latest_minute",
                    models.PositiveSmallIntegerField(default=1440, help_text="The visit begins before this minute."),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("offered", "offered"),
                            ("taken", "taken"),
                            ("passed", "passed"),
                            ("left", "left"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.AddField(
            model_name="appointment",
            name="origin",
            field=models.CharField(
                choices=[("patient", "patient"), ("waitlist", "waitlist"), ("follow_up", "follow up")],
                default="patient",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="refund_minor",
            field=models.PositiveBigIntegerField(help_text="Of the fee; once it has ended.", null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="series",
            field=models.UUIDField(help_text="Shared by the visits of one series.", null=True),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("series__isnull", False)), fields=["series"], name="appointments_of_series"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["patient", "waitlist", "follow_up"])),
                name="appointment_origin_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refund_minor", None), ("refund_minor__lte", models.F("fee_minor")), _connector="OR"
                ),
                name="appointment_refund_within_fee",
            ),
        ),
        migrations.AddField(
            model_name="waiting",
            name="doctor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="waiting", to="appointments.doctor"
            ),
        ),
        migrations.AddField(
            model_name="waiting",
            name="offer",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="waited_for",
                to="appointments.appointment",
            ),
        ),
        migrations.AddField(
            model_name="waiting",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="waiting",
            index=models.Index(
                condition=models.Q(("status", "waiting")), fields=["doctor", "kind", "id"], name="waiting_for_doctor"
            ),
        ),
        migrations.AddIndex(
            model_name="waiting",
            index=models.Index(fields=["patient", "id"], name="waiting_of_patient"),
        ),
        migrations.AddConstraint(
            model_name="waiting",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["waiting", "offered", "taken", "passed", "left"])),
                name="waiting_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="waiting",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["video", "in_person"])), name="waiting_kind_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="waiting",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_day__lte", models.F("last_day"))), name="waiting_days_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="waiting",
            constraint=models.CheckConstraint(
                condition=models.Q(("earliest_minute__lt", models.F("latest_minute")), ("latest_minute__lte", 1440)),
                name="waiting_minutes_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="waiting",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "waiting")),
                fields=("doctor", "patient", "kind"),
                name="waits_once_for_a_doctor",
            ),
        ),
    ]
