"""The report: bags, donations and scores at once, or nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common import outbox
from donations.models import Camp, Donation, Enrolment
from donations.services.reporting import OtherBag
from notifications.models import Notification
from stock.din import format_din
from stock.models import Movement, Unit
from tests.donations.camp_scenes import API, HOUR, begin, come, finish, gave, make_camp, report, take
from tests.donations.scenes import verify
from tests.factories import make_donor, make_hospital, make_user, member_client, person_client
from tests.requests_app.scenes import events
from users.models import Deferral, PastDonation, ScoreEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_hospital(facility_code="A1234")


@pytest.fixture
def camp(owner):
    return make_camp(owner)


def send(camp, member=None, **body):
    client = member_client(member or camp.created_by)
    return client.post(f"{API}/partner/camps/{camp.pk}/report", body, format="json")


def donation(place, **values):
    return {"enrolment": str(place.pk), "volume_ml": 350, "haemoglobin_g_dl": 13.4, **values}


def test_everything_is_written_once(camp, noon):
    giver, unfit, shy, absent = (make_donor() for _ in range(4))
    missing = take(camp, absent)
    places = come(camp, noon, giver, unfit, shy)
    came_at = Enrolment.objects.get(pk=places[0].pk).checked_in_at

    reply = send(
        camp,
        donations=[donation(places[0], blood_group="O-", weight_kg=70.5, consent="paper")],
        deferred=[{"enrolment": str(places[1].pk), "code": "cold_fever"}],
        units=[{"blood_group": "A+", "volume_ml": 450}],
    )

    assert reply.status_code == 201
    told = reply.json()
    assert told["camp"]["status"] == "closed"
    assert (told["deferred"], told["released"], told["missed"]) == (1, 1, 1)
    assert [(row["enrolment"], row["unit"]["din"], row["unit"]["status"]) for row in told["units"]] == [
        (str(places[0].pk), "A123430000001", "quarantined"),
        (None, "A123430000002", "quarantined"),
    ]
    bags = list(Unit.objects.order_by("din").values_list("component", "blood_group", "volume_ml", "collected_at"))
    assert bags == [("whole_blood", "O-", 350, came_at), ("whole_blood", "A+", 450, camp.starts_at)]
    assert Movement.objects.filter(verb="collect").count() == 2
    states = dict(Enrolment.objects.values_list("pk", "status"))
    assert [states[place.pk] for place in (*places, missing)] == ["donated", "deferred", "released", "missed"]
    given = Donation.objects.get()
    assert (given.enrolment_id, given.assignment_id, given.donated_at) == (places[0].pk, None, came_at)
    assert given.consent == "paper"
    giver.refresh_from_db()
    assert (giver.score, giver.verified_donations, giver.group_confirmed_by) == (10, 1, camp.partner_id)
    assert giver.whole_blood_from == dt.date(2030, 5, 1) + dt.timedelta(days=90)
    assert PastDonation.objects.values_list("donation_id", "donated_on").get() == (given.pk, dt.date(2030, 5, 1))
    assert ScoreEntry.objects.values_list("delta", "assignment_id").get() == (10, places[0].pk)
    assert Deferral.objects.values_list("donor", "code").get() == (unfit.pk, "cold_fever")
    assert events("donation.verified") == [
        {"donation": str(given.pk), "enrolment": str(places[0].pk), "donor": str(giver.pk)}
    ]
    assert events("camp.reported") == [{"camp": str(camp.pk)}]


def test_the_donor_is_thanked_and_finds_the_donation_and_the_points(camp, noon):
    donor = make_donor()
    [place] = come(camp, noon, donor)
    report(camp, gave=[gave(place)])
    outbox.drain()
    client = person_client(donor.user)

    rows = client.get(f"{API}/me/donations").json()["results"]
    score = client.get(f"{API}/me/donor/score").json()

    assert [(row["assignment"], row["enrolment"]) for row in rows] == [(None, str(place.pk))]
    assert score["score"] == 10
    assert Notification.objects.filter(user_id=donor.pk, kind="thank_you").count() == 1
    assert [
        row["enrolment"] for row in member_client(camp.created_by).get(f"{API}/partner/donations").json()["results"]
    ]


def test_an_empty_report_closes_a_camp_to_which_nobody_came(camp, noon):
    place = take(camp)
    finish(camp, noon)

    reply = send(camp)

    assert (reply.status_code, reply.json()["units"], reply.json()["missed"]) == (201, [], 1)
    place.refresh_from_db()
    assert place.status == "missed"
    assert ScoreEntry.objects.count() == 0


def test_a_report_comes_after_the_end_and_once(camp, noon):
    begin(camp, noon)
    early = send(camp)
    finish(camp, noon)
    first, second = send(camp, units=[{"blood_group": "A+", "volume_ml": 450}]), send(camp)

    assert (early.status_code, early.json()["code"]) == (409, "illegal_transition")
    assert (first.status_code, second.status_code, second.json()["state"]) == (201, 409, "closed")
    assert Unit.objects.count() == 1


def nothing_was_written(camp):
    camp.refresh_from_db()
    untouched = not (Unit.objects.exists() or Donation.objects.exists() or ScoreEntry.objects.exists())
    return untouched and camp.status != "closed"


def test_who_was_not_checked_in_is_pointed_at(camp, noon):
    absent = take(camp)
    [place] = come(camp, noon, make_donor())

    reply = send(camp, donations=[donation(place), donation(absent)])

    assert (reply.status_code, reply.json()["code"]) == (409, "not_checked_in")
    assert [error["pointer"] for error in reply.json()["errors"]] == ["/donations/1/enrolment"]
    assert nothing_was_written(camp)


def test_unknown_foreign_and_twice_named_places_are_pointed_at(camp, noon):
    foreign = take(make_camp())
    [place] = come(camp, noon, make_donor())

    reply = send(
        camp,
        donations=[donation(place), donation(foreign)],
        deferred=[{"enrolment": str(place.pk), "code": "cold_fever"}],
    )

    assert (reply.status_code, reply.json()["code"]) == (400, "enrolment_unknown")
    assert [error["pointer"] for error in reply.json()["errors"]] == ["/donations/1/enrolment", "/deferred/0/enrolment"]
    assert nothing_was_written(camp)


def test_who_may_not_give_by_what_was_measured_is_pointed_at_and_the_bag_can_come_without_credit(camp, noon):
    fit, pale = make_donor(), make_donor()
    places = come(camp, noon, fit, pale)

    refused = send(camp, donations=[donation(places[0]), donation(places[1], haemoglobin_g_dl=11.9)])
    untouched = nothing_was_written(camp)
    mended = send(
        camp,
        donations=[donation(places[0])],
        deferred=[{"enrolment": str(places[1].pk), "code": "centre_temporary", "pause_until": "2030-06-01"}],
        units=[{"blood_group": "O-", "volume_ml": 350}],
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "donor_not_eligible")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/donations/1"]
    assert refused.json()["donors"][0]["reasons"]
    assert untouched
    assert mended.status_code == 201
    pale.refresh_from_db()
    assert (pale.score, pale.verified_donations) == (0, 0)
    assert Unit.objects.count() == 2


def test_a_deferral_is_dated_to_the_visit_and_not_to_the_report(camp, noon):
    donor = make_donor()
    [place] = come(camp, noon, donor)
    noon.shift(5 * 24 * HOUR)

    early = send(camp, deferred=[{"enrolment": str(place.pk), "code": "cold_fever", "pause_until": "2030-04-30"}])
    reply = send(camp, deferred=[{"enrolment": str(place.pk), "code": "cold_fever", "pause_until": "2030-05-03"}])

    assert (early.status_code, early.json()["code"]) == (400, "pause_until_invalid")
    assert reply.status_code == 201
    found = Deferral.objects.values_list("donor", "occurred_on", "resolved_on")
    assert found.get() == (donor.pk, dt.date(2030, 5, 1), dt.date(2030, 5, 3))


def test_who_has_given_elsewhere_meanwhile_is_refused(camp, noon):
    donor = make_donor()
    [place] = come(camp, noon, donor)
    PastDonation.objects.create(donor=donor, donation_type="whole_blood", donated_on=dt.date(2030, 4, 20))

    assert send(camp, donations=[donation(place)]).json()["code"] == "donor_not_eligible"
    assert nothing_was_written(camp)


def test_bags_keep_the_numbers_on_their_labels_and_known_ones_are_pointed_at(camp, noon):
    [place] = come(camp, noon, make_donor())
    label, taken = format_din("A1234", 2030, 777), verify().unit.din
    Donation.objects.all().delete()

    twice = send(
        camp,
        donations=[donation(place, din=label)],
        units=[
            {"blood_group": "A+", "volume_ml": 450, "din": label},
            {"blood_group": "A+", "volume_ml": 450, "din": taken},
        ],
    )
    fine = send(camp, donations=[donation(place, din=label)], units=[{"blood_group": "A+", "volume_ml": 450}])

    assert (twice.status_code, twice.json()["code"]) == (409, "unit_known")
    assert [error["pointer"] for error in twice.json()["errors"]] == ["/units/0/din", "/units/1/din"]
    assert [row["unit"]["din"] for row in fine.json()["units"]] == [label, "A123430000001"]


@pytest.mark.parametrize("hours", [-7.1, 3.1])
def test_a_time_outside_the_camp_is_pointed_at(camp, noon, hours):
    [place] = come(camp, noon, make_donor())
    noon.shift(12 * HOUR)
    moment = (camp.ends_at + hours * HOUR).isoformat()

    reply = send(
        camp,
        donations=[donation(place, donated_at=moment)],
        units=[{"blood_group": "A+", "volume_ml": 450, "collected_at": moment}],
    )

    assert (reply.status_code, reply.json()["code"]) == (400, "collected_outside_camp")
    assert [error["pointer"] for error in reply.json()["errors"]] == [
        "/donations/0/donated_at",
        "/units/0/collected_at",
    ]
    assert nothing_was_written(camp)


def test_strangers_people_and_stock_keepers_report_nothing(camp, noon):
    finish(camp, noon)

    assert send(camp, make_hospital()).status_code == 404
    assert person_client(make_user()).post(f"{API}/partner/camps/{camp.pk}/report").status_code == 401
    assert nothing_was_written(camp)


def test_forty_donations_cost_as_many_queries_as_four(noon):
    counts = []
    for number in (4, 40):
        noon.move_to(dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC) + number * 24 * HOUR)
        camp = make_camp(make_hospital(), capacity=50)
        places = come(camp, noon, *[make_donor() for _ in range(number)])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            report(camp, gave=[gave(place) for place in places], bags=[OtherBag("A+", 450)] * number)
        counts.append(len(queries))

    assert counts[0] == counts[1] < 60


@pytest.mark.parametrize("values", [{"assignment": None, "enrolment": None}, {"both": True}])
def test_a_donation_has_exactly_one_occasion(camp, noon, values):
    [place] = come(camp, noon, make_donor())
    report(camp, gave=[gave(place, haemoglobin_g_dl=Decimal("13.4"))])
    promised = verify()
    changes = {"enrolment": place.pk} if "both" in values else {"assignment": None}
    Donation.objects.filter(enrolment=place).update(enrolment=take(make_camp()))

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Donation.objects.filter(pk=promised.pk).update(**changes)

    assert caught.value.__cause__.diag.constraint_name == "donation_has_one_occasion"


def test_the_camp_is_closed_for_good(camp, noon):
    finish(camp, noon)
    report(camp)

    assert Camp.objects.get().stands == "closed"
    assert Camp.objects.get().places_left == 0
