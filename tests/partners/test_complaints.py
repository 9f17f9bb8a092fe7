"""Complaints: who may make one, who works on it, who hears of the answer, and what many of them do not do."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from common import outbox
from common.errors import IllegalTransition
from notifications.kinds import Kind
from notifications.models import Delivery, Notification
from partners.errors import AnswerMissing, ComplaintOpen
from partners.models import Complaint, ComplaintEvent, Partner
from partners.services import complaints
from partners.services.complaints import FLAG_AFTER, Grievance
from partners.states import ComplaintCategory, PartnerStatus, Role
from tests.factories import PASSWORD, make_arrived, make_hospital, make_promise, make_user, member_client, person_client
from tests.partners.factories import make_listing, make_member, make_partner
from tests.requests_app.family_scenes import make_family
from users.models import User
from users.services import erasure

URL, PARTNER_URL = "/api/v1/complaints", "/api/v1/partner/complaints"
MONEY = Grievance(ComplaintCategory.MONEY_ASKED, "They wanted money for the blood.")
pytestmark = pytest.mark.django_db


def body(partner_id: Any, **changes: Any) -> dict[str, Any]:
    about = {"kind": "partner", "id": str(partner_id)}
    return {"about": about, "category": "money_asked", "text": "They wanted money.", **changes}


def complain(person: User, partner: Partner) -> Complaint:
    return complaints.complain_about_partner(person_id=person.pk, partner_id=partner.pk, grievance=MONEY)


def administrator(**values: Any) -> User:
    return User.objects.create_superuser(f"+9190000{make_user().phone[-5:]}", PASSWORD, name="Meera", **values)


def decided(complaint: Complaint, verb: str = "resolve", answer: str = "We spoke with them.") -> User:
    admin = administrator()
    complaints.take(complaint_id=complaint.pk, admin_id=admin.pk)
    complaints.answer(complaint_id=complaint.pk, admin_id=admin.pk, text=answer)
    complaints.close(complaint_id=complaint.pk, admin_id=admin.pk, verb=verb)
    return admin


def test_a_person_complains_and_reads_where_it_stands() -> None:
    person, partner = make_user(), make_partner()
    client = person_client(person)
    subject = {"kind": "camp", "id": str(uuid.uuid4())}

    made = client.post(URL, body(partner.pk, subject=subject), format="json")
    decided(Complaint.objects.get())
    read = client.get(f"{URL}/{made.json()['id']}").json()

    assert made.status_code == 201, made.content
    assert (made.json()["status"], made.json()["answer"], made.json()["subject"]) == ("open", "", subject)
    assert made.json()["about"] == {"id": str(partner.pk), "name": partner.name}
    assert (read["status"], read["answer"]) == ("resolved", "We spoke with them.")
    assert client.get(URL).json()["results"] == [read]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"category": "dislike"}, "/category"),
        ({"text": " "}, "/text"),
        ({"text": "x" * 4001}, "/text"),
        ({"about": {"kind": "person", "id": str(uuid.uuid4())}}, "/about/kind"),
        ({"about": {"kind": "partner", "id": "7"}}, "/about/id"),
        ({"subject": {"kind": "visit", "id": str(uuid.uuid4())}}, "/subject/kind"),
    ],
)
def test_a_body_of_the_wrong_shape_is_pointed_at(changes: dict[str, Any], pointer: str) -> None:
    answer = person_client(make_user()).post(URL, body(make_partner().pk, **changes), format="json")

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_one_complains_only_about_those_somebody_speaks_for() -> None:
    client = person_client(make_user())

    codes = [client.post(URL, body(pk), format="json").status_code for pk in (make_listing().pk, uuid.uuid4())]

    assert codes == [404, 404]
    assert client.post(URL, body(make_partner(status="suspended").pk), format="json").status_code == 201


def test_one_case_at_a_time_about_each_partner() -> None:
    person, partner = make_user(), make_partner()
    client = person_client(person)
    first = complain(person, partner)

    again = client.post(URL, body(partner.pk), format="json")
    other = client.post(URL, body(make_partner().pk), format="json")
    decided(first, "dismiss")
    after = client.post(URL, body(partner.pk), format="json")

    assert (again.status_code, again.json()["code"]) == (409, "complaint_open")
    assert (other.status_code, after.status_code) == (201, 201)


def test_nobody_complains_all_day() -> None:
    client = person_client(make_user())

    codes = [client.post(URL, {}, format="json").status_code for _ in range(21)]

    assert codes == [400] * 20 + [429]
    assert client.get(URL).status_code == 200


def test_a_case_is_its_authors_alone() -> None:
    complaint = complain(make_user(), make_partner())
    stranger = person_client(make_user())

    assert stranger.get(f"{URL}/{complaint.pk}").status_code == 404
    assert stranger.get(URL).json()["results"] == []
    assert member_client(make_member(complaint.about_partner)).get(f"{PARTNER_URL}/{complaint.pk}").status_code == 404


def test_a_partner_complains_about_a_donor_it_met() -> None:
    promise = make_arrived()
    request = promise.assignment.request
    client = member_client(request.posted_by)
    said = {"assignment": str(promise.assignment.pk), "category": "conduct", "text": "He shouted."}

    made = client.post(PARTNER_URL, said, format="json")
    again = client.post(PARTNER_URL, said, format="json")

    assert made.status_code == 201, made.content
    assert made.json()["subject"] == {"kind": "assignment", "id": str(promise.assignment.pk)}
    assert (again.status_code, again.json()["code"]) == (409, "complaint_open")
    assert Complaint.objects.get().about_person_id == promise.assignment.donor_id
    assert [row["id"] for row in client.get(PARTNER_URL).json()["results"]] == [made.json()["id"]]
    assert client.get(f"{PARTNER_URL}/{made.json()['id']}").json() == made.json()


def test_a_partner_cannot_complain_about_another_s_donor() -> None:
    promise = make_promise()
    stranger, keeper = member_client(make_member()), member_client(make_member(role=Role.INVENTORY))
    said = {"assignment": str(promise.assignment.pk), "category": "conduct", "text": "He shouted."}

    assert stranger.post(PARTNER_URL, said, format="json").status_code == 404
    assert keeper.post(PARTNER_URL, said, format="json").status_code == 403


def test_a_hospital_complains_about_a_family_that_it_serves() -> None:
    owner, person = make_hospital(), make_user()
    family = make_family(owner, requester=person)
    client, stranger = member_client(owner), member_client(make_hospital())
    said = {"attender_request": str(family.pk), "category": "false_request", "text": "No such patient."}

    made = client.post(PARTNER_URL, said, format="json")

    assert made.status_code == 201, made.content
    assert made.json()["subject"] == {"kind": "attender_request", "id": str(family.pk)}
    assert Complaint.objects.get().about_person_id == person.pk
    assert client.post(PARTNER_URL, said, format="json").json()["code"] == "complaint_open"
    assert stranger.post(PARTNER_URL, said, format="json").status_code == 404


@pytest.mark.parametrize("named", [(), ("assignment", "attender_request")])
def test_a_partner_s_complaint_is_about_one_thing(named: tuple[str, ...]) -> None:
    said = {**{name: str(uuid.uuid4()) for name in named}, "category": "conduct", "text": "He shouted."}

    answer = member_client(make_member()).post(PARTNER_URL, said, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "one_of_both")


def test_nothing_that_administrators_note_is_ever_shown() -> None:
    person = make_user()
    complaint = complain(person, make_partner())
    admin = administrator()
    complaints.note(complaint_id=complaint.pk, admin_id=admin.pk, text="the owner's cousin")
    client = person_client(person)

    texts = [client.get(path).content.decode() for path in (URL, f"{URL}/{complaint.pk}", "/api/v1/me/export")]

    assert not any("cousin" in text or "Meera" in text or str(admin.pk) in text for text in texts)


def test_a_case_is_closed_only_with_an_answer() -> None:
    complaint = complain(make_user(), make_partner())
    admin = administrator()
    complaints.take(complaint_id=complaint.pk, admin_id=admin.pk)

    with pytest.raises(AnswerMissing):
        complaints.close(complaint_id=complaint.pk, admin_id=admin.pk, verb="resolve")

    complaint.refresh_from_db()
    assert complaint.status == "in_review"


def test_the_history_tells_every_step() -> None:
    complaint = complain(make_user(), make_partner())
    admin = decided(complaint)
    complaints.reopen(complaint_id=complaint.pk, admin_id=admin.pk)

    rows = ComplaintEvent.objects.order_by("pk").values_list("verb", "actor")

    assert [verb for verb, _ in rows] == ["open", "take", "answer", "resolve", "reopen"]
    assert {actor for _, actor in rows[1:]} == {f"admin {admin.pk}"}


def test_a_step_out_of_order_is_refused() -> None:
    complaint = complain(make_user(), make_partner())

    with pytest.raises(IllegalTransition):
        complaints.reopen(complaint_id=complaint.pk, admin_id=administrator().pk)


def test_a_closed_case_is_not_reopened_beside_a_new_one() -> None:
    person, partner = make_user(), make_partner()
    first = complain(person, partner)
    admin = decided(first)
    complain(person, partner)

    with pytest.raises(ComplaintOpen):
        complaints.reopen(complaint_id=first.pk, admin_id=admin.pk)


@pytest.mark.parametrize("language", ["en", "hi", "bn"])
def test_only_whoever_complained_hears_of_the_answer_and_not_by_sms_what_it_says(language: str) -> None:
    person, partner = make_user(language=language), make_partner()
    make_member(partner)
    complaint = complain(person, partner)
    outbox.drain()
    assert not Notification.objects.exists()

    decided(complaint, answer="They paid it back.")
    outbox.drain()

    (row,) = Notification.objects.all()
    assert (row.kind, row.user_id, row.subject_id) == (Kind.COMPLAINT_ANSWERED, person.pk, complaint.pk)
    assert not any("paid" in str(delivery.body) for delivery in Delivery.objects.all())


def test_the_member_who_complained_hears_of_the_answer() -> None:
    promise = make_arrived()
    owner = promise.assignment.request.posted_by
    make_member(owner.partner)
    said = {"assignment": str(promise.assignment.pk), "category": "conduct", "text": "He shouted."}
    member_client(owner).post(PARTNER_URL, said, format="json")

    decided(Complaint.objects.get())
    outbox.drain()

    rows = Notification.objects.filter(kind=Kind.COMPLAINT_ANSWERED)
    assert [(row.member_id, row.user_id) for row in rows] == [(owner.pk, None)]


def test_many_people_ask_for_a_review_and_one_person_many_times_does_not() -> None:
    """JD-28"""
    partner, noisy = make_partner(), make_user()
    for _ in range(FLAG_AFTER + 1):
        decided(complain(noisy, partner))
    partner.refresh_from_db()
    assert partner.flagged_at is None

    for _ in range(FLAG_AFTER - 1):
        complain(make_user(), partner)

    partner.refresh_from_db()
    assert partner.flagged_at is not None
    assert partner.events.get(verb="flag").actor == "complaints"


def test_fifty_throwaway_accounts_suspend_nobody() -> None:
    """JD-28"""
    partner = make_partner()
    member = make_member(partner)

    for _ in range(50):
        complain(make_user(), partner)
    outbox.drain()

    partner.refresh_from_db()
    assert partner.status == PartnerStatus.LIVE
    assert member_client(member).get("/api/v1/partner").status_code == 200
    shown = person_client(make_user()).get(f"/api/v1/partners/{partner.pk}")
    assert shown.status_code == 200
    assert "flag" not in shown.content.decode()


def test_old_complaints_ask_for_nothing(noon: Any) -> None:
    partner = make_partner()
    for _ in range(FLAG_AFTER - 1):
        complain(make_user(), partner)

    noon.shift(dt.timedelta(days=31))
    complain(make_user(), partner)

    partner.refresh_from_db()
    assert partner.flagged_at is None


def test_what_was_reviewed_asks_for_nothing_more(noon: Any) -> None:
    partner = make_partner()
    for _ in range(FLAG_AFTER):
        complain(make_user(), partner)
    complaints.unflag(partner_id=partner.pk, actor="admin")
    noon.shift(dt.timedelta(hours=1))

    complain(make_user(), partner)

    partner.refresh_from_db()
    assert partner.flagged_at is None
    for _ in range(FLAG_AFTER - 1):
        complain(make_user(), partner)
    partner.refresh_from_db()
    assert partner.flagged_at is not None


def test_a_list_costs_the_same_for_one_and_for_twenty() -> None:
    person = make_user()
    client = person_client(person)
    complain(person, make_partner())
    counts = []
    for more in (0, 19):
        for _ in range(more):
            complain(person, make_partner())
        with CaptureQueriesContext(connection) as queries:
            rows = client.get(URL).json()["results"]
        counts.append(len(queries))

    assert len(rows) == 20
    assert counts[0] == counts[1] <= 3


def test_who_is_forgotten_leaves_no_words() -> None:
    person = make_user()
    person.set_password(PASSWORD)
    person.save()
    complaint = complain(person, make_partner())
    decided(complaint)

    erasure.erase(user_id=person.pk, password=PASSWORD)
    outbox.drain()

    complaint.refresh_from_db()
    assert (complaint.text, complaint.answer, complaint.note, complaint.status) == ("", "", "", "resolved")
    assert set(complaint.events.values_list("text", flat=True)) == {""}


def signed_in(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def act(client: Client, complaint: Complaint, action: str, **values: str) -> Any:
    chosen = {"action": action, "_selected_action": [str(complaint.pk)], **values}
    return client.post("/admin/partners/complaint/", chosen)


def test_an_administrator_works_on_a_case_by_actions() -> None:
    complaint = complain(make_user(), make_partner())
    client = signed_in(administrator())

    act(client, complaint, "take")
    act(client, complaint, "note_words", words="call them")
    act(client, complaint, "answer_words", words="")
    act(client, complaint, "answer_words", words="We called them.")
    act(client, complaint, "resolve")

    complaint.refresh_from_db()
    assert (complaint.status, complaint.note, complaint.answer) == ("resolved", "call them", "We called them.")
    assert client.get("/admin/partners/complaint/").status_code == 200
    assert client.get(f"/admin/partners/complaint/{complaint.pk}/change/").status_code == 200


def test_who_may_only_look_at_cases_cannot_decide_them() -> None:
    complaint = complain(make_user(), make_partner())
    looker = make_user(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_complaint"))

    act(signed_in(looker), complaint, "take")

    complaint.refresh_from_db()
    assert complaint.status == "open"


def test_administrators_find_flagged_partners_and_say_when_they_have_looked() -> None:
    partner, calm = make_partner(), make_partner()
    for _ in range(FLAG_AFTER):
        complain(make_user(), partner)
    client = signed_in(administrator())

    page = client.get("/admin/partners/partner/?flagged=yes").content.decode()
    client.post("/admin/partners/partner/", {"action": "reviewed", "_selected_action": [str(partner.pk)]})

    assert partner.name in page
    assert f">{calm.name}<" not in page
    partner.refresh_from_db()
    assert partner.flagged_at is None
