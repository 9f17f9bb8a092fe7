"""What the release before writes, which says nothing of newer columns, is put right by the database."""

from __future__ import annotations

import pytest

from common import clock
from tests.factories import make_user
from users.models import User


@pytest.mark.django_db
def test_an_address_that_changes_is_not_verified_any_more():
    person = make_user(email="asha@example.org", email_verified_at=clock.now())

    User.objects.filter(pk=person.pk).update(email="")

    assert User.objects.filter(pk=person.pk, email_verified_at=None).exists()


@pytest.mark.django_db
def test_an_address_that_stays_stays_verified():
    person = make_user(email="asha@example.org", email_verified_at=clock.now())

    User.objects.filter(pk=person.pk).update(email="asha@example.org", name="Asha")

    assert User.objects.filter(pk=person.pk, email_verified_at__isnull=False).exists()
