"""Bags, one by one: by whom they may be read, and by what they are named."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Prefetch, Q, QuerySet, Value, When

from common import clock
from common.blood import BloodGroup
from common.errors import NotFound
from stock.components import Component, ComponentUnknown, parse_component
from stock.din import DinInvalid, parse_din
from stock.errors import UnitAmbiguous
from stock.models import Collection, Crossmatch, Movement, Reservation, Unit
from stock.states import ON_SHELF, TERMINAL, CrossmatchResult, UnitStatus


@dataclass(frozen=True)
class HeldUnit:
    """A bag that is kept for somebody, until when, and under which holding."""

    id: uuid.UUID
    din: str
    component: Component
    blood_group: BloodGroup
    expires_at: dt.datetime
    until: dt.datetime | None
    holding: uuid.UUID


@dataclass(frozen=True)
class UnitFacts:
    """A bag as other apps may know it."""

    id: uuid.UUID
    partner_id: uuid.UUID
    din: str
    component: str
    status: str
    expires_at: dt.datetime


def unit_facts(unit_id: uuid.UUID) -> UnitFacts:
    """Raises: NotFound."""
    row = (
        Unit.objects.filter(pk=unit_id).values_list("pk", "partner", "din", "component", "status", "expires_at").first()
    )
    if row is None:
        raise NotFound
    return UnitFacts(*row)


def units_of(
    partner_id: uuid.UUID,
    *,
    status: str | None = None,
    component: str | None = None,
    blood_group: str | None = None,
    expires_before: dt.datetime | None = None,
) -> QuerySet[Unit]:
    """Return the partner's bags; states are those of the moment, swept or not."""
    found = Unit.objects.filter(partner_id=partner_id)
    if status is not None:
        found = found.standing(UnitStatus(status), clock.now())
    if component is not None:
        found = found.filter(component=component)
    if blood_group is not None:
        found = found.filter(blood_group=blood_group)
    if expires_before is not None:
        found = found.filter(expires_at__lt=expires_before)
    return found


def products_of(
    partner_id: uuid.UUID,
    *,
    unit_id: uuid.UUID | None = None,
    din: str | None = None,
    is_available: bool | None = None,
) -> QuerySet[Unit]:
    """Return the partner's bags; available are those that are, or could become, somebody's at this moment."""
    found = Unit.objects.filter(partner_id=partner_id)
    if unit_id is not None:
        found = found.filter(pk=unit_id)
    if din is not None:
        found = found.filter(din=key_of(din))
    if is_available is not None:
        givable = Q(status__in=[UnitStatus.AVAILABLE, UnitStatus.RESERVED], expires_at__gt=clock.now())
        found = found.filter(givable if is_available else ~givable)
    return found


def unit_id_of(partner_id: uuid.UUID, text: str, *, component: str = "") -> uuid.UUID:
    """Return the id of the partner's bag that an id, a number or the text of a bar code names.

    Of several bags with one number, the only one in use is meant, or the one of the component (name or short code).
    Raises: NotFound, UnitAmbiguous
    """
    try:
        return uuid.UUID(text)
    except ValueError:
        pass
    try:
        din = parse_din(text).value
        kind = parse_component(component) if component else None
    except (DinInvalid, ComponentUnknown) as exc:
        raise NotFound from exc
    rows = Unit.objects.filter(partner_id=partner_id, din=din).order_by("pk")
    found = list(rows.filter(component=kind) if kind else rows)
    chosen = [unit for unit in found if unit.state not in TERMINAL] if len(found) > 1 else found
    if not found:
        raise NotFound
    if len(chosen) != 1:
        raise UnitAmbiguous(components=[unit.component for unit in found])
    return chosen[0].pk


def unit_ids_of(partner_id: uuid.UUID, named: Sequence[tuple[str, str]]) -> list[uuid.UUID]:
    """Return the ids of the partner's bags that texts and components name, as `unit_id_of` does; one query.

    Raises: NotFound, UnitAmbiguous, each pointing at every place it is about
    """
    wanted = [key_of(text) for text, _ in named]
    ids = [key for key in wanted if _is_id(key)]
    rows = Unit.objects.filter(Q(pk__in=ids) | Q(din__in=set(wanted) - set(ids)), partner_id=partner_id)
    by_key: dict[str, list[Unit]] = defaultdict(list)
    for unit in rows.order_by("pk"):
        by_key[str(unit.pk)].append(unit)
        by_key[unit.din].append(unit)
    chosen = [_meant(by_key[key], component) for key, (_, component) in zip(wanted, named, strict=True)]
    if unknown := [f"/units/{place}/unit" for place, found in enumerate(chosen) if not found]:
        raise NotFound(pointers=unknown)
    if unclear := [f"/units/{place}/component" for place, found in enumerate(chosen) if len(found) > 1]:
        raise UnitAmbiguous(pointers=unclear)
    return [found[0].pk for found in chosen]


