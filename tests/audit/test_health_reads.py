"""Whoever reads somebody else's health data leaves an entry: every route of the schema is looked at."""

from __future__ import annotations

import inspect
import json
import re
import sys
from typing import Any

import pytest
from django.contrib import admin
from django.urls import get_resolver

from common.audit.health import SHOWN_IN_ADMIN
from common.models import AuditEntry
from partners.api.authentication import MemberAuthentication
from partners.models import Member
from tests.architecture.test_urls import DESCRIBED, SCHEMA, leaves
from tests.chat.scenes import say, talk_of_patient
from tests.factories import make_arrived, make_promise, member_client, person_client

# Fields of an answer that tell of somebody's body or care, wherever they stand.
TELLING = frozenset(
    (
        *("answers", "haemoglobin_g_dl", "systolic_mmhg", "diagnoses", "medicines", "allergies", "conditions"),
        *("subjective", "objective", "finding", "tests", "visitor", "patient", "donor", "interpretation", "deferrals"),
        *("abha_number", "told_reason", "is_group_confirmed", "discard_reason", "recalled_at"),
    )
)
# What tells nothing, though a field or a file looks like it: why, by the route's name.
HARMLESS = {
    "partner-payment-receipt-pdf": "money",
    "partner-stock-report": "counts of bags",
    "partner-stock-wastage-file": "counts of bags",
    "partner-stock-age-file": "counts of bags",
    "doctor-appointment-host-link": "the doctor's own door",
    "partner-stream": "ids and states; of a message only that it came",
    "partner-export-requests": "what a partner needs; no patient is named",
    "partner-export-transfers": "bags on the way, of nobody by name",
    "partner-export-orders": "what was ordered, without patient or receiver",
    "partner-export-settlements": "money",
    "partner-export-ledger": "money",
}


def fields(node: Any, seen: set[str]) -> set[str]:
    """Return the names of all properties below a schema."""
    if isinstance(node, list):
        return set().union(*(fields(inner, seen) for inner in node))
    if not isinstance(node, dict):
        return set()
    name = str(node.get("$ref", "")).rpartition("/")[2]
    found = set(node.get("properties", {}))
    if name and name not in seen:
        seen.add(name)
        found |= fields(SCHEMA["components"]["schemas"][name], seen)
    parts = [*node.get("properties", {}).values(), *(node.get(key) for key in ("items", "allOf", "oneOf", "anyOf"))]
    return found.union(*(fields(part, seen) for part in parts))


def shown(operation: dict[str, Any]) -> set[str]:
    contents = [answer.get("content", {}) for status, answer in operation["responses"].items() if status[0] == "2"]
    found = set().union(*(fields(media.get("schema"), set()) for content in contents for media in content.values()))
    is_file = any("json" not in kind for content in contents for kind in content)
    return found | ({"a file"} if is_file else set())


VIEWS = {
    "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path): pattern
    for path, pattern in leaves(get_resolver())
    if hasattr(pattern.callback, "cls")
}
OF_OTHERS = [
    (path, VIEWS[path], shown(operation))
    for path, method, operation in DESCRIBED
    if method == "get"
    and (path.startswith("/api/v1/doctor/") or MemberAuthentication in VIEWS[path].callback.cls.authentication_classes)
]
SUSPECT = [row for row in OF_OTHERS if row[2] & TELLING or "a file" in row[2] or row[2] == {"url", "expires_at"}]


def goes_through_the_patient_s_log(view: type) -> bool:
    """Whether it asks `appointments.access`, which notes each read in the patient's log and here."""
    source = inspect.getsource(view)
    module = inspect.getsource(sys.modules[view.__module__])
    return any(name in source for name in ("require_access(", "note_own_work(", "link_for_doctor(")) or (
        "require_access" in module and "files.link" in source
    )


def test_there_are_routes_to_look_at():
    assert len(SUSPECT) > 15


