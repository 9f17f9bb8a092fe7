"""Load the first consent notices. A newer text is a new file and a new migration."""

import json
from pathlib import Path

from django.db import migrations

NOTICES = Path(__file__).resolve().parent.parent / "data" / "consent_notices" / "version_1.json"


def load(apps, schema_editor):
    notice = apps.get_model("users", "ConsentNotice")
    notice.objects.bulk_create(notice(**row) for row in json.loads(NOTICES.read_text(encoding="utf-8")))


def unload(apps, schema_editor):
    apps.get_model("users", "ConsentNotice").objects.filter(version=1).delete()


class Migration(migrations.Migration):
    dependencies = [("users", "0003_identities")]
    operations = [migrations.RunPython(load, unload)]
