"""One open case each, and a flag that is raised whoever comes last."""

from __future__ import annotations

import pytest

from partners.models import Complaint, Partner
from partners.services import complaints
from partners.services.complaints import FLAG_AFTER, Grievance
from partners.states import ComplaintCategory
from tests.concurrency.scenes import race_test, unlock, without_constraints
from tests.factories import make_user
from tests.partners.factories import make_partner
from tests.races import meeting, names, race

pytestmark = race_test


def complains(person, partner):
    said = Grievance(ComplaintCategory.CONDUCT, "They were rude.")
    return lambda: complaints.complain_about_partner(person_id=person.pk, partner_id=partner.pk, grievance=said)


def test_complaining_four_times_at_once_opens_one_case():
    person, partner = make_user(), make_partner()

    outcomes = race(*[complains(person, partner) for _ in range(4)])

    assert names(outcomes) == ["Complaint"] + ["ComplaintOpen"] * 3
    assert Complaint.objects.count() == 1


def test_without_the_constraint_all_would_be_opened():
    person, partner = make_user(), make_partner()

    with without_constraints((Complaint, "one_open_complaint_each")):
        outcomes = race(*[complains(person, partner) for _ in range(4)])

        assert names(outcomes) == ["Complaint"] * 4


def test_the_last_of_many_at_once_raises_the_flag():
    partner = make_partner()

    race(*[complains(make_user(), partner) for _ in range(FLAG_AFTER)])

    assert Partner.objects.get(pk=partner.pk).flagged_at is not None
    assert partner.events.filter(verb="flag").count() == 1


def test_without_the_lock_nobody_would_count_the_others(monkeypatch: pytest.MonkeyPatch):
    partner = make_partner()
    count = complaints._flag_if_many

    with meeting(FLAG_AFTER) as wait:
        unlock(monkeypatch, "partners.services.complaints.lock", after=Partner, wait=lambda: None)
        monkeypatch.setattr(complaints, "_flag_if_many", lambda found: (count(found), wait()))
        race(*[complains(make_user(), partner) for _ in range(FLAG_AFTER)])

    assert Partner.objects.get(pk=partner.pk).flagged_at is None
