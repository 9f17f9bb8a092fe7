"""Records: what patients say of themselves, notes, prescriptions, grants, and a log of every read."""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import common.clock
import common.fields
import common.ids

# What is written for good goes only with a person who is gone. A signed prescription may still be revoked, and loses
# its name when the patient is forgotten; notes lose nothing.
STAYS = """
CREATE FUNCTION appointments_record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM users_user WHERE id = OLD.patient_id AND erased_at IS NOT NULL
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'What stands in the records is never changed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER patient_version_stays BEFORE UPDATE OR DELETE ON appointments_patientversion
FOR EACH ROW EXECUTE FUNCTION appointments_record_stays();
CREATE TRIGGER addendum_stays BEFORE UPDATE OR DELETE ON appointments_noteaddendum
FOR EACH ROW EXECUTE FUNCTION appointments_record_stays();
CREATE TRIGGER read_stays BEFORE UPDATE OR DELETE ON appointments_recordread
FOR EACH ROW EXECUTE FUNCTION appointments_record_stays();
CREATE TRIGGER note_signed_stays BEFORE UPDATE OR DELETE ON appointments_visitnote
FOR EACH ROW WHEN (OLD.status = 'signed') EXECUTE FUNCTION appointments_record_stays();

CREATE FUNCTION appointments_prescription_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_gone boolean := EXISTS (SELECT 1 FROM users_user WHERE id = OLD.patient_id AND erased_at IS NOT NULL);
    revoking text[] := ARRAY['status', 'revoked_at', 'revoke_reason'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF is_gone THEN
            RETURN OLD;
        END IF;
    ELSIF OLD.status = 'signed' AND NEW.status = 'revoked'
        AND to_jsonb(NEW) - revoking = to_jsonb(OLD) - revoking THEN
        RETURN NEW;
    ELSIF is_gone AND NEW.patient_name IS NULL AND to_jsonb(NEW) - 'patient_name' = to_jsonb(OLD) - 'patient_name' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'What a doctor has signed is never changed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER prescription_signed_stays BEFORE UPDATE OR DELETE ON appointments_prescription
FOR EACH ROW WHEN (OLD.status <> 'draft') EXECUTE FUNCTION appointments_prescription_stays();
"""
GOES = """
DROP TRIGGER prescription_signed_stays ON appointments_prescription;
DROP FUNCTION appointments_prescription_stays();
DROP TRIGGER note_signed_stays ON appointments_visitnote;
DROP TRIGGER read_stays ON appointments_recordread;
DROP TRIGGER addendum_stays ON appointments_noteaddendum;
DROP TRIGGER patient_version_stays ON appointments_patientversion;
DROP FUNCTION appointments_record_stays();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0005_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DoctorReferral",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("asked", "asked"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("objected", "objected"),
                            ("withdrawn", "withdrawn"),
                            ("ended", "ended"),
                            ("lapsed", "lapsed"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                (
                    "urgency",
                    models.CharField(
                        choices=[("routine", "routine"), ("urgent", "urgent"), ("emergency", "emergency")],
                        max_length=10,
                    ),
                ),
                ("reason", common.fields.EncryptedTextField(max_length=2000)),
                (
                    "answer",
                    common.fields.EncryptedTextField(
                        help_text="Why the other has declined.", max_length=500, null=True
                    ),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("profile", "profile"),
                                ("records", "records"),
                                ("files", "files"),
                                ("observations", "observations"),
                            ],
                            max_length=12,
                        ),
                        size=None,
                    ),
                ),
                ("days", models.PositiveSmallIntegerField()),
                ("answer_by", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "from_doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="appointments.doctor"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "to_doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="appointments.doctor"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RecordGrant",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "origin",
                    models.CharField(
                        choices=[("patient", "patient"), ("referral", "referral"), ("emergency", "emergency")],
                        max_length=10,
                    ),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("profile", "profile"),
                                ("records", "records"),
                                ("files", "files"),
                                ("observations", "observations"),
                            ],
                            max_length=12,
                        ),
                        size=None,
                    ),
                ),
                ("starts_at", models.DateTimeField(default=common.clock.now)),
                ("ends_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="appointments.doctor"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="appointments.doctorreferral",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PatientVersion",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("facts", common.fields.EncryptedTextField()),
                ("changed", models.JSONField(help_text="The names of what differs from the version before.")),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
            name="Prescription",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "draft"), ("signed", "signed"), ("revoked", "revoked")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("number", models.CharField(max_length=20, null=True)),
                ("code", models.CharField(max_length=32, null=True)),
                ("content", common.fields.EncryptedTextField()),
                ("patient_name", common.fields.EncryptedTextField(null=True)),
                ("signed_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoke_reason", common.fields.EncryptedTextField(max_length=500, null=True)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prescriptions",
                        to="appointments.appointment",
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="appointments.doctor"
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
            name="RecordRead",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("profile", "profile"),
                            ("records", "records"),
                            ("files", "files"),
                            ("observations", "observations"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "object_id",
                    models.UUIDField(
                        help_text="One file, analysis, visit or prescription; none for a list.", null=True
                    ),
                ),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("author", "author"),
                            ("treating", "treating"),
                            ("grant", "grant"),
                            ("referral", "referral"),
                            ("emergency", "emergency"),
                        ],
                        max_length=10,
                    ),
                ),
                ("read_at", models.DateTimeField()),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="appointments.doctor"
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reads",
                        to="appointments.recordgrant",
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
            name="VisitNote",
            fields=[
                (
                    "appointment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="note",
                        serialize=False,
                        to="appointments.appointment",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "draft"), ("signed", "signed")], default="draft", max_length=10
                    ),
                ),
                ("content", common.fields.EncryptedTextField()),
                ("signed_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="appointments.doctor"
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
            name="NoteAddendum",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("text", common.fields.EncryptedTextField(max_length=5000)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="addenda", to="appointments.visitnote"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BreakGlass",
            fields=[
                (
                    "grant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="emergency",
                        serialize=False,
                        to="appointments.recordgrant",
                    ),
                ),
                ("reason", common.fields.EncryptedTextField(max_length=500)),
                ("created_at", models.DateTimeField(default=common.clock.now)),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("reviewed_by", models.CharField(blank=True, help_text="admin:…", max_length=60)),
                ("is_justified", models.BooleanField(null=True)),
            ],
            options={
                "verbose_name_plural": "break-glass accesses",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_justified", None), ("reviewed_at", None)),
                            models.Q(("is_justified__isnull", False), ("reviewed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="break_glass_review_has_an_end",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="recordgrant",
            index=models.Index(
                condition=models.Q(("revoked_at", None)), fields=["doctor", "patient", "ends_at"], name="grants_open"
            ),
        ),
        migrations.AddIndex(
            model_name="recordgrant",
            index=models.Index(fields=["patient", "-id"], name="grants_of_patient"),
        ),
        migrations.AddConstraint(
            model_name="recordgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["patient", "referral", "emergency"])), name="grant_origin_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="recordgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("scopes__contained_by", ["profile", "records", "files", "observations"]), ("scopes__len__gt", 0)
                ),
                name="grant_scopes_are_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="recordgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at__gt", models.F("starts_at")),
                    (
                        "ends_at__lte",
                        models.ExpressionWrapper(
                            django.db.models.expressions.CombinedExpression(
                                models.F("starts_at"),
                                "+",
                                models.Value(datetime.timedelta(days=366), output_field=models.DurationField()),
                            ),
                            output_field=models.DateTimeField(),
                        ),
                    ),
                ),
                name="grant_ends_within_a_year",
            ),
        ),
        migrations.AddConstraint(
            model_name="recordgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("origin", "referral"), ("referral__isnull", False)),
                    models.Q(models.Q(("origin", "referral"), _negated=True), ("referral", None)),
                    _connector="OR",
                ),
                name="grant_of_a_referral_names_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="recordgrant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("origin", "patient"), ("revoked_at", None)),
                fields=("patient", "doctor"),
                name="one_grant_of_the_patient",
            ),
        ),
        migrations.AddIndex(
            model_name="doctorreferral",
            index=models.Index(fields=["from_doctor", "-id"], name="referrals_sent"),
        ),
        migrations.AddIndex(
            model_name="doctorreferral",
            index=models.Index(fields=["to_doctor", "-id"], name="referrals_received"),
        ),
        migrations.AddIndex(
            model_name="doctorreferral",
            index=models.Index(fields=["patient", "-id"], name="referrals_of_patient"),
        ),
        migrations.AddIndex(
            model_name="doctorreferral",
            index=models.Index(condition=models.Q(("status", "asked")), fields=["answer_by"], name="referrals_asked"),
        ),
        migrations.AddConstraint(
            model_name="doctorreferral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["asked", "accepted", "declined", "objected", "withdrawn", "ended", "lapsed"])
                ),
                name="referral_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctorreferral",
            constraint=models.CheckConstraint(
                condition=models.Q(("urgency__in", ["routine", "urgent", "emergency"])),
                name="referral_urgency_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctorreferral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("scopes__contained_by", ["profile", "records", "files", "observations"]), ("scopes__len__gt", 0)
                ),
                name="referral_scopes_are_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctorreferral",
            constraint=models.CheckConstraint(
                condition=models.Q(("days__gte", 1), ("days__lte", 90)), name="referral_days_are_few"
            ),
        ),
        migrations.AddConstraint(
            model_name="doctorreferral",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_doctor", models.F("to_doctor")), _negated=True), name="referral_is_to_another"
            ),
        ),
        migrations.AddConstraint(
            model_name="doctorreferral",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["asked", "accepted"])),
                fields=("patient", "from_doctor", "to_doctor"),
                name="one_open_referral",
            ),
        ),
        migrations.AddConstraint(
            model_name="patientversion",
            constraint=models.UniqueConstraint(fields=("patient", "number"), name="patient_version_once"),
        ),
        migrations.AddIndex(
            model_name="prescription",
            index=models.Index(fields=["appointment", "id"], name="prescriptions_of_visit"),
        ),
        migrations.AddIndex(
            model_name="prescription",
            index=models.Index(
                condition=models.Q(("status__in", ["signed", "revoked"])),
                fields=["patient", "-signed_at"],
                name="prescriptions_of_patient",
            ),
        ),
        migrations.AddIndex(
            model_name="prescription",
            index=models.Index(
                condition=models.Q(("status", "draft")), fields=["created_at"], name="prescriptions_drafted"
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "signed", "revoked"])), name="prescription_status_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "draft"),
                    models.Q(("code__isnull", False), ("number__isnull", False), ("signed_at__isnull", False)),
                    _connector="OR",
                ),
                name="prescription_signed_has_a_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("revoked_at", None),
                    models.Q(("revoke_reason__isnull", False), ("status", "revoked")),
                    _connector="OR",
                ),
                name="prescription_revoked_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.UniqueConstraint(fields=("number",), name="prescription_number_once"),
        ),
        migrations.AddConstraint(
            model_name="prescription",
            constraint=models.UniqueConstraint(fields=("code",), name="prescription_code_once"),
        ),
        migrations.AddIndex(
            model_name="recordread",
            index=models.Index(fields=["patient", "-id"], name="reads_of_patient"),
        ),
        migrations.AddConstraint(
            model_name="recordread",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", ["profile", "records", "files", "observations"])),
                name="read_scope_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="recordread",
            constraint=models.CheckConstraint(
                condition=models.Q(("ground__in", ["author", "treating", "grant", "referral", "emergency"])),
                name="read_ground_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="visitnote",
            index=models.Index(
                condition=models.Q(("status", "signed")), fields=["patient", "-signed_at"], name="notes_of_patient"
            ),
        ),
        migrations.AddConstraint(
            model_name="visitnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "signed"])), name="note_status_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="visitnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("signed_at", None), ("status", "draft")),
                    models.Q(("signed_at__isnull", False), ("status", "signed")),
                    _connector="OR",
                ),
                name="note_signed_has_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="noteaddendum",
            index=models.Index(fields=["note", "id"], name="addenda_of_note"),
        ),
        migrations.RunSQL(STAYS, GOES),
    ]
