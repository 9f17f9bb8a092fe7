"""Camps at every hour of their lives."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import time_machine

from common import clock
from donations.models import Camp, Enrolment
from donations.services import camps, enrolling
from donations.services.checking_in import Scan, check_in
from donations.services.reporting import Gave, Report, report_camp
from donations.tickets import write_ticket
from tests.factories import PUNE, make_donor, make_hospital

API = "/api/v1"
HOUR = dt.timedelta(hours=1)
LEAD, LENGTH = 4 * HOUR, 6 * HOUR


def body(**values: Any) -> dict[str, Any]:
    """What a partner sends to draft a camp in the centre of Pune, from 16:00 to 22:00 in India."""
    starts_at = clock.now() + LEAD
    place = {"name": "Town hall", "address": "3 Main Road", "lat": float(PUNE[0]), "lng": float(PUNE[1])}
    defaults = {
        "title": "Give in May",
        "place": place,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + LENGTH).isoformat(),
        "capacity": 10,
    }
    return {**defaults, **values}


def make_draft(owner: Any | None = None, **values: Any) -> Camp:
    member = owner or make_hospital()
    starts_at = values.pop("starts_at", clock.now() + LEAD)
    defaults = {
        "title": "Give in May",
        "description": "",
        "place_name": "Town hall",
        "address": "3 Main Road",
        "lat": PUNE[0],
        "lng": PUNE[1],
        "starts_at": starts_at,
        "ends_at": starts_at + LENGTH,
        "capacity": 10,
    }
    return camps.create_camp(partner_id=member.partner_id, member_id=member.pk, **{**defaults, **values})


def make_camp(owner: Any | None = None, **values: Any) -> Camp:
    """A published camp."""
    draft = make_draft(owner, **values)
    return camps.publish_camp(camp_id=draft.pk, partner_id=draft.partner_id, member_id=draft.created_by_id)


def take(camp: Camp, donor: Any | None = None) -> Enrolment:
    return enrolling.enrol(camp_id=camp.pk, donor_id=(donor or make_donor()).pk)


def ticket_of(enrolment: Enrolment) -> str:
    return write_ticket(enrolment_id=enrolment.pk, camp_id=enrolment.camp_id)


def scan(camp: Camp, *scans: Scan) -> list[str]:
    """Check in; return the outcomes."""
    answers = check_in(camp_id=camp.pk, partner_id=camp.partner_id, member_id=camp.created_by_id, scans=scans)
    return [str(answer.outcome) for answer in answers]


def begin(camp: Camp, clock: time_machine.Coordinates) -> None:
    clock.move_to(camp.starts_at + HOUR)


def finish(camp: Camp, clock: time_machine.Coordinates) -> None:
    clock.move_to(camp.ends_at + dt.timedelta(seconds=1))


def come(camp: Camp, clock: time_machine.Coordinates, *donors: Any) -> list[Enrolment]:
    """Enrol the donors and check them in; the camp is then over."""
    places = [take(camp, donor) for donor in donors]
    begin(camp, clock)
    assert scan(camp, *[Scan(ticket_of(place)) for place in places]) == ["accepted"] * len(places)
    finish(camp, clock)
    return places


def gave(enrolment: Enrolment, **values: Any) -> Gave:
    return Gave(**{"enrolment_id": enrolment.pk, "volume_ml": 350, "haemoglobin_g_dl": Decimal("13.4"), **values})


def report(camp: Camp, **values: Any) -> Report:
    lists = {"gave": [], "unfit": [], "bags": [], **values}
    return report_camp(camp_id=camp.pk, partner_id=camp.partner_id, member_id=camp.created_by_id, **lists)


def is_counted(camp: Camp) -> bool:
    """Whether the camp counts the places that are taken."""
    camp.refresh_from_db()
    return camp.enrolled == camp.enrolments.exclude(status__in=["left", "cancelled"]).count()
