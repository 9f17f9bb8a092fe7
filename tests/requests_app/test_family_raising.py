"""A family asks: of whom, how often, and until when."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from common import clock
from common.geo import Point
from requests_app import jobs
from requests_app.errors import (
    FamilyRequestOpen,
    FamilyRequestsTooMany,
    HospitalUnknown,
    NeededByInvalid,
    NoBankNearby,
)
from requests_app.models import AttenderEvent, AttenderRequest
from requests_app.services.families.raising import MOST_OPEN, Place
from tests.factories import KM, PASSWORD, PUNE, make_hospital, make_user, person_client
from tests.partners.factories import make_listing, make_partner
from tests.requests_app.family_scenes import cancel, history, make_family, refuse, settle, verify_identity
from tests.requests_app.scenes import events
from users.errors import AccountErased
from users.services import erasure

pytestmark = pytest.mark.django_db
PLACE = Place("Ward 4, Village Clinic", Point(float(PUNE[0]), float(PUNE[1])))


def bank(km, **values):
    return make_hospital(lat=PUNE[0] + KM * Decimal(km), **{"kind": "blood_bank", **values})


def test_a_request_goes_to_the_chosen_hospital_which_is_told():
    owner, person = make_hospital(), make_user()

    family = make_family(owner, requester=person)

    assert (family.partner_id, family.requester_id, family.status, family.sole) == (
        owner.partner_id,
        person.pk,
        "open",
        True,
    )
    assert (family.patient_name, family.units_left) == ("Suresh Patil", 2)
    assert events("family.asked") == [{"attender_request": str(family.pk)}]
    assert history(family) == ["raise"]


def test_a_place_off_the_platform_is_served_by_the_nearest_live_partner_that_keeps_blood():
    make_hospital(kind="hospital")
    make_partner(kind="blood_bank", lat=PUNE[0], lng=PUNE[1], status="suspended")
    make_listing(kind="blood_bank", lat=PUNE[0], lng=PUNE[1])
    bank(9)
    nearest = bank(3, kind="both")

    family = make_family(None, place=PLACE)

    assert family.partner_id == nearest.partner_id
    assert (family.place_name, float(family.place_lat)) == ("Ward 4, Village Clinic", float(PUNE[0]))


def test_a_place_without_a_bank_within_twenty_kilometres_is_refused():
    bank(21)

    with pytest.raises(NoBankNearby):
        make_family(None, place=PLACE)

    assert not AttenderRequest.objects.exists()


@pytest.mark.parametrize("status", ["pending", "suspended", "rejected", "listed"])
def test_a_hospital_that_is_not_live_serves_nobody(status):
    owner = make_hospital(status=status, in_directory=status == "listed")

    with pytest.raises(HospitalUnknown):
        make_family(owner)


@pytest.mark.parametrize("gap", [dt.timedelta(0), dt.timedelta(days=30, seconds=5)])
def test_blood_is_needed_within_thirty_days(gap):
    with pytest.raises(NeededByInvalid):
        make_family(make_hospital(), needed_by=clock.now() + gap)


def test_jd_29_an_unverified_family_has_one_open_request_at_a_time():
    owner, person = make_hospital(), make_user()
    first = make_family(owner, requester=person)

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        AttenderRequest.objects.create(
            **{
                field.attname: getattr(first, field.attname)
                for field in AttenderRequest._meta.concrete_fields
                if field.name != "id"
            }
        )

    assert caught.value.__cause__.diag.constraint_name == FamilyRequestOpen.constraint


def test_who_has_proven_nothing_is_held_to_one_and_who_has_is_not(unthrottled):
    owner, person = make_hospital(), make_user()
    client = person_client(person)
    body = {
        "patient": {"name": "Suresh Patil", "age": 61, "sex": "male"},
        "doctor": "Dr. Leela Rao",
        "blood_group": "unknown",
        "component": "red_cells",
        "units": 1,
        "urgency": "critical",
        "needed_by": (clock.now() + dt.timedelta(hours=3)).isoformat(),
        "hospital": str(owner.partner_id),
    }

    first = client.post("/api/v1/attender-requests", body, format="json")
    verified = make_family(owner, requester=verify_identity(make_user()))

    assert (first.status_code, first.json()["blood_group"]) == (201, "unknown")
    assert AttenderRequest.objects.get(pk=first.json()["id"]).sole
    assert not verified.sole


@pytest.mark.parametrize("end", [cancel, lambda family: refuse(family, family.owner)])
def test_after_its_end_an_unverified_family_may_ask_again(end):
    owner, person = make_hospital(), make_user()
    family = make_family(owner, requester=person)
    family.owner = owner
    end(family)

    again = make_family(owner, requester=person)

    assert again.status == "open"


def test_d1_a_request_whose_hour_has_passed_bars_nobody_before_the_sweep(noon):
    owner, person = make_hospital(), make_user()
    late = make_family(owner, requester=person, needed_by=clock.now() + dt.timedelta(hours=1))
    noon.shift(dt.timedelta(hours=1))

    again = make_family(owner, requester=person)

    late.refresh_from_db()
    assert (late.status, again.status) == ("expired", "open")
    assert events("family.expired") == [{"attender_request": str(late.pk)}]


def test_who_lost_the_level_is_held_to_one_request_with_those_that_are_open():
    owner, person = make_hospital(), verify_identity(make_user())
    make_family(owner, requester=person)
    person_client(person).post("/api/v1/me/consents/identity/withdraw")

    with pytest.raises(FamilyRequestOpen):
        make_family(owner, requester=person)


def test_a_verified_person_has_a_limit_too():
    owner, person = make_hospital(), verify_identity(make_user())
    for _ in range(MOST_OPEN):
        make_family(owner, requester=person)

    with pytest.raises(FamilyRequestsTooMany):
        make_family(owner, requester=person)

    assert AttenderRequest.objects.count() == MOST_OPEN


def test_nobody_who_was_erased_asks():
    person = make_user()
    person.set_password(PASSWORD)
    person.save()
    erasure.erase(user_id=person.pk, password=PASSWORD)

    with pytest.raises(AccountErased):
        make_family(make_hospital(), requester=person)


def test_the_sweep_closes_what_is_over_and_nothing_else(noon):
    owner = make_hospital()
    over = make_family(owner, needed_by=clock.now() + dt.timedelta(hours=1))
    later = make_family(owner)
    noon.shift(dt.timedelta(hours=1))

    assert (jobs.expire_families(), jobs.expire_families()) == (1, 0)

    settle(over), settle(later)
    assert (over.status, later.status) == ("expired", "open")
    assert history(over)[-1] == "expire"


def test_history_cannot_be_changed():
    family = make_family(make_hospital())

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        AttenderEvent.objects.filter(request=family).update(verb="nothing")

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        AttenderEvent.objects.filter(request=family).delete()


def test_posting_is_throttled_by_account(settings):
    settings.THROTTLES = {**settings.THROTTLES, "family_request": "1/h"}
    client = person_client(make_user())

    answers = [client.post("/api/v1/attender-requests", {}, format="json").status_code for _ in range(2)]

    assert answers == [400, 429]
    assert client.get("/api/v1/attender-requests").status_code == 200
