"""What may be read of stock, by whom."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.db.models import (
    Case,
    Count,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    prefetch_related_objects,
)

from common import clock
from common.blood import BloodGroup
from common.errors import NotFound
from common.geo import Point
from partners import selectors as partners
from stock.compatibility import ranked_rows
from stock.components import Component, ComponentUnknown, facts_of, parse_component
from stock.din import DinInvalid, parse_din
from stock.errors import UnitAmbiguous
from stock.models import (
    Collection,
    Movement,
    Reservation,
    StockPolicy,
    Threshold,
    Transfer,
    TransferAsk,
    TransferEvent,
    TransferUnit,
    Unit,
)
from stock.states import TERMINAL, Fate, TransferStatus, UnitStatus, Urgency

# The counts, corrected by what time has done since the last sweep: both sides of the sum are found by an index.
_LEVELS: Final = """
    SELECT partner_id, component, blood_group, status, sum(units)::int
    FROM (
        SELECT partner_id, component, blood_group, status, units FROM stock_stockcount
        WHERE partner_id = ANY(%(partners)s) AND status IN ('quarantined', 'available', 'reserved', 'in_transit')
        UNION ALL
        SELECT partner_id, component, blood_group, status, -1 FROM stock_unit
        WHERE partner_id = ANY(%(partners)s) AND status IN ('quarantined', 'available', 'reserved')
            AND expires_at <= %(now)s
        UNION ALL
        SELECT unit.partner_id, component, blood_group, level.status, level.units
        FROM stock_unit unit, (VALUES ('reserved', -1), ('available', 1)) AS level (status, units)
        WHERE partner_id = ANY(%(partners)s) AND unit.status = 'reserved' AND reserved_until <= %(now)s
            AND expires_at > %(now)s
    ) AS change
    GROUP BY partner_id, component, blood_group, status
    HAVING sum(units) <> 0
"""
OURS_ASKED: Final = "ours_asked"
ASKED_OF_US: Final = "asked_of_us"
BETWEEN_OTHERS: Final = ("ask", "refuse", "disclaim")
MOST_DUE: Final = 1000  # transfers in one run of the sweep; it comes every minute
# The national portal's numbers of the groups; those of components are in the components' data.
GROUP_CODES: Final = {
    "A+": "11", "A-": "12", "B+": "13", "B-": "14", "O+": "15", "O-": "16", "AB+": "17", "AB-": "18",
    "Oh+": "22", "Oh-": "23",
}  # fmt: skip


@dataclass(frozen=True)
class Level:
    """How many units of a kind a partner has at the moment, by state."""

    component: Component
    blood_group: BloodGroup
    available: int
    reserved: int
    quarantined: int
    in_transit: int


@dataclass(frozen=True)
class TransferFacts:
    """What others may know of a transfer."""

    id: uuid.UUID
    partner_id: uuid.UUID
    blood_group: str
    component: Component
    needed_by: dt.datetime
    due_at: dt.datetime | None
    box: str
    is_critical: bool
    is_confirmed_by_itself: bool


@dataclass(frozen=True)
class GroupOffer:
    blood_group: BloodGroup
    units: int
    compatible: bool
    identical: bool


@dataclass(frozen=True)
class Offer:
    """What a live partner near a place has of a component; `units` counts the compatible ones."""

    partner: Any
    distance_km: float
    units: int
    groups: list[GroupOffer]

    @property
    def pk(self) -> uuid.UUID:
        return self.partner.pk


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
class TransferState:
    """Where one of the transfers of a need stands."""

    id: uuid.UUID
    status: TransferStatus
    units: int
    end_reason: str


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
    """Return the partner's bag with its history, its parts, its donation's tests. Raises: NotFound."""
    return _whole(Unit.objects.filter(partner_id=partner_id), unit_id, Movement.objects.order_by("pk"))


def get_tested_unit(partner_id: uuid.UUID, unit_id: uuid.UUID) -> Unit:
    """Return a bag for whose donation the partner answers; of a bag that has gone, no more history than the partner's.

    Raises: NotFound
    """
    history = Movement.objects.filter(Q(partner_id=partner_id) | Q(unit__partner_id=partner_id)).order_by("pk")
    return _whole(answerable(partner_id), unit_id, history)


def _din_in(text: str) -> str:
    try:
        return parse_din(text).value
    except DinInvalid:
        return ""


def _whole(units: QuerySet[Unit], unit_id: uuid.UUID, history: QuerySet[Movement]) -> Unit:
    rows = units.prefetch_related(
        Prefetch("movements", history),
        Prefetch("parts", Unit.objects.order_by("pk")),
        Prefetch("reservations", Reservation.objects.filter(ended_at=None)),
    )
    found = rows.filter(pk=unit_id).first()
    if found is None:
        raise NotFound
    found.donation = Collection.objects.prefetch_related("results").get(pk=found.din)  # type: ignore[attr-defined]
    return found


def movements_of(partner_id: uuid.UUID) -> QuerySet[Movement]:
    return Movement.objects.filter(partner_id=partner_id).select_related("unit")


def stock_of(partner_id: uuid.UUID) -> list[Level]:
    """Return the partner's stock by kind, in the order of components and groups."""
    return levels_of([partner_id]).get(partner_id, [])


