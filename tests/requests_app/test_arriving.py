"""At the partner's door: the code, its tries, its end."""

from __future__ import annotations

import datetime as dt

import pytest

from requests_app.models import Assignment
from tests.factories import make_donor, make_hospital, make_promise, make_request, member_client, person_client
from tests.requests_app.scenes import events
from users.models import Donor

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit():
    """A promise, and how its partner's member shows a code."""
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    client = member_client(owner)

    def show(code):
        return send({"code": code})

    def send(body):
        path = f"/api/v1/partner/assignments/{promise.assignment.pk}/arrival"
        return client.post(path, body, format="json")

    show.send = send
    return promise, show


def wrong(promise):
    return "000000" if promise.code != "000000" else "000001"


def test_the_right_code_lets_the_partner_know_who_is_there(visit):
    promise, show = visit

    reply = show(promise.code)

    assert reply.status_code == 200
    body = reply.json()
    donor = Donor.objects.get()
    assert (body["status"], body["visitor"]["name"]) == ("arrived", donor.user.name)
    assert body["visitor"]["phone"] == donor.user.phone
    assert events("assignment.arrived") == [
        {"request": str(promise.assignment.request_id), "assignment": str(promise.assignment.pk)}
    ]


@pytest.mark.parametrize("written", ["  {code} ", "jeevansetu:arrival:{id}:{code}"])
def test_a_scanned_code_is_read_as_well(visit, written):
    promise, show = visit

    reply = show(written.format(code=promise.code, id=promise.assignment.pk))

    assert reply.status_code == 200


def test_a_wrong_code_costs_a_try_and_says_how_many_are_left(visit):
    promise, show = visit

    reply = show(wrong(promise))

    assert (reply.status_code, reply.json()["code"]) == (400, "arrival_code_wrong")
    assert reply.json()["attempts_left"] == 4
    assert reply.json()["errors"][0]["pointer"] == "/code"
    assert Assignment.objects.get().attempts_left == 4


def test_the_fifth_wrong_code_locks_and_then_the_right_one_is_worth_nothing(visit):
    promise, show = visit

    replies = [show(wrong(promise)) for _ in range(5)]

    assert [reply.status_code for reply in replies] == [400, 400, 400, 400, 423]
    last = show(promise.code)
    assert (last.status_code, last.json()["code"]) == (423, "arrival_code_locked")
    assert Assignment.objects.get().status == "accepted"


def test_four_wrong_codes_and_the_right_one(visit):
    promise, show = visit
    for _ in range(4):
        show(wrong(promise))

    assert show(promise.code).status_code == 200


@pytest.mark.parametrize(
    "code",
    ["", " ", "12345", "1234567", "\uff11\uff12\uff13\uff14\uff15\uff16", "abcdef", "\u202e123456", "null", ":" * 150],
)
def test_junk_is_a_wrong_code_or_no_code(visit, code):
    _, show = visit

    reply = show(code)

    assert reply.status_code == 400
    assert Assignment.objects.get().status == "accepted"


@pytest.mark.parametrize("body", [{}, {"code": None}, {"code": ["1"]}, {"code": True}, {"code": "1" * 201}])
def test_what_is_no_text_costs_no_try(visit, body):
    _, show = visit

    reply = show.send(body)

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_input")
    assert Assignment.objects.get().attempts_left == 5


def test_a_code_opens_once(visit):
    promise, show = visit
    show(promise.code)

    reply = show(promise.code)

    assert (reply.status_code, reply.json()["code"]) == (409, "illegal_transition")


def test_the_code_of_one_promise_does_not_open_another():
    owner = make_hospital()
    request = make_request(owner, units=2)
    mine, other = make_promise(request), make_promise(request)
    Assignment.objects.filter(pk=other.assignment.pk).update(
        code_digest=Assignment.objects.values_list("code_digest", flat=True).get(pk=mine.assignment.pk)
    )

    reply = member_client(owner).post(
        f"/api/v1/partner/assignments/{other.assignment.pk}/arrival", {"code": mine.code}, format="json"
    )

    assert reply.json()["code"] == "arrival_code_wrong"


def test_half_an_hour_late_is_still_in_time(noon):
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    noon.move_to(promise.assignment.expires_at + dt.timedelta(minutes=29))

    reply = member_client(owner).post(
        f"/api/v1/partner/assignments/{promise.assignment.pk}/arrival", {"code": promise.code}, format="json"
    )

    assert reply.status_code == 200


def test_later_is_too_late_before_any_sweep(noon):
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    noon.move_to(promise.assignment.expires_at + dt.timedelta(minutes=30))

    reply = member_client(owner).post(
        f"/api/v1/partner/assignments/{promise.assignment.pk}/arrival", {"code": promise.code}, format="json"
    )

    assert (reply.status_code, reply.json()["code"]) == (409, "arrival_too_late")


@pytest.mark.parametrize(("urgency", "hours"), [("routine", 24), ("urgent", 6), ("critical", 3)])
def test_how_long_a_donor_has_depends_on_the_urgency(urgency, hours):
    request = make_request(urgency=urgency, needed_by=dt.datetime(2030, 5, 9, tzinfo=dt.UTC))

    given = make_promise(request).assignment

    assert given.expires_at - given.accepted_at == dt.timedelta(hours=hours)


def test_a_promise_never_outlives_the_request():
    request = make_request(urgency="routine", needed_by=dt.datetime(2030, 5, 1, 7, 0, tzinfo=dt.UTC))

    assert make_promise(request).assignment.expires_at == request.expires_at


# A lost code.


def renew(promise):
    donor = Donor.objects.get(pk=promise.assignment.donor_id)
    return person_client(donor.user).post(f"/api/v1/assignments/{promise.assignment.pk}/arrival-code")


def test_a_new_code_makes_the_old_one_worthless_and_gives_no_new_tries(visit):
    promise, show = visit
    show(wrong(promise))

    reply = renew(promise)

    assert reply.status_code == 201
    code = reply.json()["arrival_code"]
    assert show("999999" if code == promise.code else promise.code).json()["attempts_left"] == 3
    assert show(code).status_code == 200


def test_a_locked_code_cannot_be_renewed(visit):
    promise, show = visit
    for _ in range(5):
        show(wrong(promise))

    assert (renew(promise).status_code, renew(promise).json()["code"]) == (423, "arrival_code_locked")


def test_a_promise_that_is_over_has_no_code(visit):
    promise, show = visit
    show(promise.code)

    assert (renew(promise).status_code, renew(promise).json()["code"]) == (409, "promise_over")


def test_accepting_again_with_the_same_key_shows_the_same_code():
    request, donor = make_request(), make_donor()
    client, path = person_client(donor.user), f"/api/v1/requests/{request.pk}/accept"

    first = client.post(path, headers={"Idempotency-Key": "tap"})
    second = client.post(path, headers={"Idempotency-Key": "tap"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert Assignment.objects.count() == 1
    request.refresh_from_db()
    assert request.units_promised == 1
