"""Medical files, what is read from them, and that what a doctor has signed stays."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.clock
import common.fields
import common.ids

# Signed, an analysis and its values never change; they go only with a person who is gone.
STAYS = """
CREATE FUNCTION appointments_signed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM users_user WHERE id = OLD.patient_id AND erased_at IS NOT NULL
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'What a doctor has signed is never changed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER analysis_signed_stays BEFORE UPDATE OR DELETE ON appointments_analysis
FOR EACH ROW WHEN (OLD.status = 'signed') EXECUTE FUNCTION appointments_signed_stays();
CREATE TRIGGER observation_signed_stays BEFORE UPDATE OR DELETE ON appointments_observation
FOR EACH ROW WHEN (OLD.status <> 'read') EXECUTE FUNCTION appointments_signed_stays();
"""
GOES = """
DROP TRIGGER observation_signed_stays ON appointments_observation;
DROP TRIGGER analysis_signed_stays ON appointments_analysis;
DROP FUNCTION appointments_signed_stays();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0004_meetings"),
        ("common", "0002_private_files"),
        ("users", "0009_report_consents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FileVersion",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField()),
                ("name", models.CharField(blank=True, max_length=100)),
                ("content_type", models.CharField(max_length=20)),
                ("size", models.PositiveIntegerField(help_text="bytes")),
                (
                    "scan",
                    models.CharField(
                        choices=[("unscanned", "unscanned"), ("clean", "clean"), ("infected", "infected")],
                        default="unscanned",
                        max_length=10,
                    ),
                ),
                ("look_at", models.DateTimeField(null=True)),
                ("scan_tries", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "content",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="common.privatefile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Analysis",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("analyser", models.CharField(choices=[("table", "table"), ("vision", "vision")], max_length=10)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("signed", "signed"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                (
                    "failure",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("file_gone", "file gone"),
                            ("consent_withdrawn", "consent withdrawn"),
                            ("unreadable", "unreadable"),
                            ("no_text", "no text"),
                            ("not_configured", "not configured"),
                            ("unavailable", "unavailable"),
                            ("answer_invalid", "answer invalid"),
                        ],
                        max_length=20,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("look_at", models.DateTimeField(null=True)),
                ("pages", models.PositiveSmallIntegerField(null=True)),
                (
                    "skipped",
                    models.JSONField(default=list, help_text="Rows passed over: page, line, code and reason; no text."),
                ),
                (
                    "engine",
                    models.CharField(blank=True, help_text="The rules, or the model that answered.", max_length=80),
                ),
                ("prompt_version", models.CharField(blank=True, max_length=20)),
                ("input_tokens", models.PositiveIntegerField(null=True)),
                ("output_tokens", models.PositiveIntegerField(null=True)),
                ("requested_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("finished_at", models.DateTimeField(null=True)),
                ("signed_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, help_text="The doctor's, for the patient.", max_length=500)),
                (
                    "consent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="users.consent"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="analyses",
                        to="appointments.fileversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MedicalFile",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("lab_report", "lab report"),
                            ("imaging", "imaging"),
                            ("prescription", "prescription"),
                            ("discharge_summary", "discharge summary"),
                            ("other", "other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("title", common.fields.EncryptedTextField(max_length=120, null=True)),
                (
                    "taken_on",
                    models.DateField(help_text="The day of the sample, the picture or the letter.", null=True),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("kept", "kept"), ("deleted", "deleted"), ("destroyed", "destroyed")],
                        default="kept",
                        max_length=10,
                    ),
                ),
                ("newest", models.PositiveSmallIntegerField(default=1, help_text="Number of the newest version.")),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("destroy_at", models.DateTimeField(null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="fileversion",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="appointments.medicalfile"
            ),
        ),
        migrations.CreateModel(
            name="AppointmentFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attached_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attached_files",
                        to="appointments.appointment",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attached_to",
                        to="appointments.medicalfile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Observation",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("code", models.CharField(help_text="LOINC.", max_length=12)),
                ("name", models.CharField(max_length=60)),
                ("value", models.DecimalField(decimal_places=4, max_digits=12)),
                ("read_value", models.DecimalField(decimal_places=4, max_digits=12)),
                ("unit", models.CharField(help_text="UCUM.", max_length=12)),
                ("low", models.DecimalField(decimal_places=4, max_digits=12, null=True)),
                ("high", models.DecimalField(decimal_places=4, max_digits=12, null=True)),
                (
                    "interpretation",
                    models.CharField(
                        choices=[("N", "N"), ("H", "H"), ("L", "L"), ("unknown", "unknown")], max_length=8
                    ),
                ),
                ("printed", models.CharField(max_length=40)),
                ("page", models.PositiveSmallIntegerField()),
                ("line", models.PositiveSmallIntegerField(help_text="None: read from a picture.", null=True)),
                ("taken_on", models.DateField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("read", "read"),
                            ("confirmed", "confirmed"),
                            ("corrected", "corrected"),
                            ("rejected", "rejected"),
                        ],
                        default="read",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "analysis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="observations",
                        to="appointments.analysis",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SharedHaemoglobin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shared_at", models.DateTimeField(default=common.clock.now)),
                (
                    "observation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shared",
                        to="appointments.observation",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="analysis",
            index=models.Index(condition=models.Q(("look_at__isnull", False)), fields=["look_at"], name="analyses_due"),
        ),
        migrations.AddIndex(
            model_name="analysis",
            index=models.Index(fields=["patient", "-id"], name="analyses_of_patient"),
        ),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.CheckConstraint(
                condition=models.Q(("analyser__in", ["table", "vision"])), name="analyser_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["queued", "running", "done", "failed", "signed"])),
                name="analysis_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "failed"), models.Q(("failure", ""), _negated=True)),
                    models.Q(models.Q(("status", "failed"), _negated=True), ("failure", "")),
                    _connector="OR",
                ),
                name="analysis_failed_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("signed_at__isnull", False), ("signed_by__isnull", False), ("status", "signed")),
                    models.Q(models.Q(("status", "signed"), _negated=True), ("signed_at", None), ("signed_by", None)),
                    _connector="OR",
                ),
                name="analysis_is_signed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("look_at__isnull", False), ("status__in", ["queued", "running"])),
                    models.Q(models.Q(("status__in", ["queued", "running"]), _negated=True), ("look_at", None)),
                    _connector="OR",
                ),
                name="open_analysis_is_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="analysis",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["queued", "running"])),
                fields=("version", "analyser"),
                name="analysis_open_once",
            ),
        ),
        migrations.AddIndex(
            model_name="medicalfile",
            index=models.Index(
                condition=models.Q(("status", "kept")), fields=["patient", "-id"], name="files_of_patient"
            ),
        ),
        migrations.AddIndex(
            model_name="medicalfile",
            index=models.Index(fields=["patient", "id"], name="every_file_of_patient"),
        ),
        migrations.AddIndex(
            model_name="medicalfile",
            index=models.Index(
                condition=models.Q(("status", "deleted")), fields=["destroy_at"], name="files_to_destroy"
            ),
        ),
        migrations.AddConstraint(
            model_name="medicalfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["lab_report", "imaging", "prescription", "discharge_summary", "other"])
                ),
                name="medical_file_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="medicalfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["kept", "deleted", "destroyed"])),
                name="medical_file_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="medicalfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "deleted"), _negated=True), ("destroy_at__isnull", False), _connector="OR"
                ),
                name="deleted_file_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="medicalfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "destroyed"), _negated=True),
                    models.Q(("taken_on", None), ("title__isnull", True)),
                    _connector="OR",
                ),
                name="destroyed_file_says_nothing",
            ),
        ),
        migrations.AddIndex(
            model_name="fileversion",
            index=models.Index(
                condition=models.Q(("look_at__isnull", False), ("scan", "unscanned")),
                fields=["look_at"],
                name="versions_to_scan",
            ),
        ),
        migrations.AddConstraint(
            model_name="fileversion",
            constraint=models.UniqueConstraint(fields=("file", "number"), name="file_version_once"),
        ),
        migrations.AddConstraint(
            model_name="fileversion",
            constraint=models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="file_version_is_numbered"),
        ),
        migrations.AddConstraint(
            model_name="fileversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("scan__in", ["unscanned", "clean", "infected"])), name="scan_status_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="fileversion",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("scan", "infected"), _negated=True), ("content", None), _connector="OR"),
                name="infected_file_is_not_kept",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointmentfile",
            constraint=models.UniqueConstraint(fields=("appointment", "file"), name="file_once_per_appointment"),
        ),
        migrations.AddIndex(
            model_name="observation",
            index=models.Index(fields=["patient", "code", "-id"], name="observations_of_code"),
        ),
        migrations.AddIndex(
            model_name="observation",
            index=models.Index(fields=["patient", "-id"], name="observations_of_patient"),
        ),
        migrations.AddConstraint(
            model_name="observation",
            constraint=models.UniqueConstraint(fields=("analysis", "code"), name="observation_once_per_analysis"),
        ),
        migrations.AddConstraint(
            model_name="observation",
            constraint=models.CheckConstraint(
                condition=models.Q(("interpretation__in", ["N", "H", "L", "unknown"])), name="interpretation_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="observation",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["read", "confirmed", "corrected", "rejected"])),
                name="observation_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="observation",
            constraint=models.CheckConstraint(
                condition=models.Q(("low", None), ("high", None), ("low__lt", models.F("high")), _connector="OR"),
                name="reference_range_is_a_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="observation",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__gte", 0)), name="observation_is_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="observation",
            constraint=models.CheckConstraint(
                condition=models.Q(("status", "corrected"), ("value", models.F("read_value")), _connector="OR"),
                name="only_a_doctor_corrects",
            ),
        ),
        migrations.RunSQL(STAYS, GOES),
    ]
