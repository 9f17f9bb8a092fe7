"""Load the packaged eligibility rules. The files are read as they are when the migration runs."""

import csv
from pathlib import Path

from django.db import migrations

DATA = Path(__file__).resolve().parent.parent / "data"
FILES = ("eligibility_rules.csv", "deferral_rules.csv")
BOOLEANS = {"first_time", "until_resolved", "permanent", "declarable", "private", "enabled"}
NULLABLE = {"value", "over_volume_ml", "red_cells_lost", "defer_days", "effective_to"}


def _value(column, text):
    if column in BOOLEANS:
        return text == "yes"
    if column == "red_cells_lost":
        return {"yes": True, "no": False, "": None}[text]
    if column in NULLABLE and text == "":
        return None
    if column == "sex" and text == "any":
        return ""
    return text


def load(apps, schema_editor):
    rule = apps.get_model("users", "EligibilityRule")
    rows = []
    for name in FILES:
        with (DATA / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rows.append(rule(**{column: _value(column, text.strip()) for column, text in row.items()}))
    rule.objects.bulk_create(rows)


def unload(apps, schema_editor):
    apps.get_model("users", "EligibilityRule").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]
    operations = [migrations.RunPython(load, unload)]
