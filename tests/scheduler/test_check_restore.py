"""What was restored is looked at before anybody is let in."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from config.management.commands.check_restore import OPEN
from payments.models import ProviderToken


def look() -> str:
    out = StringIO()
    call_command("check_restore", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_a_whole_database_is_fit_to_be_used():
    ProviderToken.objects.create(name="test", token="sealed")

    said = look()

    assert "FAULT" not in said
    assert "open the newest value of 1 columns" in said
    assert said.endswith("The database is whole.\n")


@pytest.mark.django_db
def test_a_database_of_another_release_is_not():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'stock' AND name LIKE '0005%'")

    with pytest.raises(CommandError, match="migrations"):
        look()


@pytest.mark.django_db
def test_a_database_without_its_keys_is_not(settings):
    ProviderToken.objects.create(name="test", token="sealed")
    settings.FIELD_KEYS = {"other": b"x" * 32}

    with pytest.raises(CommandError, match="keys"):
        look()


@pytest.mark.parametrize(("label", "states"), OPEN)
def test_what_is_counted_has_these_states(label, states):
    choices = apps.get_model(label)._meta.get_field("status").choices

    assert set(states) <= {value for value, _ in choices}
