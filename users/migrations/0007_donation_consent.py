"""Load the first notice of the consent to a donation. A newer text is a new file and a new migration."""

import json
from pathlib import Path

from django.db import migrations

NOTICES = Path(__file__).resolve().parent.parent / "data" / "consent_notices" / "donation_version_1.json"


def load(apps, schema_editor):
    notice = apps.get_model("users", "ConsentNotice")
    notice.objects.bulk_create(notice(**row) for row in json.loads(NOTICES.read_text(encoding="utf-8")))


def unload(apps, schema_editor):
    apps.get_model("users", "VisitAnswers").objects.all().delete()
    apps.get_model("users", "ConsentNotice").objects.filter(purpose="donation", version=1).delete()


class Migration(migrations.Migration):
    dependencies = [("users", "0006_questionnaire")]
    operations = [migrations.RunPython(load, unload)]
