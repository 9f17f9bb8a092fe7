"""What is kept how long is data: with a floor, a history, a record of every run, and a page that lists it."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, InternalError, connection, transaction
from django.test import Client

from common import clock, outbox, retention
from common.errors import NotFound
from common.models import OutboxEvent, RetentionPeriod, RetentionRun
from common.retention import RetentionIsFixed, RetentionTooShort
from users.models import User

pytestmark = pytest.mark.django_db
RULE = "told_events"


def told(age: dt.timedelta) -> OutboxEvent:
    moment = clock.now() - age
    return OutboxEvent.objects.create(name="x", key="x", created_at=moment, available_at=moment, done_at=moment)


def put(**values):
    return retention.set_period(**{"rule": RULE, "hours": 48, "reason": "Space.", "set_by": "admin 1", **values})


def test_a_rule_forgets_after_its_packaged_period_and_says_what_it_did():
    told(dt.timedelta(days=8))
    told(dt.timedelta(days=6))

    outbox.prune()
    outbox.prune()

    run = RetentionRun.objects.get(rule=RULE)
    assert OutboxEvent.objects.count() == 1
    assert (run.last_at, run.last_rows, run.rows) == (run.last_at, 0, 1)


def test_a_period_that_is_set_holds_from_then_on_and_the_earlier_ones_stay_known():
    told(dt.timedelta(days=3))
    before = outbox.prune()
    put(hours=72 * 2)
    put(hours=48)

    assert (before, outbox.prune()) == (0, 1)
    assert list(RetentionPeriod.objects.order_by("pk").values_list("hours", flat=True)) == [144, 48]


def test_no_period_is_set_below_the_floor():
    with pytest.raises(RetentionTooShort):
        put(hours=23)
    with pytest.raises(IntegrityError), transaction.atomic():
        RetentionPeriod.objects.create(rule=RULE, hours=23, floor_hours=24, reason="", set_by="", set_at=clock.now())


def test_the_law_s_floor_of_the_audit_log_is_a_year():
    assert next(rule for rule in retention.rules() if rule.name == "audit_log").floor >= dt.timedelta(days=365)


def test_what_each_row_says_cannot_be_set_and_unknown_rules_are_refused():
    with pytest.raises(RetentionIsFixed):
        put(rule="visit_answers")
    with pytest.raises(NotFound):
        put(rule="nothing")


def test_a_period_that_was_set_is_never_changed():
    put()

    with pytest.raises((IntegrityError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE common_retentionperiod SET hours = 99")


def test_the_two_jobs_run_every_rule_once():
    retention.apply_nightly()
    retention.apply_hourly()

    assert set(RetentionRun.objects.values_list("rule", flat=True)) == {rule.name for rule in retention.rules()}


def test_one_rule_that_fails_keeps_no_other_waiting(monkeypatch):
    def fails() -> int:
        raise RuntimeError

    first = retention.rules()[0]
    broken = type(first)(**{**vars(first), "act": fails})
    monkeypatch.setattr(retention, "rules", lambda: [broken, *list(retention._rules.values())])

    with pytest.raises(RuntimeError):
        retention.apply_nightly()
    assert RetentionRun.objects.filter(rule=RULE).exists()


def test_the_page_about_privacy_lists_every_rule_as_it_is():
    out = StringIO()

    call_command("print_retention", stdout=out)

    page = (settings.BASE_DIR / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert out.getvalue().strip() in page, "docs/privacy.md: put in what `manage.py print_retention` prints"


def test_administrators_see_the_rules_and_superusers_set_a_period():
    admin = User.objects.create_superuser(phone="+919876543210", password="seven quiet tamarinds", name="Meera")
    client, page = Client(), "/admin/common/retentionperiod/rules/"
    client.force_login(admin)

    shown = client.get(page).content.decode()
    short = client.post(page, {"rule": RULE, "hours": 1, "reason": "Space."})
    done = client.post(page, {"rule": RULE, "hours": 48, "reason": "Space."})

    assert "Who did what, and who read whose health data" in shown
    assert "kept for longer" in short.content.decode()
    assert done.status_code == 302
    assert retention.period(RULE) == dt.timedelta(hours=48)
