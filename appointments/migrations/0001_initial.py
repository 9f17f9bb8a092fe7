"""Doctors, their time and appointments; two that overlap cannot be written, and histories cannot be changed."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import common.clock
import common.fields
import common.ids

# A range over uuid, so that GiST of core PostgreSQL can compare one (no extension, as btree_gist would be).
RANGE = "CREATE TYPE uuid_range AS RANGE (subtype = uuid);"
FORGET_RANGE = "DROP TYPE uuid_range;"
HISTORY = """
CREATE FUNCTION appointments_history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What happened to a doctor or an appointment is never changed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER appointments_doctorevent_stays BEFORE UPDATE OR DELETE ON appointments_doctorevent
FOR EACH STATEMENT EXECUTE FUNCTION appointments_history_stays();
CREATE TRIGGER appointments_appointmentevent_stays BEFORE UPDATE OR DELETE ON appointments_appointmentevent
FOR EACH STATEMENT EXECUTE FUNCTION appointments_history_stays();
"""
FORGET_HISTORY = """
DROP TRIGGER appointments_appointmentevent_stays ON appointments_appointmentevent;
DROP TRIGGER appointments_doctorevent_stays ON appointments_doctorevent;
DROP FUNCTION appointments_history_stays();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(RANGE, FORGET_RANGE),
        migrations.CreateModel(
            name="Specialisation",
            fields=[
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80)),
                ("name_hi", models.CharField(max_length=80)),
                ("name_bn", models.CharField(max_length=80)),
                (
                    "snomed",
                    models.CharField(blank=True, help_text="SNOMED CT code, where one is known.", max_length=18),
                ),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Doctor",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("live", "live"),
                            ("suspended", "suspended"),
                            ("rejected", "rejected"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=20)),
                ("registration_number", models.CharField(max_length=40)),
                ("council", models.CharField(max_length=80)),
                ("registered_in", models.PositiveSmallIntegerField(help_text="Year of registration.")),
                ("qualifications", models.CharField(max_length=200)),
                (
                    "specialisations",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=5), size=None),
                ),
                ("about", models.TextField(blank=True, max_length=2000)),
                ("video_fee_minor", models.PositiveBigIntegerField(help_text="None: no video consults.", null=True)),
                (
                    "in_person_fee_minor",
                    models.PositiveBigIntegerField(help_text="None: no visits in person.", null=True),
                ),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")],
                        default="INR",
                        max_length=3,
                    ),
                ),
                ("pay_at_visit", models.BooleanField(default=False, help_text="Visits in person may be paid there.")),
                ("consult_minutes", models.PositiveSmallIntegerField(default=20)),
                ("buffer_before_minutes", models.PositiveSmallIntegerField(default=0)),
                ("buffer_after_minutes", models.PositiveSmallIntegerField(default=0)),
                (
                    "notice_minutes",
                    models.PositiveIntegerField(default=60, help_text="A slot is bookable so long before it begins."),
                ),
                ("horizon_days", models.PositiveSmallIntegerField(default=60, help_text="How far ahead one may book.")),
                ("full_refund_hours", models.PositiveSmallIntegerField(default=24)),
                (
                    "late_refund_percent",
                    models.PositiveSmallIntegerField(default=50, help_text="Of a cancelling after that."),
                ),
                (
                    "zone",
                    models.CharField(
                        default="Asia/Kolkata", help_text="IANA time zone of the availability.", max_length=40
                    ),
                ),
                ("search_text", models.TextField(help_text="Name, qualifications and specialisations, in lower case.")),
                ("next_video_at", models.DateTimeField(null=True)),
                ("next_in_person_at", models.DateTimeField(null=True)),
                ("next_computed_at", models.DateTimeField(help_text="None: to be computed again.", null=True)),
                ("ratings", models.PositiveIntegerField(default=0)),
                ("stars", models.PositiveIntegerField(default=0, help_text="The sum over all ratings.")),
                ("reject_reason", models.CharField(blank=True, max_length=300)),
                ("approved_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="doctor", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DoctorEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verb", models.CharField(max_length=16)),
                ("actor", models.CharField(help_text="user:…, admin:… or system", max_length=60)),
                ("facts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="appointments.doctor"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120)),
                ("address", models.CharField(max_length=300)),
                ("lat", models.DecimalField(decimal_places=6, max_digits=9)),
                ("lng", models.DecimalField(decimal_places=6, max_digits=9)),
                ("ended_at", models.DateTimeField(help_text="Since when nobody is seen here any more.", null=True)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="places", to="appointments.doctor"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Appointment",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("video", "video"), ("in_person", "in person")], max_length=10)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("held", "held"),
                            ("confirmed", "confirmed"),
                            ("in_progress", "in progress"),
                            ("completed", "completed"),
                            ("lapsed", "lapsed"),
                            ("cancelled", "cancelled"),
                            ("missed", "missed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("busy_from", models.DateTimeField()),
                ("busy_until", models.DateTimeField()),
                ("reason", common.fields.EncryptedTextField(max_length=1000, null=True)),
                (
                    "terms",
                    models.CharField(
                        choices=[("prepaid", "prepaid"), ("at_visit", "at visit"), ("free", "free")], max_length=10
                    ),
                ),
                ("fee_minor", models.PositiveBigIntegerField()),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")], max_length=3
                    ),
                ),
                ("full_refund_until", models.DateTimeField()),
                ("late_refund_percent", models.PositiveSmallIntegerField()),
                ("hold_expires_at", models.DateTimeField(null=True)),
                ("paid_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("checked_in_at", models.DateTimeField(help_text="The patient is there.", null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("patient", "patient"),
                            ("doctor", "doctor"),
                            ("platform", "platform"),
                            ("unpaid", "unpaid"),
                        ],
                        max_length=10,
                    ),
                ),
                ("sequence", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "follows",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_ups",
                        to="appointments.appointment",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="appointments.doctor",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appointments.place",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TimeException",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("is_leave", models.BooleanField()),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("video", "video"), ("in_person", "in person")], max_length=10
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                ("note", models.CharField(blank=True, help_text="For the doctor's own eyes.", max_length=120)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="exceptions", to="appointments.doctor"
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appointments.place",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WeeklyHours",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("weekday", models.PositiveSmallIntegerField(help_text="Monday is 1, Sunday is 7 (ISO 8601).")),
                (
                    "from_minute",
                    models.PositiveSmallIntegerField(help_text="Minutes after midnight on the wall clock."),
                ),
                (
                    "to_minute",
                    models.PositiveSmallIntegerField(help_text="At most 1440, the midnight that ends the day."),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("video", "video"), ("in_person", "in person")], max_length=10
                        ),
                        size=None,
                    ),
                ),
                ("valid_from", models.DateField(null=True)),
                ("valid_until", models.DateField(help_text="Its last day.", null=True)),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="weekly_hours",
                        to="appointments.doctor",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appointments.place",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AppointmentEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verb", models.CharField(max_length=16)),
                ("status", models.CharField(max_length=12)),
                ("actor", models.CharField(help_text="user:…, admin:… or system", max_length=60)),
                ("facts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="appointments.appointment",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["appointment", "id"], name="events_of_appointment")],
            },
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["specialisations"], name="doctors_by_specialisation"
            ),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=models.Index(
                condition=models.Q(("status", "live")), fields=["next_video_at", "id"], name="doctors_next_video"
            ),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=models.Index(
                condition=models.Q(("status", "live")), fields=["next_in_person_at", "id"], name="doctors_next_visit"
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["pending", "live", "suspended", "rejected"])),
                name="doctor_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__in", ["INR", "BDT", "USD", "EUR"])), name="doctor_currency_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Upper("council"),
                django.db.models.functions.text.Upper("registration_number"),
                condition=models.Q(("status", "rejected"), _negated=True),
                name="doctor_registered_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.CheckConstraint(
                condition=models.Q(("consult_minutes__gte", 5), ("consult_minutes__lte", 240)),
                name="doctor_consult_has_a_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.CheckConstraint(
                condition=models.Q(("buffer_after_minutes__lte", 120), ("buffer_before_minutes__lte", 120)),
                name="doctor_buffers_are_short",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.CheckConstraint(
                condition=models.Q(("horizon_days__gte", 1), ("horizon_days__lte", 365)),
                name="doctor_horizon_is_a_year_at_most",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.CheckConstraint(
                condition=models.Q(("late_refund_percent__lte", 100)), name="doctor_refund_is_a_part"
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("video_fee_minor", None), ("video_fee_minor__lte", 10000000000000), _connector="OR"),
                    models.Q(
                        ("in_person_fee_minor", None), ("in_person_fee_minor__lte", 10000000000000), _connector="OR"
                    ),
                ),
                name="doctor_fees_are_payable",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "pending"), ("status", "rejected"), ("approved_at__isnull", False), _connector="OR"
                ),
                name="doctor_live_was_approved",
            ),
        ),
        migrations.AddIndex(
            model_name="doctorevent",
            index=models.Index(fields=["doctor", "id"], name="events_of_doctor"),
        ),
        migrations.AddIndex(
            model_name="place",
            index=models.Index(fields=["doctor", "id"], name="places_of_doctor"),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.CheckConstraint(
                condition=models.Q(("lat__gte", -90), ("lat__lte", 90), ("lng__gte", -180), ("lng__lte", 180)),
                name="place_is_on_earth",
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["doctor", "starts_at", "id"], name="appointments_of_doctor"),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["patient", "-starts_at", "id"], name="appointments_of_patient"),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["doctor", "patient"], name="appointments_treating"),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("status", "held")), fields=["hold_expires_at"], name="appointments_held"
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("status__in", ["confirmed", "held", "in_progress"])),
                fields=["starts_at", "id"],
                name="appointments_ahead",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["held", "confirmed", "in_progress", "completed", "lapsed", "cancelled", "missed"])
                ),
                name="appointment_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["video", "in_person"])), name="appointment_kind_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("terms__in", ["prepaid", "at_visit", "free"])), name="appointment_terms_are_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__in", ["INR", "BDT", "USD", "EUR"])), name="appointment_currency_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee_minor__lte", 10000000000000)), name="appointment_fee_is_payable"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("busy_from__lte", models.F("starts_at")),
                    ("ends_at__lte", models.F("busy_until")),
                    ("starts_at__lt", models.F("ends_at")),
                ),
                name="appointment_has_a_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "video"), ("place", None)),
                    models.Q(("kind", "in_person"), ("place__isnull", False)),
                    _connector="OR",
                ),
                name="appointment_in_person_has_a_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "held"), _negated=True), ("hold_expires_at__isnull", False), _connector="OR"
                ),
                name="appointment_hold_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("status__in", ["confirmed", "held", "in_progress"])),
                expressions=[
                    (
                        models.Func(models.F("doctor"), models.F("doctor"), models.Value("[]"), function="uuid_range"),
                        "&&",
                    ),
                    (models.Func(models.F("busy_from"), models.F("busy_until"), function="tstzrange"), "&&"),
                ],
                name="doctor_has_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("status__in", ["confirmed", "held", "in_progress"])),
                expressions=[
                    (
                        models.Func(
                            models.F("patient"), models.F("patient"), models.Value("[]"), function="uuid_range"
                        ),
                        "&&",
                    ),
                    (models.Func(models.F("starts_at"), models.F("ends_at"), function="tstzrange"), "&&"),
                ],
                name="patient_has_one_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="timeexception",
            index=models.Index(fields=["doctor", "ends_at"], name="exceptions_of_doctor"),
        ),
        migrations.AddConstraint(
            model_name="timeexception",
            constraint=models.CheckConstraint(
                condition=models.Q(("starts_at__lt", models.F("ends_at"))), name="exception_has_a_length"
            ),
        ),
        migrations.AddConstraint(
            model_name="timeexception",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_leave", True), ("kinds", [])),
                    models.Q(("is_leave", False), ("kinds__contained_by", ["video", "in_person"])),
                    _connector="OR",
                ),
                name="exception_is_leave_or_hours",
            ),
        ),
        migrations.AddConstraint(
            model_name="timeexception",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kinds__contains", ["in_person"]), _negated=True),
                    ("place__isnull", False),
                    _connector="OR",
                ),
                name="exception_in_person_has_a_place",
            ),
        ),
        migrations.AddIndex(
            model_name="weeklyhours",
            index=models.Index(fields=["doctor"], name="weekly_hours_of_doctor"),
        ),
        migrations.AddConstraint(
            model_name="weeklyhours",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekday__gte", 1), ("weekday__lte", 7)), name="weekly_hours_on_a_weekday"
            ),
        ),
        migrations.AddConstraint(
            model_name="weeklyhours",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_minute__lt", models.F("to_minute")), ("to_minute__lte", 1440)),
                name="weekly_hours_within_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="weeklyhours",
            constraint=models.CheckConstraint(
                condition=models.Q(("kinds__contained_by", ["video", "in_person"]), ("kinds__len__gt", 0)),
                name="weekly_hours_are_for_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="weeklyhours",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kinds__contains", ["in_person"]), _negated=True),
                    ("place__isnull", False),
                    _connector="OR",
                ),
                name="weekly_hours_in_person_have_a_place",
            ),
        ),
        migrations.RunSQL(HISTORY, FORGET_HISTORY),
    ]