def thresholds_of(partner_id: uuid.UUID) -> dict[str, Any]:
    """Return the partner's thresholds and its O- floor."""
    rows = Threshold.objects.filter(partner_id=partner_id)
    return {"thresholds": sorted(rows, key=_kind), "o_neg_floor": policy_of(partner_id).o_neg_floor}


def policy_of(partner_id: uuid.UUID) -> StockPolicy:
    """Return how the partner gives its blood away, also where it never said so."""
    return StockPolicy.objects.filter(partner_id=partner_id).first() or StockPolicy(
        o_neg_floor=0, requires_crossmatch=False
    )


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


def transfers_of_need(need: uuid.UUID) -> list[TransferState]:
    """Return the transfers by which one need is met, in their order; `units` are those that each still promises."""
    bags = Count("bags", filter=Q(bags__fate__in=[Fate.OFFERED, Fate.SENT]))
    rows = Transfer.objects.filter(need=need).annotate(promised=bags).order_by("pk")
    return [
        TransferState(
            id=row.pk,
            status=TransferStatus(row.status),
            units=row.units if row.status == TransferStatus.REQUESTED else row.promised,
            end_reason=row.end_reason,
        )
        for row in rows
    ]


def search(
    origin: Point, *, radius_km: float, blood_group: BloodGroup, component: Component, units: int
) -> list[Offer]:
    """Return the live partners within the radius that have so many compatible units, nearest first; two queries."""
    near = partners.partners_near(origin, radius_km, live=True)
    levels = levels_of([partner.pk for partner in near])
    suitable = {row.donor for row in ranked_rows(blood_group, component)}
    offers = []
    for partner in near:
        groups = [
            GroupOffer(
                level.blood_group,
                level.available,
                compatible=level.blood_group in suitable,
                identical=level.blood_group == blood_group,
            )
            for level in levels.get(partner.pk, [])
            if level.component == component and level.available > 0
        ]
        total = sum(group.units for group in groups if group.compatible)
        if total >= units:
            offers.append(Offer(partner, partner.distance_km, total, groups))
    return offers


def transfers_of(partner_id: uuid.UUID, *, side: str | None = None, status: str | None = None) -> QuerySet[Any]:
    """Return what the partner has asked for, sends, has sent, or is asked for at this moment.

    Each row says on which `side` the partner is, and for one that is asked until when it may answer and how far it is.
    """
    now = clock.now()
    open_asks = TransferAsk.objects.filter(partner_id=partner_id, answer="", answer_by__gt=now)
    ours = Transfer.objects.filter(partner_id=partner_id).values_list("pk")
    theirs = [
        Transfer.objects.filter(sender_id=partner_id).values_list("pk"),
        open_asks.values_list("transfer_id"),
    ]
    ids = theirs[0].union(*theirs[1:]) if side == ASKED_OF_US else ours.union(*([] if side else theirs))
    own_ask = TransferAsk.objects.filter(transfer=OuterRef("pk"), partner_id=partner_id)
    found = Transfer.objects.filter(pk__in=ids)
    if status is not None:
        found = found.standing(TransferStatus(status), now)
    return found.select_related("partner", "sender").annotate(
        side=Case(When(partner_id=partner_id, then=Value(OURS_ASKED)), default=Value(ASKED_OF_US)),
        answer_by=Subquery(own_ask.filter(answer="").values("answer_by")[:1]),
        distance_km=Subquery(own_ask.values("distance_km")[:1]),
    )


