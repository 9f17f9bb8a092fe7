"""A row with what it points at, in one query, as the ORM would have given it."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.finding import find_with
from partners.models import MemberSession
from stock.models import Unit
from tests.factories import make_hospital
from tests.partners.factories import member_tokens
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db


def values(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_session_comes_with_its_member_and_partner():
    member_tokens(make_hospital())
    session = MemberSession.objects.select_related("account__partner").get()

    with CaptureQueriesContext(connection) as queries:
        found = find_with(MemberSession, session.pk, "account__partner")
        rows = [found, found.account, found.account.partner]

    assert len(queries) == 1
    assert [values(row) for row in rows] == [values(row) for row in (session, session.account, session.account.partner)]
    assert not found._state.adding


def test_what_is_not_there_is_none():
    assert find_with(MemberSession, uuid.uuid4(), "account") is None


def test_a_key_that_may_be_empty_is_refused():
    unit = make_unit(make_hospital().partner)

    with pytest.raises(ValueError, match="may be empty"):
        find_with(Unit, unit.pk, "split_from")
