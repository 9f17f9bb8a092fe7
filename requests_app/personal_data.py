"""What this app holds of a person, and what must be over before a person may be forgotten."""

from __future__ import annotations

import uuid

from requests_app import selectors
from requests_app.errors import FamilyRequestUnfinished, PromiseOpen
from requests_app.services.forgetting import delete_traces
from requests_app.states import AssignmentStatus
from users.personal_data import Holding, Rows, hold, leaves_traces, refuses_erasure

FIELDS = ("id", "request_id", "status", "distance_km", "expires_at", "reason", "accepted_at", "arrived_at", "ended_at")
FAMILY = (
    *("id", "partner_id", "status", "patient_name", "patient_age", "patient_sex", "doctor", "blood_group", "component"),
    *("units", "units_issued", "units_donated", "urgency", "needed_by", "place_name", "refuse_reason", "refuse_note"),
    "cancel_reason",
)


def promises(user_id: uuid.UUID) -> Rows:
    """What was found at a visit is not in the copy, as it is not on the donor's pages: the rules tell it."""
    rows = selectors.assignments_of_donor(user_id).order_by("pk").values(*FIELDS)
    return [{**row, "reason": "" if row["status"] == AssignmentStatus.DEFERRED else row["reason"]} for row in rows]


def family_requests(user_id: uuid.UUID) -> Rows:
    return list(selectors.families_of_person(user_id).order_by("pk").values(*FAMILY, "created_at"))


@refuses_erasure(PromiseOpen)
def refuse_open_promise(user_id: uuid.UUID) -> None:
    """Raises: PromiseOpen. Somebody relies on it, and accepting waits for the donor, whom the caller holds."""
    if selectors.has_open_promise(user_id):
        raise PromiseOpen


@refuses_erasure(FamilyRequestUnfinished)
def refuse_unfinished_family(user_id: uuid.UUID) -> None:
    """Raises: FamilyRequestUnfinished. Asking waits for the person, whom the caller holds."""
    if selectors.has_open_family_request(user_id):
        raise FamilyRequestUnfinished


hold(
    Holding(
        "promises",
        "To bring you and the partner together.",
        "The partner whose request you accepted.",
        "As long as the account.",
        "With no name: donations are traced through them, which the law asks for at least five years.",
        promises,
    )
)
leaves_traces(delete_traces)
hold(
    Holding(
        "family_requests",
        "To find blood for somebody you care for.",
        "The hospital or blood bank that serves the request.",
        "As long as the account.",
        "With no name of anybody: bags are traced to where they went, which the law asks for at least five years.",
        family_requests,
    )
)