@pytest.mark.parametrize(("path", "pattern", "names"), SUSPECT, ids=[row[0] for row in SUSPECT])
def test_a_route_that_returns_health_data_of_others_writes_its_reads_down(path, pattern, names):
    view = pattern.callback.cls

    assert view.reads_health or pattern.name in HARMLESS or goes_through_the_patient_s_log(view), (
        f"{path} answers with {sorted(names & TELLING) or 'a file'}: set `reads_health` on {view.__name__},"
        " or say in HARMLESS why it tells nothing of anybody"
    )


def test_every_kind_of_health_data_has_its_own_name():
    told = [getattr(pattern.callback.cls, "reads_health", "") for pattern in VIEWS.values()]
    named = [name for name in told if name]

    assert len(named) == len(set(named))


def test_every_admin_page_of_health_data_exists():
    pages = {model._meta.label_lower for model in admin.site._registry}

    assert pages >= SHOWN_IN_ADMIN


HEALTH_COLUMNS = re.compile(
    r"answers|haemoglobin|systolic|diagnos|blood_group|patient_name|subjective|medicine|told_reason|finding|sealed"
)
NO_PERSON = {
    "requests_app.bloodrequest": "what a partner needs; no patient is named",
    "stock.threshold": "counts",
    "stock.transfer": "bags on the way, of nobody by name",
    "partners.processingcharge": "prices",
    "notifications.announcement": "whom an announcement is for, by group; nobody's own",
}


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=lambda model: model._meta.label), ids=str)
def test_an_admin_page_with_columns_about_health_is_on_the_list(model):
    label = model._meta.label_lower
    telling = [field.name for field in model._meta.fields if HEALTH_COLUMNS.search(field.name)]

    assert not telling or label in SHOWN_IN_ADMIN or label in NO_PERSON, (
        f"{label} shows {telling}: name it in common/audit/health.py, or say in NO_PERSON why it is about nobody"
    )


@pytest.mark.django_db
def test_a_partner_s_read_of_a_visit_is_recorded_before_the_answer_leaves():
    arrived = make_arrived()
    desk = member_client(Member.objects.get(partner=arrived.assignment.request.partner_id))

    one = desk.get(f"/api/v1/partner/assignments/{arrived.assignment.pk}")
    listed = desk.get(f"/api/v1/partner/requests/{arrived.assignment.request_id}/assignments")

    first, second = AuditEntry.objects.filter(deed="read").order_by("pk")
    assert (one.status_code, listed.status_code) == (200, 200)
    assert (first.act, first.subject_kind, first.subject_id) == ("visit", "assignment", str(arrived.assignment.pk))
    assert json.loads(second.facts) == {"rows": [str(arrived.assignment.pk)]}


@pytest.mark.django_db
def test_what_a_doctor_reads_of_a_conversation_is_recorded_and_what_a_patient_reads_is_not():
    talk = talk_of_patient()
    said = say(talk, talk.one, "My fever is back.")
    doctor, patient, path = person_client(talk.second), person_client(talk.first), f"/api/v1/conversations/{talk.pk}"

    for client in (patient, doctor):
        answers = [client.get(address).status_code for address in ("/api/v1/conversations", path, f"{path}/messages")]
        assert answers == [200, 200, 200]
    assert doctor.get(f"{path}/messages/{said.pk}/file").status_code == 409  # there is none to read

    read = AuditEntry.objects.filter(deed="read").order_by("pk")
    assert [row.act for row in read] == ["conversations", "conversation", "messages"]
    assert {(row.actor_kind, row.actor_id) for row in read} == {("person", str(talk.second.pk))}
    assert {(row.subject_kind, row.subject_id) for row in read} == {("conversation", str(talk.pk))}


@pytest.mark.django_db
def test_a_read_that_is_refused_shows_nothing_and_leaves_nothing():
    stranger = member_client(Member.objects.get(partner=make_promise().assignment.request.partner_id))
    other = make_arrived().assignment

    assert stranger.get(f"/api/v1/partner/assignments/{other.pk}").status_code == 404
    assert not AuditEntry.objects.filter(deed="read").exists()