def _meant(found: list[Unit], component: str) -> list[Unit]:
    if component:
        return [unit for unit in found if unit.component == component]
    return [unit for unit in found if unit.state not in TERMINAL] if len(found) > 1 else found


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def key_of(text: str) -> str:
    """Return the id or the donation number that a text means, or the text itself when it is neither."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        pass
    try:
        return parse_din(text).value
    except DinInvalid:
        return text


def unit_id_to_test(partner_id: uuid.UUID, text: str, *, component: str = "") -> uuid.UUID:
    """As `unit_id_of`; whoever collected the donation may name by its number also a bag that another partner has now.

    Raises: NotFound, UnitAmbiguous
    """
    try:
        return unit_id_of(partner_id, text, component=component)
    except NotFound:
        away = answerable(partner_id).filter(din=_din_in(text)).order_by("pk").values_list("pk", flat=True).first()
        if away is None:
            raise
        return away


def answerable(partner_id: uuid.UUID) -> QuerySet[Unit]:
    """Return the bags for whose donation the partner answers, whoever has them now, and those it has itself."""
    collected = Collection.objects.filter(partner_id=partner_id).values("din")
    return Unit.objects.filter(Q(partner_id=partner_id) | Q(din__in=collected))


def get_unit_of(partner_id: uuid.UUID, unit_id: uuid.UUID) -> Unit:
    """Return the partner's bag with its history, its parts, its donation's tests. Raises: NotFound.

    Of what others did with it before, the history says what and when, and neither who nor for whom.
    """
    return _whole(Unit.objects.filter(partner_id=partner_id), unit_id, Movement.objects.order_by("pk"), partner_id)


def get_tested_unit(partner_id: uuid.UUID, unit_id: uuid.UUID) -> Unit:
    """Return a bag for whose donation the partner answers; of a bag that has gone, no more history than the partner's.

    Raises: NotFound
    """
    history = Movement.objects.filter(Q(partner_id=partner_id) | Q(unit__partner_id=partner_id)).order_by("pk")
    return _whole(answerable(partner_id), unit_id, history, partner_id)


def _din_in(text: str) -> str:
    try:
        return parse_din(text).value
    except DinInvalid:
        return ""


def _whole(units: QuerySet[Unit], unit_id: uuid.UUID, history: QuerySet[Movement], reader: uuid.UUID) -> Unit:
    rows = units.prefetch_related(
        Prefetch("movements", history),
        Prefetch("parts", Unit.objects.order_by("pk")),
        Prefetch("reservations", Reservation.objects.filter(ended_at=None)),
    )
    found = rows.filter(pk=unit_id).first()
    if found is None:
        raise NotFound
    for movement in found.movements.all():
        if movement.partner_id != reader:
            movement.actor, movement.facts = "", {}
    found.donation = Collection.objects.prefetch_related("results").get(pk=found.din)  # type: ignore[attr-defined]
    return found


def movements_of(partner_id: uuid.UUID) -> QuerySet[Movement]:
    return Movement.objects.filter(partner_id=partner_id).select_related("unit")


def units_to_export(partner_id: uuid.UUID, **chosen: Any) -> QuerySet[Unit]:
    """Return the partner's bags with the state in which each `stands_now`, swept or not, in SQL."""
    now = clock.now()
    return units_of(partner_id, **chosen).annotate(
        stands_now=Case(
            When(status__in=sorted(ON_SHELF), expires_at__lte=now, then=Value(str(UnitStatus.EXPIRED))),
            When(reserved_until__lte=now, then=Value(str(UnitStatus.AVAILABLE))),
            default=F("status"),
        )
    )


def incompatible_with(purpose: str) -> list[uuid.UUID]:
    """Return the bags that a crossmatch has found incompatible with whom they were kept for, and none has since."""
    rows = Crossmatch.objects.filter(reservation__purpose=purpose).order_by("recorded_at", "pk")
    latest = dict(rows.values_list("unit_id", "result"))
    return [unit_id for unit_id, result in latest.items() if result == CrossmatchResult.INCOMPATIBLE]


def held_units(holding_ids: Iterable[uuid.UUID]) -> list[HeldUnit]:
    """Return the bags that these holdings keep at the moment, first to expire first; one query."""
    now = clock.now()
    kept = Reservation.objects.filter(holding__in=list(holding_ids), ended_at=None, unit__expires_at__gt=now)
    rows = kept.filter(Q(until=None) | Q(until__gt=now)).order_by("unit__expires_at", "unit_id")
    return [
        HeldUnit(pk, din, Component(component), BloodGroup(group), expires_at, until, holding)
        for pk, din, component, group, expires_at, until, holding in rows.values_list(
            "unit_id",
            "unit__din",
            "unit__component",
            "unit__blood_group",
            "unit__expires_at",
            "until",
            "holding",
        )
    ]
