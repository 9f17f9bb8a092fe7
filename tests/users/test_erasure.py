"""Forgetting a person: who goes, what stays, and what must be over before."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common import outbox
from common.errors import NotFound
from donations.models import Donation, Rating
from donations.services import rating
from notifications.models import Delivery, Notification
from requests_app.models import Assignment, RequestEvent, Standby
from requests_app.services import promises
from tests.concurrency.scenes import race_test
from tests.donations.scenes import verify
from tests.factories import PASSWORD, make_arrived, make_donor, make_promise, make_request, make_user, person_client
from tests.races import names, race
from tests.users.dump import dump
from users import selectors
from users.errors import AccountErased
from users.models import Deferral, Donor, IdentityAssurance, OtpChallenge, PastDonation, Session, User
from users.services import accounts, donors, erasure, otp
from users.states import Purpose

URL = "/api/v1/me/erasure"
pytestmark = pytest.mark.django_db


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.email, user.city = "asha@example.org", "Pune"
    user.save()
    return user


def person(**values: Any) -> User:
    return with_password(make_user(**values))


def erase(user: User, password: str = PASSWORD) -> Any:
    return person_client(user).post(URL, {"current_password": password}, format="json")


def test_who_it_was_is_gone_at_once():
    user = person(name="Asha Kulkarni")
    phone = user.phone

    answer = erase(user)

    assert answer.status_code == 200
    user.refresh_from_db()
    assert (user.name, user.email, user.city, user.lat, user.is_active) == ("", "", "", None, False)
    assert user.phone.startswith("+999")
    assert not User.objects.filter(phone=phone).exists()
    assert selectors.contacts([user.pk]) == {}


def test_every_device_is_signed_out_and_no_password_or_code_signs_in():
    user = person()
    phone, client = user.phone, person_client(user)
    wanted = otp.request_person_code(phone=phone, purpose=Purpose.LOGIN, language="en")

    erase(user)

    assert client.get("/api/v1/me").status_code == 401
    assert not Session.objects.filter(account=user, ended_at=None).exists()
    assert not OtpChallenge.objects.filter(pk=wanted.id).exists()
    login = person_client(person()).post("/api/v1/auth/login", {"phone": phone, "password": PASSWORD}, format="json")
    assert login.status_code == 401


def test_a_wrong_password_forgets_nobody():
    user = person()

    answer = erase(user, "a wrong one")

    assert (answer.status_code, answer.json()["code"]) == (400, "password_wrong")
    assert answer.json()["errors"][0]["pointer"] == "/current_password"
    user.refresh_from_db()
    assert user.erased_at is None


def test_an_open_promise_must_be_over_before():
    donor = make_donor()
    with_password(donor.user)
    promise = make_promise(donor=donor)

    refused = erase(donor.user)
    promises.cancel_promise(assignment_id=promise.assignment.pk, donor_id=donor.pk, reason="my mother is ill")
    done = erase(donor.user)

    assert (refused.status_code, refused.json()["code"]) == (409, "promise_open")
    assert done.status_code == 200


def test_what_was_given_stays_with_nobody_s_name():
    arrived = make_arrived()
    donation = verify(arrived)
    donor = Donor.objects.get(pk=donation.donor_id)
    user = with_password(donor.user)
    partner_id = donation.partner_id
    Deferral.objects.create(donor=donor, code="tattoo", occurred_on="2030-01-02")
    Deferral.objects.create(donor=donor, code="malaria", occurred_on="2030-01-02", recorded_by=partner_id)
    PastDonation.objects.create(donor=donor, donation_type="whole_blood", donated_on="2029-01-02")
    born = donor.date_of_birth

    erase(user)

    donor.refresh_from_db()
    assert Donation.objects.filter(pk=donation.pk, donor=donor).exists()
    assert (donor.date_of_birth, donor.weight_kg, donor.lat) == (dt.date(born.year, 1, 1), None, None)
    assert (donor.available, donor.on_leaderboard) == (False, False)
    assert [row.code for row in donor.deferrals.all()] == ["malaria"]
    assert [row.donation_id for row in donor.past_donations.all()] == [donation.pk]


def test_no_row_tells_name_telephone_or_words_once_the_apps_have_heard():
    donor = make_donor()
    user = with_password(donor.user)
    User.objects.filter(pk=user.pk).update(name="Asha Kulkarni")
    user.refresh_from_db()
    request = make_request()
    outbox.drain()  # asks the donor
    promise = make_promise(request, donor)
    promises.cancel_promise(assignment_id=promise.assignment.pk, donor_id=donor.pk, reason="my mother is ill")
    outbox.drain()
    assert Notification.objects.filter(user=user).exists()
    phone = user.phone

    erase(user)
    outbox.drain()

    rows = dump()
    assert str(user.pk) in rows
    for trace in (phone, "Asha Kulkarni", "asha@example.org", "my mother is ill"):
        assert trace not in rows
    assert not Notification.objects.filter(user=user).exists()
    assert not Delivery.objects.filter(to=phone).exists()
    assert Assignment.objects.filter(pk=promise.assignment.pk).exists()
    assert RequestEvent.objects.filter(assignment=promise.assignment, verb="cancel").exists()


def test_the_words_of_a_rating_go_and_its_stars_stay():
    donation = verify()
    user = with_password(User.objects.get(pk=donation.donor_id))
    rating.rate_partner(assignment_id=donation.assignment_id, donor_id=user.pk, stars=4, comment="my words")

    erase(user)
    outbox.drain()

    assert list(Rating.objects.values_list("stars", "comment")) == [(4, "")]


def test_nobody_waits_for_a_place_any_more():
    request = make_request()
    make_promise(request)
    waiting = make_donor()
    with_password(waiting.user)
    promises.stand_by(request_id=request.pk, donor_id=waiting.pk)

    erase(waiting.user)
    outbox.drain()

    assert not Standby.objects.exists()


def test_identity_and_consents_end_and_the_proof_stays():
    user = person()
    person_client(user).post("/api/v1/me/identity/aadhaar", {"number": "234123412346", "consent": True}, format="json")

    erase(user)

    row = IdentityAssurance.objects.get()
    assert (row.last4, row.ended_at is None, row.consent.withdrawn_at is None) == ("", False, False)


def test_an_administrator_who_is_erased_administers_nothing():
    user = person(is_staff=True, is_superuser=True)

    erase(user)

    user.refresh_from_db()
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_the_number_is_free_for_a_new_account():
    user = person()
    phone = user.phone

    erase(user)

    assert make_user(phone=phone).pk != user.pk


def test_an_erased_account_is_never_opened_again():
    user = person()
    erase(user)

    with pytest.raises(AccountErased):
        accounts.reinstate(user_id=user.pk)
    with pytest.raises(AccountErased):
        accounts.update_profile(user_id=user.pk, changes={"name": "Asha"})
    with pytest.raises(AccountErased):
        donors.save_donor(user_id=user.pk, values={"blood_group": "O-"})
    with pytest.raises(AccountErased):
        erasure._erase(user_id=user.pk, phone=user.phone, proven_hash=user.password)


def test_the_database_lets_nobody_have_a_name():
    user = person()
    erase(user)

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(name="Asha")


def test_an_unknown_person_is_not_found():
    with pytest.raises(NotFound):
        erasure.erase(user_id=uuid.uuid4(), password=PASSWORD)


@race_test
def test_of_accepting_and_erasing_at_once_exactly_one_wins():
    donor, request = make_donor(), make_request()
    with_password(donor.user)

    outcomes = race(
        lambda: promises.accept(request_id=request.pk, donor_id=donor.pk),
        lambda: erasure.erase(user_id=donor.pk, password=PASSWORD),
    )

    assert names(outcomes) in (
        ["Promise", "PromiseOpen"],
        ["DonorNotEligible", "datetime"],
        ["LocationUnknown", "datetime"],
    )


@race_test
def test_erasing_twice_at_once_happens_once():
    user = person()

    def act() -> Any:
        return erasure.erase(user_id=user.pk, password=PASSWORD)

    assert names(race(act, act)) in (["AccountErased", "datetime"], ["PasswordWrong", "datetime"])
