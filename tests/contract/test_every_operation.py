"""Whatever is sent to any operation, the answer is one that the schema names, and never a 5xx."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from tests.factories import make_donor, make_hospital, person_client

SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(SchemaGenerator().get_schema(public=True), default=str)))
SCHEMA.app = application
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Keep the test's connection, and its transaction, from one call to the next."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def tokens(unthrottled: None) -> dict[str, str]:
    from tests.partners.factories import member_tokens
    from common import sessions
    from common.db import unit_of_work
    from users.models import Session

    donor = make_donor()
    with unit_of_work():
        _, pair = sessions.open_session(Session, account_id=donor.user_id, device="test", address="127.0.0.1")
    return {"person": pair.access, "member": member_tokens(make_hospital()).access}


@SCHEMA.parametrize()
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_in_the_schema(case: Case, tokens: dict[str, str]) -> None:
    realm = "member" if case.path.startswith("/api/v1/partner") else "person"
    answer = case.call(headers={"Authorization": f"Bearer {tokens[realm]}"})

    case.validate_response(answer, checks=CHECKS)
