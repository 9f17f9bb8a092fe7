"""Every address says who may call it and what it answers, and lets nobody else in."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from rest_framework.permissions import AllowAny
from rest_framework.test import APIClient
from rest_framework.views import APIView as FrameworkView

from common.api.views import APIView
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsMember
from tests.factories import make_user, person_client
from tests.partners.factories import client_of, make_member
from users.api.authentication import PersonAuthentication

METHODS = ("get", "post", "put", "patch", "delete")
LENIENT = {
    ("StandbyView", "delete"): [204],  # leaving a list that one is not on is no mistake
    ("PlaceView", "delete"): [403],  # who is no doctor has no places
    ("ExceptionView", "delete"): [403],
    ("DoctorAppointmentView", "get"): [403],  # who is no doctor has no patients
    **{(f"{verb}View", "post"): [400, 403] for verb in ("Start", "Complete", "NoShow", "DoctorCancel", "FollowUp")},
    **{(f"{name}View", "get"): [403] for name in ("Patient", "PatientRecords", "PatientPrescriptions", "Notes")},
    **{(f"{name}View", "get"): [403] for name in ("VisitPrescriptions", "PrescriptionPaper")},
    **{(f"{name}View", "post"): [400, 403] for name in ("BreakGlass", "SignNotes", "Addenda", "VisitPrescriptions")},
    **{(f"{name}ReferralView", "post"): [400, 403] for name in ("Accept", "Decline", "End")},
    **{(f"{name}PrescriptionView", "post"): [400, 403] for name in ("Sign", "Revoke")},
    ("NotesView", "put"): [403],
    ("PrescriptionView", "delete"): [403],
    ("QuestionnaireView", "put"): [400],  # the answers are read before anything is looked for
    ("VersionsView", "post"): [415],  # a file comes as multipart
    **{(f"{side}MessageFilesView", "post"): [415] for side in ("", "Partner")},
    **{(f"{side}TicketFilesView", "post"): [415] for side in ("", "Partner")},
}
DOCUMENTS = {"SchemaView", "SwaggerView", "RedocView"}


def leaves(resolver: URLResolver, prefix: str = "") -> list[tuple[str, URLPattern]]:
    found = []
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        found += leaves(entry, path) if isinstance(entry, URLResolver) else [(path, entry)]
    return found


API = [
    (path, pattern.callback.cls)
    for path, pattern in leaves(get_resolver())
    if path.startswith("api/") and issubclass(getattr(pattern.callback, "cls", type), FrameworkView)
]
VIEWS = {view.__name__: view for _, view in API}
OPERATIONS = [(path, view, method) for path, view in API for method in METHODS if hasattr(view, method)]
CLOSED = [row for row in OPERATIONS if row[1].authentication_classes]
IDS = [f"{method} {path}" for path, _, method in CLOSED]


def test_no_address_hides_another():
    routes = [path for path, _ in leaves(get_resolver()) if path.startswith("api/")]
    shapes = [re.sub(r"<\w+:\w+>", "<>", path) for path in routes]

    assert sorted(shapes) == sorted(set(shapes))


def test_whatever_members_do_passes_the_gate_that_a_camp_closes():
    views = [view for _, view in API if MemberAuthentication in view.authentication_classes]

    assert all(issubclass(kind, IsMember) for view in views for kind in view.permission_classes)


def concrete(path: str) -> str:
    return "/" + re.sub(r"<uuid:[^>]+>", str(uuid.uuid4()), path)


def call(client: APIClient, method: str, path: str):
    return getattr(client, method)(concrete(path), {}, format=None if method == "get" else "json")


def own(view: type, attribute: str) -> bool:
    """Whether the view or a base of its own below the kernel names the attribute."""
    ours = [base for base in view.__mro__ if base.__module__ not in (APIView.__module__, FrameworkView.__module__)]
    return any(attribute in base.__dict__ for base in ours)


def test_there_are_views_to_look_at():
    assert len(API) > 30


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_a_view_names_who_may_call_it(name):
    assert own(VIEWS[name], "authentication_classes")
    assert own(VIEWS[name], "permission_classes")
    assert VIEWS[name].permission_classes


@pytest.mark.parametrize("name", sorted(set(VIEWS) - DOCUMENTS))
def test_a_view_is_built_on_the_kernels(name):
    assert issubclass(VIEWS[name], APIView)


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_a_view_that_knows_callers_lets_in_only_some(name):
    view = VIEWS[name]

    assert (AllowAny in view.permission_classes) <= (not view.authentication_classes)


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "view", "method"), CLOSED, ids=IDS)
def test_without_a_token_every_closed_address_is_401(path, view, method):
    answer = call(APIClient(), method, path)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "view", "method"), CLOSED, ids=IDS)
def test_a_token_of_the_other_realm_is_401_everywhere(unthrottled, path, view, method):
    is_persons = PersonAuthentication in view.authentication_classes
    stranger = client_of(make_member()) if is_persons else person_client(make_user())

    answer = call(stranger, method, path)

    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "Bearer x.y.z", "Token x"])
@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/partner"])
def test_a_header_that_is_no_token_is_401(path, header):
    assert APIClient().get(path, headers={"Authorization": header}).status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "view", "method"), [row for row in CLOSED if "<uuid" in row[0]])
def test_an_id_that_does_not_exist_is_404_or_refused_before(unthrottled, path, view, method):
    is_persons = PersonAuthentication in view.authentication_classes
    caller = person_client(make_user()) if is_persons else client_of(make_member())

    answer = call(caller, method, path)

    assert answer.status_code in {404, *([400] if method == "post" else []), *LENIENT.get((view.__name__, method), [])}


SCHEMA = SchemaGenerator().get_schema(request=None, public=True)
DESCRIBED = [
    (path, method, operation)
    for path, item in SCHEMA["paths"].items()
    for method, operation in item.items()
    if method in METHODS
]


def has_example(content: dict) -> bool:
    return bool(content) and all("example" in media or "examples" in media for media in content.values())


@pytest.mark.parametrize(
    ("path", "method", "operation"), DESCRIBED, ids=[f"{method} {path}" for path, method, _ in DESCRIBED]
)
def test_an_operation_is_described_with_examples(path, method, operation):
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    if "requestBody" in operation:
        assert has_example(operation["requestBody"]["content"])
    for status, answer in operation["responses"].items():
        assert not answer.get("content") or has_example(answer["content"]), status


def test_every_address_of_the_api_is_described():
    described = {(re.sub(r"{[^}]+}", "{}", path), method) for path, method, _ in DESCRIBED}
    routed = {
        ("/" + re.sub(r"<[^>]+>", "{}", path), method)
        for path, view, method in OPERATIONS
        if view.__name__ not in DOCUMENTS
    }

    assert routed == described


def test_every_operation_has_its_own_id():
    ids = [operation["operationId"] for _, _, operation in DESCRIBED]

    assert len(ids) == len(set(ids))
