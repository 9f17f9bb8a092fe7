"""No write of a partner or an administrator without its entry, and no entry without its write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from common import db
from common.audit import chain
from common.audit.verifying import verify
from common.models import AuditEntry, AuditPending
from partners.models import Member, Partner
from tests.factories import (
    make_arrived,
    make_donor,
    make_hospital,
    make_promise,
    make_user,
    member_client,
    person_client,
)
from tests.notifications import campaign_scenes as campaigns
from tests.partners.factories import PASSWORD, client_with, make_member, make_partner
from tests.partners.test_api_keys import make_key
from users.models import User

pytestmark = pytest.mark.django_db
NEW = {"name": "Ravi Kale", "phone": "+919822011223", "password": "nine quiet tamarinds", "role": "coordinator"}


def entries(**wanted: Any) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(**wanted).order_by("pk"))


def test_a_member_s_write_says_who_what_and_about_whom():
    owner = make_hospital()

    answer = member_client(owner).post(
        "/api/v1/partner/members",
        NEW,
        format="json",
        headers={"X-Request-ID": "a-request-of-mine"},
        REMOTE_ADDR="203.0.113.77",
    )

    [entry] = entries(realm="partner")
    assert answer.status_code == 201
    assert (entry.actor_kind, entry.actor_id, entry.partner_id) == ("member", str(owner.pk), owner.partner_id)
    assert (entry.deed, entry.act, entry.outcome) == ("write", "partners.members.add_member", "done")
    assert (entry.subject_kind, entry.subject_id) == ("member", answer.json()["id"])
    assert (entry.route, entry.request_id, entry.network) == (
        "POST partner-members",
        "a-request-of-mine",
        "203.0.113.0/24",
    )


def test_a_key_s_write_names_the_key_and_no_member():
    owner = make_hospital()
    made = make_key(owner, "stock:read", "stock:write")
    program = client_with(made.token)

    answer = program.put("/api/v1/partner/stock/thresholds", {"thresholds": [], "o_neg_floor": 1}, format="json")
    refused = program.post(f"/api/v1/partner/stock/units/{made.key.pk}/discard", {"reason": "broken"}, format="json")

    done, tried = entries(realm="partner")
    assert (answer.status_code, refused.status_code) == (200, 404), (answer.json(), refused.json())
    assert {(one.actor_kind, one.actor_id) for one in (done, tried)} == {("api_key", str(made.key.pk))}
    assert {one.partner_id for one in (done, tried)} == {owner.partner_id}
    assert (done.deed, tried.deed) == ("write", "refused")


def test_an_entry_names_what_was_given_and_never_what_it_was():
    owner = make_hospital()

    member_client(owner).post("/api/v1/partner/members", NEW, format="json")

    [entry] = entries(act="partners.members.add_member")
    assert json.loads(entry.facts) == {"given": ["new", "role"]}
    text = " ".join(str(value) for value in vars(entry).values())
    assert not any(value in text for value in (NEW["name"], NEW["phone"], NEW["password"], NEW["phone"][-5:]))


def test_an_entry_shows_the_states_that_a_row_went_through():
    promise = make_promise()
    request = promise.assignment.request
    desk = member_client(Member.objects.get(partner=request.partner_id))

    desk.post(f"/api/v1/partner/assignments/{promise.assignment.pk}/arrival", {"code": promise.code}, format="json")

    [entry] = entries(act="requests_app.visits.record_arrival")
    assert json.loads(entry.facts)["steps"] == [["accepted", "arrive", "arrived"]]
    assert promise.code not in entry.facts


def test_a_refused_write_leaves_a_refusal_and_no_deed():
    owner = make_hospital()

    answer = member_client(owner).patch(f"/api/v1/partner/members/{owner.pk}", {"role": "coordinator"}, format="json")

    [entry] = entries(realm="partner")
    assert answer.status_code == 409
    assert (entry.deed, entry.act, entry.outcome) == ("refused", "PATCH partner-member", "last_owner")


def test_a_wrong_code_that_was_counted_leaves_its_entry_with_the_refusal():
    promise = make_promise()
    desk = member_client(Member.objects.get(partner=promise.assignment.request.partner_id))

    desk.post(f"/api/v1/partner/assignments/{promise.assignment.pk}/arrival", {"code": "000000"}, format="json")

    [entry] = entries(realm="partner")
    assert (entry.deed, entry.act, entry.outcome) == (
        "write",
        "requests_app.visits.record_arrival",
        "arrival_code_wrong",
    )


def test_a_repeated_call_leaves_one_entry():
    desk, key = member_client(make_hospital()), {"Idempotency-Key": "the-same-key"}

    first = desk.post("/api/v1/partner/members", NEW, format="json", headers=key)
    second = desk.post("/api/v1/partner/members", NEW, format="json", headers=key)

    assert (first.status_code, second.status_code, second["Idempotency-Replayed"]) == (201, 201, "true")
    assert len(entries(realm="partner")) == 1


def test_signing_in_is_recorded_as_the_member_s_own():
    member = make_member()

    APIClient().post("/api/v1/partner/auth/login", {"phone": member.phone, "password": PASSWORD}, format="json")

    [entry] = entries(act="partners.signing_in.open")
    assert (entry.actor_kind, entry.actor_id, entry.partner_id) == ("member", str(member.pk), member.partner_id)


def test_a_person_s_own_writes_and_reads_are_nobody_s_business():
    client = person_client(make_user())

    client.patch("/api/v1/me", {"name": "Asha"}, format="json")
    client.get("/api/v1/me")

    assert entries() == []


def test_the_hook_costs_a_write_one_statement(monkeypatch):
    owner = make_hospital()
    desk = member_client(owner)

    def change(name: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            desk.patch(f"/api/v1/partner/members/{owner.pk}", {"name": name}, format="json")
        return len(asked)

    change("first")
    with_hook = change("second")
    monkeypatch.setattr(db, "_witnesses", [])
    monkeypatch.setattr("common.api.audit.settle", lambda view, response: None)

    assert with_hook - change("third") == 1


def administrator() -> User:
    return User.objects.create_superuser(phone="+919876543210", password="seven quiet tamarinds", name="Meera")


@pytest.fixture
def office() -> Client:
    client = Client()
    client.force_login(administrator())
    return client


def test_an_announcement_that_is_sent_off_is_recorded(office):
    make_donor()
    row = campaigns.write(User.objects.get(is_superuser=True))

    office.post(f"/admin/notifications/announcement/{row.pk}/sending/", {"step": "schedule"})

    [entry] = entries(realm="admin")
    assert (entry.act, entry.actor_kind) == ("notifications.announcing.schedule", "administrator")
    assert (entry.subject_kind, entry.subject_id) == ("announcement", str(row.pk))
    assert json.loads(entry.facts)["steps"] == [["draft", "schedule", "scheduled"]]


def test_an_administrator_s_action_is_recorded_with_its_reason(office):
    partner = make_partner()

    office.post(
        "/admin/partners/partner/",
        {"action": "suspend", "reason": "The licence has ended.", "_selected_action": [str(partner.pk)]},
    )

    [entry] = entries(act="partners.approval.suspend_partner")
    assert Partner.objects.get(pk=partner.pk).status == "suspended"
    assert (entry.realm, entry.actor_kind, entry.actor_id) == (
        "admin",
        "administrator",
        str(User.objects.get(is_staff=True).pk),
    )
    assert (entry.subject_kind, entry.subject_id, entry.reason) == (
        "partner",
        str(partner.pk),
        "The licence has ended.",
    )


def test_a_saved_form_is_recorded_with_the_names_of_its_columns(office):
    user = make_user()
    form = {"name": "Asha Kulkarni", "email": "", "language": "en", "zone": "Asia/Kolkata", "city": "Pune"}

    answer = office.post(f"/admin/users/user/{user.pk}/change/", form)

    [entry] = entries(act="admin.change")
    assert answer.status_code == 302
    assert (entry.subject_kind, entry.subject_id) == ("users.user", str(user.pk))
    assert "Name" in json.loads(entry.facts)["given"]
    assert "Kulkarni" not in entry.facts


def test_what_is_sent_without_effect_is_recorded_too(office):
    office.post(f"/admin/users/user/{make_user().pk}/change/", {"name": ""})

    [entry] = entries(act="admin.post")
    assert (entry.outcome, entry.subject_kind) == ("http_200", "users.user")


def test_a_page_of_health_data_is_recorded_with_its_rows(office):
    donor = make_arrived().assignment.donor

    office.get("/admin/users/donor/")
    office.get(f"/admin/users/donor/{donor.pk}/change/")
    office.get("/admin/partners/partner/")

    listed, one = entries(deed="read")
    assert (listed.act, json.loads(listed.facts)) == ("admin.users.donor", {"rows": [str(donor.pk)]})
    assert (one.subject_kind, one.subject_id) == ("users.donor", str(donor.pk))


def test_tries_to_sign_in_are_recorded_without_the_number():
    administrator()
    client, page = Client(), "/admin/login/"

    client.post(page, {"username": "+919876543210", "password": "guessed"})
    client.post(page, {"username": "+919876543210", "password": "seven quiet tamarinds"})

    wrong, right = entries(realm="admin")
    assert (wrong.deed, wrong.outcome, wrong.actor_id) == ("refused", "credentials_invalid", "")
    assert (right.act, right.actor_kind) == ("admin.sign_in", "administrator")


def test_entries_wait_for_their_place_and_the_chain_takes_them_in():
    member_client(make_hospital()).post("/api/v1/partner/members", NEW, format="json")

    waiting = AuditPending.objects.count()
    linked = chain.run_due()

    assert (waiting, linked, AuditPending.objects.count()) == (1, 1, 0)
    assert verify()[0].links == 1
    assert verify()[1] is None
