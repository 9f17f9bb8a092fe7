"""Families, and short words for what happens to their requests."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from common import clock, outbox
from common.blood import DonationType, Sex
from common.models import OutboxEvent
from donations.services.verifying import verify_donation
from requests_app.models import AttenderRequest, BloodRequest
from requests_app.services import promises, visits
from requests_app.services.families import answering, raising
from stock.components import Component
from stock.models import Reservation, Unit
from tests.factories import make_donor, make_user, person_client
from users.models import Donor, User

PATIENT = raising.Patient("Suresh Patil", 61, Sex.MALE)


def make_family(owner: Any, *, requester: User | None = None, **values: Any) -> AttenderRequest:
    """Two units of B+ red cells for a man of 61, urgent, within eight hours; nothing has been heard of it yet."""
    defaults = {
        "requester_id": (requester or make_user()).pk,
        "patient": PATIENT,
        "doctor": "Dr. Leela Rao",
        "blood_group": "B+",
        "component": Component.RED_CELLS,
        "units": 2,
        "urgency": "urgent",
        "needed_by": clock.now() + dt.timedelta(hours=8),
        "hospital": None if "place" in values else owner.partner_id,
    }
    return raising.raise_request(**{**defaults, **values})


def settle(family: AttenderRequest) -> AttenderRequest:
    """Let everything be heard; return the request as it is then."""
    outbox.drain()
    assert not outbox.open_events().exists(), list(OutboxEvent.objects.values_list("name", "last_error"))
    family.refresh_from_db()
    return family


def settled(owner: Any, **values: Any) -> AttenderRequest:
    return settle(make_family(owner, **values))


def verify_identity(user: User) -> User:
    """Let the person reach level 1."""
    body = {"number": "234123412346", "consent": True}
    answer = person_client(user).post("/api/v1/me/identity/aadhaar", body, format="json")
    assert answer.status_code == 201
    return user


def sources(family: AttenderRequest) -> list[tuple[str, str, int]]:
    """Return kind, status and units of each source, in order."""
    rows = family.steps.order_by("pk")
    return [(str(row.kind), str(row.state_at(clock.now())), row.units) for row in rows]


def history(family: AttenderRequest) -> list[str]:
    return list(family.events.order_by("pk").values_list("verb", flat=True))


def kept() -> int:
    """Return how many bags are kept for anybody."""
    now = clock.now()
    units = Unit.objects.filter(status="reserved", expires_at__gt=now).exclude(reserved_until__lte=now)
    assert set(Reservation.objects.filter(ended_at=None).values_list("unit", flat=True)) >= {unit.pk for unit in units}
    return units.count()


def donors_asked(family: AttenderRequest) -> list[tuple[str, int]]:
    """Return status and units of the blood requests by which donors were asked."""
    rows = BloodRequest.objects.filter(attender_step__request=family).order_by("pk")
    return [(str(row.status), row.units) for row in rows]


def confirm(family: AttenderRequest, owner: Any) -> AttenderRequest:
    return answering.confirm(request_id=family.pk, partner_id=owner.partner_id, member_id=owner.pk)


def refuse(family: AttenderRequest, owner: Any, **values: Any) -> AttenderRequest:
    defaults = {"reason": "no_requisition"}
    return answering.refuse(
        request_id=family.pk, partner_id=owner.partner_id, member_id=owner.pk, **{**defaults, **values}
    )


def issue(family: AttenderRequest, owner: Any, *units: Unit) -> AttenderRequest:
    return answering.issue(
        request_id=family.pk,
        partner_id=owner.partner_id,
        member_id=owner.pk,
        unit_ids={unit.pk for unit in units} or None,
    )


def cancel(family: AttenderRequest) -> AttenderRequest:
    return raising.cancel(request_id=family.pk, requester_id=family.requester_id, reason="The operation was postponed.")


def promise(family: AttenderRequest, donor: Donor | None = None) -> promises.Promise:
    """Let a donor accept the newest blood request of the family."""
    asked = BloodRequest.objects.filter(attender_step__request=family).latest("pk")
    return promises.accept(request_id=asked.pk, donor_id=(donor or make_donor(blood_group="B+")).pk)


def arrive(given: promises.Promise, owner: Any) -> promises.Promise:
    visits.record_arrival(
        assignment_id=given.assignment.pk, partner_id=owner.partner_id, member_id=owner.pk, code=given.code
    )
    return given


def donate(given: promises.Promise, owner: Any) -> None:
    """Let the donor come and give."""
    give(arrive(given, owner), owner)


def give(given: promises.Promise, owner: Any) -> None:
    verify_donation(
        assignment_id=given.assignment.pk,
        partner_id=owner.partner_id,
        member_id=owner.pk,
        donation_type=DonationType.WHOLE_BLOOD,
        volume_ml=350,
        haemoglobin_g_dl=Decimal("13.4"),
    )
