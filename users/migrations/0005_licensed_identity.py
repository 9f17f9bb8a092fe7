"""The dialogue with a licensed provider, and the notice that a person reads before it."""

import json
from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.ids

NOTICES = Path(__file__).resolve().parent.parent / "data" / "consent_notices" / "identity_provider_1.json"


def load(apps, schema_editor):
    notice = apps.get_model("users", "ConsentNotice")
    notice.objects.bulk_create(notice(**row) for row in json.loads(NOTICES.read_text(encoding="utf-8")))


def unload(apps, schema_editor):
    apps.get_model("users", "ConsentNotice").objects.filter(purpose="identity_provider").delete()
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else what follows finds the deletion still pending


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0004_consent_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdentityAttestation",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=40)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("starting", "starting"),
                            ("code_sent", "code sent"),
                            ("checking", "checking"),
                            ("attested", "attested"),
                            ("failed", "failed"),
                            ("expired", "expired"),
                        ],
                        default="starting",
                        max_length=12,
                    ),
                ),
                (
                    "failure",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("number_refused", "number refused"),
                            ("name_differs", "name differs"),
                            ("identity_taken", "identity taken"),
                            ("tries_spent", "tries spent"),
                            ("refused", "refused"),
                            ("replaced", "replaced"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "request_key",
                    models.CharField(
                        blank=True, help_text="Digest of the Idempotency-Key it began with.", max_length=64
                    ),
                ),
                ("tries_left", models.PositiveSmallIntegerField()),
                (
                    "called_at",
                    models.DateTimeField(help_text="Since when a call to the provider may be under way.", null=True),
                ),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="consentnotice",
            name="consent_purpose_is_known",
        ),
        migrations.AddField(
            model_name="identityassurance",
            name="subject_digest",
            field=models.CharField(
                blank=True, db_default="", help_text="Keyed, of the provider's own token for the person.", max_length=64
            ),
        ),
        migrations.AlterField(
            model_name="consentnotice",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("donor_matching", "donor matching"),
                    ("identity", "identity"),
                    ("identity_provider", "identity provider"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddConstraint(
            model_name="consentnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["donor_matching", "identity", "identity_provider"])),
                name="consent_purpose_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityassurance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("subject_digest", ""),
                    models.Q(("ended_at", None), ("level", 2), ("subject_digest__regex", "^[0-9a-f]{64}$")),
                    _connector="OR",
                ),
                name="assurance_knows_its_subject_while_it_holds",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityassurance",
            constraint=models.UniqueConstraint(
                condition=models.Q(("subject_digest", ""), _negated=True),
                fields=("subject_digest",),
                name="one_account_per_attested_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityassurance",
            constraint=models.UniqueConstraint(
                condition=models.Q(("transaction_id", ""), _negated=True),
                fields=("provider", "transaction_id"),
                name="attestation_counts_once",
            ),
        ),
        migrations.AddField(
            model_name="identityattestation",
            name="consent",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="users.consent"),
        ),
        migrations.AddField(
            model_name="identityattestation",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="identityattestation",
            index=models.Index(condition=models.Q(("closed_at", None)), fields=["expires_at"], name="attestation_open"),
        ),
        migrations.AddIndex(
            model_name="identityattestation",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False)), fields=["closed_at"], name="attestation_closed"
            ),
        ),
        migrations.AddConstraint(
            model_name="identityattestation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["starting", "code_sent", "checking", "attested", "failed", "expired"])
                ),
                name="attestation_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityattestation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("status__in", ("starting", "code_sent", "checking"))),
                    models.Q(
                        models.Q(("status__in", ("starting", "code_sent", "checking")), _negated=True),
                        ("closed_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="attestation_is_closed_when_it_is_over",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityattestation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "failure__in",
                            [
                                "number_refused",
                                "name_differs",
                                "identity_taken",
                                "tries_spent",
                                "refused",
                                "replaced",
                                "withdrawn",
                            ],
                        ),
                        ("status", "failed"),
                    ),
                    models.Q(models.Q(("status", "failed"), _negated=True), ("failure", "")),
                    _connector="OR",
                ),
                name="attestation_failed_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityattestation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)), fields=("user",), name="one_open_attestation_per_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="identityattestation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("request_key", ""), _negated=True),
                fields=("user", "request_key"),
                name="attestation_begun_once_per_key",
            ),
        ),
        migrations.RunPython(load, unload),
    ]
