"""A donor's own pages: what the tests of the profile, deferrals and the score share."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.test import APIClient

from common.db import command
from users.services import donors

ME, DONOR, DEFERRALS = "/api/v1/me", "/api/v1/me/donor", "/api/v1/me/donor/deferrals"
PROFILE = {"blood_group": "O-", "sex": "female", "date_of_birth": "1995-04-12", "weight_kg": 58.5}


def put_donor(client: APIClient, **changes: Any) -> Response:
    """Send a good profile with changes; a change to `...` leaves the value out."""
    body = {name: value for name, value in {**PROFILE, **changes}.items() if value is not ...}
    return client.put(DONOR, body, format="json")


def declare(client: APIClient, code: str = "tattoo", occurred_on: str = "2030-04-20", **values: Any) -> Response:
    return client.post(DEFERRALS, {"code": code, "occurred_on": occurred_on, **values}, format="json")


def eligibility(client: APIClient, donation_type: str = "") -> dict[str, Any]:
    answer = client.get(f"{DONOR}/eligibility", {"donation_type": donation_type} if donation_type else {})
    assert answer.status_code == 200, answer.content
    return answer.json()


def pointers(answer: Response) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


@command
def penalise(donor_id, assignment_id, reason="missed"):
    """Count a broken promise, as the services of requests do."""
    donors.penalise(donors.hold_donor(donor_id=donor_id), reason=reason, assignment_id=assignment_id)