def get_transfer_for(partner_id: uuid.UUID, transfer_id: uuid.UUID) -> Transfer:
    """Return a transfer that the partner may see, with its bags and what of its history is the partner's business.

    Raises: NotFound
    """
    history, asks = TransferEvent.objects.order_by("pk"), TransferAsk.objects.order_by("pk").select_related("partner")
    found = transfers_of(partner_id).filter(pk=transfer_id).first()
    if found is None:
        raise NotFound
    if found.side != OURS_ASKED:
        # Who else was asked, and what it said, is between them and the asker.
        history, asks = history.exclude(verb__in=BETWEEN_OTHERS), asks.filter(partner_id=partner_id)
    bags = TransferUnit.objects.order_by("pk").select_related("unit")
    prefetch_related_objects([found], Prefetch("events", history), Prefetch("asks", asks), Prefetch("bags", bags))
    return found


def transfer_facts(transfer_id: uuid.UUID) -> TransferFacts:
    """Return what others may know of a transfer. Raises: NotFound."""
    found = Transfer.objects.filter(pk=transfer_id).first()
    if found is None:
        raise NotFound
    return TransferFacts(
        id=found.pk,
        partner_id=found.partner_id,
        blood_group=found.blood_group,
        component=Component(found.component),
        needed_by=found.needed_by,
        due_at=found.due_at,
        box=found.box,
        is_critical=found.urgency == Urgency.CRITICAL,
        is_confirmed_by_itself=found.purpose != "",
    )


def asks_of(transfer_id: uuid.UUID, partner_ids: Iterable[uuid.UUID]) -> list[TransferAsk]:
    """Return what these partners were asked, of those that have not answered yet."""
    asks = TransferAsk.objects.filter(transfer=transfer_id, partner__in=list(partner_ids), answer="")
    return list(asks.order_by("pk"))


def transfers_due(now: dt.datetime) -> list[uuid.UUID]:
    """Return the transfers that time has something to do with, the longest due first, as many as one run may take."""
    rows = Transfer.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    return list(rows.values_list("pk", flat=True)[:MOST_DUE])


def report_rows(partner_id: uuid.UUID) -> list[list[str]]:
    """Return the daily stock report, the heading first, as the national portal lays it out."""
    own = partners.profile_of(partner_id)
    last = Movement.objects.filter(partner_id=partner_id).order_by("-pk").values_list("created_at", flat=True).first()
    updated = "" if last is None else last.isoformat(timespec="seconds")
    place = [own.address, own.phone, own.state, own.district]
    return [
        REPORT_HEADING,
        *(
            [
                str(partner_id),
                own.name,
                own.category,
                *place,
                GROUP_CODES[level.blood_group],
                str(level.blood_group),
                facts_of(level.component).eraktkosh_code,
                str(level.component),
                str(level.available),
                updated,
            ]
            for level in stock_of(partner_id)
        ),
    ]


REPORT_HEADING: Final = [
    "centre_id", "centre_name", "category", "address", "phone", "state", "district", "blood_group_code", "blood_group",
    "component_code", "component", "available", "last_update",
]  # fmt: skip


def levels_of(partner_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Level]]:
    """Return the stock of the partners by kind, in the order of components and groups; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_LEVELS, {"partners": list(partner_ids), "now": clock.now()})
        rows = cursor.fetchall()
    kinds: dict[tuple[uuid.UUID, str, str], dict[str, int]] = defaultdict(dict)
    for partner_id, component, group, status, units in rows:
        kinds[partner_id, component, group][status] = units
    levels = defaultdict(list)
    for (partner_id, component, group), units in kinds.items():
        level = Level(
            Component(component),
            BloodGroup(group),
            available=units.get("available", 0),
            reserved=units.get("reserved", 0),
            quarantined=units.get("quarantined", 0),
            in_transit=units.get("in_transit", 0),
        )
        levels[partner_id].append(level)
    return {partner_id: sorted(found, key=_kind) for partner_id, found in levels.items()}


_COMPONENTS: Final = {str(component): place for place, component in enumerate(Component)}
_GROUPS: Final = {str(group): place for place, group in enumerate(BloodGroup)}


def _kind(row: Level | Threshold) -> tuple[int, int]:
    return _COMPONENTS[row.component], _GROUPS[row.blood_group]
