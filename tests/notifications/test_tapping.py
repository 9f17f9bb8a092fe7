"""Links in messages: looking changes nothing, one tap answers, once, for one person, until the matter is over."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from common import outbox
from common.db import unit_of_work
from notifications.models import Delivery, Notification, TapLink
from notifications.services import tapping
from notifications.states import TapMatter
from requests_app.models import Ask, Assignment, BloodRequest, Wave
from requests_app.services import posting, promises, waves
from tests.donations.camp_scenes import make_camp, take
from tests.factories import make_donor, make_hospital, make_request, make_user, person_client
from users.models import Donor

pytestmark = pytest.mark.django_db


def path_of(link: str) -> str:
    return link[link.index("/a/") :]


def issue(donor: Donor, request: BloodRequest, **values: Any) -> str:
    with unit_of_work():
        links = tapping.issue(
            **{
                "matter": TapMatter.ASK,
                "user_ids": [donor.pk],
                "subject_id": request.pk,
                "expires_at": request.expires_at,
                **values,
            }
        )
    return path_of(links[donor.pk])


def asked(**values: Any) -> tuple[Donor, BloodRequest, str]:
    """Return a donor who was asked by message for a request, and the path of the link in it."""
    donor = make_donor(user=make_user(**values) if values else None, lat="18.530000", lng="73.856700")
    request = make_request()
    outbox.drain()
    sms = Delivery.objects.get(notification__kind="ask", channel="sms")
    return donor, request, path_of(re.findall(r"\S+/a/\S+", str(sms.body))[0])


def words(answer: Any) -> str:
    return answer.content.decode()


def test_the_link_stands_in_the_texts_and_in_no_inbox_and_only_its_digest_is_kept() -> None:
    _, _, path = asked()
    token = path.removeprefix("/a/")

    bodies = {row.channel: str(row.body) for row in Delivery.objects.all()}
    assert token in bodies["sms"]
    assert token in bodies["whatsapp"]
    assert token not in Notification.objects.get().body
    assert token not in str(list(TapLink.objects.values()))


def test_looking_and_scanning_changes_nothing() -> None:
    donor, request, path = asked()

    seen = Client().get(path)
    Client().head(path)

    assert (seen.status_code, "I can come" in words(seen)) == (200, True)
    assert seen["Cache-Control"] == "no-store"
    assert seen["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in seen["Content-Security-Policy"]
    assert donor.user.phone not in words(seen)
    assert not Assignment.objects.exists()
    assert TapLink.objects.get().used_at is None


def test_one_tap_promises_and_the_code_stays_in_the_app() -> None:
    donor, request, path = asked()

    done = Client().post(path, {"act": "come"})

    assignment = Assignment.objects.get(donor=donor, request=request)
    assert (done.status_code, assignment.status) == (200, "accepted")
    assert not re.search(r"\b\d{6}\b", words(done))
    code = person_client(donor.user).post(f"/api/v1/assignments/{assignment.pk}/arrival-code").json()["arrival_code"]
    assert re.fullmatch(r"\d{6}", code)


def test_tapped_again_it_says_the_same_and_does_nothing_more() -> None:
    donor, request, path = asked()
    Client().post(path, {"act": "come"})

    again, other = Client().post(path, {"act": "come"}), Client().post(path, {"act": "decline"})

    assert (again.status_code, other.status_code) == (200, 410)
    assert "arrival code" in words(Client().get(path))
    assert Assignment.objects.count() == 1
    assert Ask.objects.get().declined_at is None


def test_a_no_is_counted_by_the_wave_and_others_are_asked_sooner() -> None:
    donor, request, path = asked()
    before = BloodRequest.objects.get(pk=request.pk).next_wave_at

    done = Client().post(path, {"act": "decline"})

    assert done.status_code == 200
    assert Wave.objects.get(asked=1).declined == 1
    after = BloodRequest.objects.get(pk=request.pk).next_wave_at
    assert before is not None
    assert after is not None
    assert after < before
    waves.run_due_waves(request_id=request.pk)
    assert promises.accept(request_id=request.pk, donor_id=donor.pk).code  # and may still change his mind


def test_the_app_can_decline_as_well_and_only_who_was_asked() -> None:
    donor, request, _ = asked()
    stranger = person_client(make_donor(km_north=500).user)

    first, second = [person_client(donor.user).post(f"/api/v1/requests/{request.pk}/decline") for _ in range(2)]

    assert (first.status_code, second.status_code) == (204, 204)
    assert Wave.objects.get(asked=1).declined == 1
    assert stranger.post(f"/api/v1/requests/{request.pk}/decline").status_code == 404


def test_a_refusal_is_said_in_the_reader_s_words_and_leaves_the_link() -> None:
    donor, request, path = asked(language="hi", lat="18.530000", lng="73.856700")
    promises.accept(request_id=request.pk, donor_id=make_donor().pk)

    refused = Client().post(path, {"act": "come"})

    assert refused.status_code == 409
    assert "सब आ रहे हैं" in words(refused)
    assert 'lang="hi"' in words(refused)
    assert TapLink.objects.get().used_at is None


def test_a_promise_given_in_the_app_is_not_given_twice() -> None:
    donor, request, path = asked()
    promises.accept(request_id=request.pk, donor_id=donor.pk)

    refused = Client().post(path, {"act": "come"})

    assert (refused.status_code, Assignment.objects.count()) == (409, 1)


def test_when_the_matter_is_over_so_is_the_link(noon: time_machine.Coordinates) -> None:
    donor, request, path = asked()
    noon.shift(dt.timedelta(days=1))

    seen, tapped = Client().get(path), Client().post(path, {"act": "come"})

    assert (seen.status_code, tapped.status_code) == (410, 410)
    assert not Assignment.objects.exists()


def test_a_cancelled_request_is_said_to_need_nobody() -> None:
    _, request, path = asked()
    posting.cancel_request(
        request_id=request.pk, partner_id=request.partner_id, member_id=request.posted_by_id, reason="Postponed."
    )

    assert "not needed any more" in words(Client().post(path, {"act": "come"}))


@pytest.mark.parametrize("token", ["x", "A" * 22, "A" * 500, "%00", "..%2f"])
def test_a_forged_link_is_nobody_s(token: str) -> None:
    asked()

    assert Client().get(f"/a/{token}").status_code == 404
    assert Client().post(f"/a/{token}", {"act": "come"}).status_code == 404


@pytest.mark.parametrize("act", ["", "give_up", "accept", "come\x00"])
def test_a_link_answers_only_what_it_is_for(act: str) -> None:
    _, _, path = asked()

    assert Client().post(path, {"act": act}).status_code == 404
    assert not Assignment.objects.exists()


def test_the_link_of_a_suspended_account_is_dead() -> None:
    donor, _, path = asked()
    donor.user.is_active = False
    donor.user.save()

    assert Client().post(path, {"act": "come"}).status_code == 404


def test_guessing_is_slowed_down(settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "tap": "2/h"}

    codes = [Client().get("/a/guess").status_code for _ in range(3)]

    assert codes == [404, 404, 429]


def test_a_place_in_a_camp_is_given_back_by_a_tap() -> None:
    camp = make_camp(make_hospital())
    enrolment = take(camp)
    donor = enrolment.donor
    with unit_of_work():
        links = tapping.issue(matter=TapMatter.CAMP, user_ids=[donor.pk], subject_id=camp.pk, expires_at=camp.starts_at)
    path = path_of(links[donor.pk])

    seen, done = Client().get(path), Client().post(path, {"act": "give_up"})

    enrolment.refresh_from_db()
    assert "I cannot come" in words(seen)
    assert (done.status_code, enrolment.status) == (200, "left")


def test_links_are_forgotten_a_month_after_they_are_over(noon: time_machine.Coordinates) -> None:
    asked()
    assert tapping.prune() == 0

    noon.shift(dt.timedelta(days=32))
    assert tapping.prune() == 1
