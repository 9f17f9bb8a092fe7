"""Consents to the reading of reports with their first notices, and what a low haemoglobin in a report means."""

import csv
import json
from importlib import import_module
from pathlib import Path

from django.db import migrations, models

packaged_rules = import_module("users.migrations.0002_packaged_rules")
DATA = Path(__file__).resolve().parent.parent / "data"
NOTICES = DATA / "consent_notices" / "reports_1.json"
PURPOSES = ("report_analysis", "report_vision")
CODE = "low_haemoglobin"


def load(apps, schema_editor):
    notice = apps.get_model("users", "ConsentNotice")
    notice.objects.bulk_create(notice(**row) for row in json.loads(NOTICES.read_text(encoding="utf-8")))


def load_rule(apps, schema_editor):
    """Add the rule where the packaged ones were loaded before it was among them."""
    rule = apps.get_model("users", "EligibilityRule")
    if rule.objects.filter(code=CODE).exists():
        return
    with (DATA / "deferral_rules.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["code"] == CODE]
    rule.objects.bulk_create(
        rule(**{column: packaged_rules._value(column, text.strip()) for column, text in row.items()})  # noqa: SLF001
        for row in rows
    )


def unload(apps, schema_editor):
    apps.get_model("users", "Consent").objects.filter(notice__purpose__in=PURPOSES).delete()
    apps.get_model("users", "ConsentNotice").objects.filter(purpose__in=PURPOSES).delete()
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else what follows finds the deletion still pending


def unload_rule(apps, schema_editor):
    apps.get_model("users", "Deferral").objects.filter(code=CODE).delete()
    apps.get_model("users", "EligibilityRule").objects.filter(code=CODE).delete()
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0008_documents"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="consentnotice",
            name="consent_purpose_is_known",
        ),
        migrations.AlterField(
            model_name="consentnotice",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("donor_matching", "donor matching"),
                    ("identity", "identity"),
                    ("identity_provider", "identity provider"),
                    ("donation", "donation"),
                    ("report_analysis", "report analysis"),
                    ("report_vision", "report vision"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddConstraint(
            model_name="consentnotice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "purpose__in",
                        [
                            "donor_matching",
                            "identity",
                            "identity_provider",
                            "donation",
                            "report_analysis",
                            "report_vision",
                        ],
                    )
                ),
                name="consent_purpose_is_known",
            ),
        ),
        migrations.RunPython(load, unload),
        migrations.RunPython(load_rule, unload_rule),
    ]
