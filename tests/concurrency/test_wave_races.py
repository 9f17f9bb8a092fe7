"""Waves of several workers at the same moment."""

from __future__ import annotations

from collections import Counter

from requests_app.models import Ask, BloodRequest, Wave
from requests_app.services import waves
from tests.concurrency.scenes import race_test, unlock, waiting
from tests.factories import make_donor, make_request
from tests.races import meeting, names, race
from users import matching

pytestmark = race_test


def asking(request):
    return lambda: waves.run_due_waves(request_id=request.pk)


def test_two_workers_run_one_wave_once():
    for _ in range(3):
        make_donor()
    request = make_request()

    outcomes = race(*[asking(request) for _ in range(4)])

    assert names(outcomes) == ["NoneType"] * 4
    assert Wave.objects.count() == 1
    assert Ask.objects.count() == 3


def test_the_constraints_alone_ask_nobody_twice(monkeypatch):
    for _ in range(3):
        make_donor()
    request = make_request()
    with meeting(2) as wait:
        unlock(monkeypatch, "requests_app.services.waves.lock", after=BloodRequest, wait=wait)

        outcomes = race(*[asking(request) for _ in range(2)])

    assert names(outcomes) == ["IntegrityError", "NoneType"]
    assert Ask.objects.count() == 3


def most_asked():
    return max(Counter(Ask.objects.values_list("donor_id", flat=True)).values())


def test_requests_that_ask_at_the_same_moment_keep_the_daily_cap():
    for _ in range(2):
        make_donor()
    requests = [make_request() for _ in range(6)]

    race(*[asking(request) for request in requests])

    assert most_asked() == 3


def test_without_taking_turns_the_cap_leaks(monkeypatch):
    make_donor()
    requests = [make_request() for _ in range(5)]
    with meeting(5) as wait:
        monkeypatch.setattr(waves, "take_turn", lambda name: None)
        monkeypatch.setattr(matching, "nearest_donors", waiting(matching.nearest_donors, wait))

        race(*[asking(request) for request in requests])

    assert most_asked() > 3
