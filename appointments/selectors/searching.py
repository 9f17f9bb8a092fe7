"""Doctors by what they do, what they cost, where they are and when they are free."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import ExpressionWrapper, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Upper

from appointments.models import ORDERS, Doctor, Place
from appointments.selectors.doctors import live_doctors
from appointments.selectors.slots import NextFree, next_free_as_kept
from appointments.states import DoctorOrder, VisitKind
from common.arrays import IsAnyOf
from common.geo import Point, bounding_boxes, distance_km, within
from common.money import Currency
from partners.searching import SearchDocument, beginnings_of


@dataclass(frozen=True)
class Wanted:
    """What a patient looks for; what is left out does not matter. `fee_max` is in minor units of the currency."""

    kind: VisitKind | None = None
    specialisation: str = ""
    language: str = ""
    words: Sequence[str] = ()
    fee_max: int | None = None
    currency: Currency | None = None
    available_by: dt.datetime | None = None
    city: str = ""
    near: Point | None = None
    radius_km: float = 0


@dataclass(frozen=True)
class FoundPlace:
    """Where the doctor sees patients; the distance is from where one looks for doctors, if from anywhere."""

    place: Place
    distance_km: float | None


@dataclass(frozen=True)
class FoundDoctor:
    """A doctor and when he is free next, as it is now."""

    doctor: Doctor
    next: NextFree
    places: Sequence[FoundPlace]


def doctors_for(wanted: Wanted, order: DoctorOrder) -> QuerySet[Doctor]:
    """Return the live doctors that fit, with the `position` to order by.

    Whether one is free is what was kept of him last: `shown` has the last word.
    """
    found = live_doctors().filter(_offers(wanted.kind))
    if wanted.specialisation:
        found = found.filter(specialisations__contains=[wanted.specialisation])
    if wanted.language:
        found = found.filter(languages__contains=[wanted.language])
    if wanted.words:
        found = found.alias(words=SearchDocument("search_text")).filter(words=beginnings_of(list(wanted.words)))
    if wanted.currency is not None:
        found = found.filter(currency=wanted.currency)
    if wanted.fee_max is not None:
        found = found.alias(lowest=ORDERS[_named("fee", wanted.kind)]).filter(lowest__lte=wanted.fee_max)
    if wanted.available_by is not None:
        found = found.alias(first=ORDERS[_named("first", wanted.kind)]).filter(first__lte=wanted.available_by)
    if wanted.city:
        places = Place.objects.filter(ended_at=None).alias(key=Upper("city")).filter(key=Upper(Value(wanted.city)))
        found = found.filter(in_person_fee_minor__isnull=False, pk__in=places.values("doctor"))
    if wanted.near is not None:
        near = IsAnyOf("pk", _doctors_near(wanted.near, wanted.radius_km))
        found = found.filter(near, in_person_fee_minor__isnull=False)
    return found.annotate(position=_position(wanted.kind, order))


def shown(doctors: Iterable[Doctor], wanted: Wanted, now: dt.datetime) -> list[FoundDoctor]:
    """Return the doctors with their next free slots worked out now; one who is free too late after all is left out."""
    rows = list(doctors)
    found = next_free_as_kept(rows, now)
    nothing = NextFree(None, None)
    cards = [FoundDoctor(row, found.get(row.pk, nothing), _places(row, wanted.near)) for row in rows]
    by = wanted.available_by
    if by is None:
        return cards
    kinds = list(VisitKind) if wanted.kind is None else [wanted.kind]
    return [card for card in cards if (first := card.next.of(kinds)) is not None and first <= by]


def _offers(kind: VisitKind | None) -> Q:
    by_kind = {
        VisitKind.VIDEO: Q(video_fee_minor__isnull=False),
        VisitKind.IN_PERSON: Q(in_person_fee_minor__isnull=False),
    }
    return by_kind[VisitKind.VIDEO] | by_kind[VisitKind.IN_PERSON] if kind is None else by_kind[kind]


def _named(what: str, kind: VisitKind | None) -> str:
    return what if kind is None else f"{what}_{kind}"


def _position(kind: VisitKind | None, order: DoctorOrder) -> ExpressionWrapper[Any]:
    name = {
        DoctorOrder.NEXT_FREE: _named("first", kind),
        DoctorOrder.FEE: _named("fee", kind),
        DoctorOrder.RATING: "standing",
    }[order]
    if order is DoctorOrder.RATING:  # below zero, as no column of the doctor's can be
        return ExpressionWrapper(ORDERS[name], output_field=IntegerField())
    return ExpressionWrapper(ORDERS[name], output_field=ORDERS[name].output_field)


def _doctors_near(origin: Point, radius_km: float) -> set[uuid.UUID]:
    boxes = [
        Q(lat__gte=box.south, lat__lte=box.north, lng__gte=box.west, lng__lte=box.east)
        for box in bounding_boxes(origin, radius_km)
    ]
    rows = list(Place.objects.filter(reduce(or_, boxes), ended_at=None).values_list("doctor_id", "lat", "lng"))
    inside = within(origin, [lat for _, lat, _ in rows], [lng for _, _, lng in rows], radius_km)
    return {rows[index][0] for index in inside}


def _places(doctor: Doctor, origin: Point | None) -> list[FoundPlace]:
    places: list[Place] = doctor.open_places  # type: ignore[attr-defined]
    return [FoundPlace(one, None if origin is None else distance_km(origin, Point.of(one))) for one in places]
