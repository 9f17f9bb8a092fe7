"""Going back before camps: plans go, and records that the law wants kept stop it before anything is touched."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db.migrations.exceptions import IrreversibleError

from common.db import unit_of_work
from donations.models import Donation, Invitation
from donations.services.inviting import plan_invitation
from tests.donations.camp_scenes import come, gave, make_camp, report
from tests.donations.scenes import verify
from tests.factories import make_donor

pytestmark = pytest.mark.django_db

go_back = import_module("donations.migrations.0004_camps").go_back


def plan(place, visited_at):
    with unit_of_work():
        plan_invitation(donor_id=place.donor_id, visited_at=visited_at, enrolment_id=place.pk)


def test_donations_of_camps_stop_it_and_lose_nothing(noon):
    camp = make_camp()
    [place] = come(camp, noon, make_donor())
    report(camp, gave=[gave(place)])
    plan(place, camp.ends_at)

    with pytest.raises(IrreversibleError, match="given at camps"):
        go_back(apps, None)

    assert (Donation.objects.count(), Invitation.objects.count()) == (1, 1)


def test_invitations_after_camps_go_and_donations_to_partners_stay(noon):
    camp = make_camp()
    [place] = come(camp, noon, make_donor())
    report(camp)
    plan(place, camp.ends_at)
    verify()

    go_back(apps, None)

    assert (Donation.objects.count(), Invitation.objects.filter(enrolment__isnull=False).count()) == (1, 0)
