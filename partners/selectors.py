"""What others may read of partners, and what the public directory shows."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet, Value
from django.db.models.functions import Lower

from common import clock, sessions
from common.errors import NotFound
from common.geo import Point, bounding_boxes, nearest_first
from common.money import Currency
from partners.errors import NoPriceList
from partners.models import (
    SEARCHED,
    ApiKey,
    Complaint,
    Contract,
    ContractCharge,
    DeliveryBand,
    Member,
    MemberSession,
    Partner,
    PartnerQuerySet,
    PriceList,
    ProcessingCharge,
)
from partners.pricing import Tariff
from partners.searching import SearchDocument, beginnings_of
from partners.states import MAY_SIGN_IN, PartnerKind, PartnerStatus, Role, TestPart
from users.audiences import around

# What no answer of the public directory needs.
_UNSHOWN = ("claimed_profile", "license_key", "facility_code", "place", "flagged_at")


@dataclass(frozen=True)
class MemberContact:
    """How a member is reached; the zone is the partner's."""

    id: uuid.UUID
    name: str
    phone: str
    language: str
    zone: str


@dataclass(frozen=True)
class PartnerCard:
    """What a donor has to know to go there."""

    id: uuid.UUID
    name: str
    phone: str
    address: str
    city: str
    lat: float
    lng: float
    zone: str
    world: uuid.UUID | None = None  # of test data

    @property
    def location(self) -> Point:
        return Point(self.lat, self.lng)


@dataclass(frozen=True)
class PartnerProfile:
    """What a report says of a partner."""

    name: str
    category: str
    address: str
    phone: str
    state: str
    district: str


def profile_of(partner_id: uuid.UUID) -> PartnerProfile:
    """Return what a report says of the partner. Raises: NotFound."""
    names = [field.name for field in dataclasses.fields(PartnerProfile)]
    row = Partner.objects.filter(pk=partner_id).values_list(*names).first()
    if row is None:
        raise NotFound
    return PartnerProfile(*row)


def contacts_of(partner_id: uuid.UUID, roles: Iterable[Role]) -> list[MemberContact]:
    """Return the partner's active members in the roles, the oldest account first."""
    members = Member.objects.people().filter(partner_id=partner_id, is_active=True, role__in=list(roles)).order_by("pk")
    rows = members.values_list("pk", "name", "phone", "language", "partner__zone")
    return [MemberContact(*row) for row in rows]


def find_contact(member_id: uuid.UUID) -> MemberContact | None:
    """Return how one member is reached, if the account is still used."""
    members = Member.objects.filter(pk=member_id, is_active=True)
    row = members.values_list("pk", "name", "phone", "language", "partner__zone").first()
    return None if row is None else MemberContact(*row)


def card(partner_id: uuid.UUID) -> PartnerCard:
    """Return the partner's card. Raises: NotFound."""
    found = cards([partner_id])
    if partner_id not in found:
        raise NotFound
    return found[partner_id]


def cards(partner_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, PartnerCard]:
    """Return the cards of the partners by id, in one query; unknown ids are left out."""
    rows = Partner.objects.filter(pk__in=list(partner_ids)).values_list(
        "pk", "name", "phone", "address", "city", "lat", "lng", "zone", "test_world"
    )
    return {
        pk: PartnerCard(pk, name, phone, address, city, float(lat), float(lng), zone, world)
        for pk, name, phone, address, city, lat, lng, zone, world in rows
    }


def zone_of(partner_id: uuid.UUID) -> str:
    """Return the partner's IANA zone. Raises: NotFound."""
    return str(_one_value(partner_id, "zone"))


def facility_code_of(partner_id: uuid.UUID) -> str:
    """Return the code that begins the numbers of the partner's bags; every approved partner has one.

    Raises: NotFound
    """
    code = _one_value(partner_id, "facility_code")
    if code is None:
        raise NotFound
    return str(code)


def members_of(partner_id: uuid.UUID) -> QuerySet[Member]:
    """Return the partner's members, active or not; those that keys act as are none."""
    return Member.objects.people().filter(partner_id=partner_id)


def are_active_members(partner_id: uuid.UUID, member_ids: Iterable[uuid.UUID]) -> bool:
    """Whether all of these are members of the partner who may sign in."""
    wanted = set(member_ids)
    found = Member.objects.people().filter(pk__in=wanted, partner_id=partner_id, is_active=True)
    return found.count() == len(wanted)


def api_keys_of(partner_id: uuid.UUID) -> QuerySet[ApiKey]:
    """Return the partner's keys, also those that are over."""
    return ApiKey.objects.filter(partner_id=partner_id)


def api_key(partner_id: uuid.UUID, key_id: uuid.UUID) -> ApiKey:
    """Raises: NotFound, also for another partner's."""
    found = api_keys_of(partner_id).filter(pk=key_id).first()
    if found is None:
        raise NotFound
    return found


def world_of(partner_id: uuid.UUID) -> uuid.UUID | None:
    """Return the world of test data that the partner is part of; None for a real one. Raises: NotFound."""
    world: uuid.UUID | None = _one_value(partner_id, "test_world")
    return world


def test_twin(partner_id: uuid.UUID) -> Partner:
    """Return the partner's twin, with the ids of its world's `parts`. Raises: NotFound where there is none."""
    rows = list(Partner.objects.filter(test_of_id=partner_id, status=PartnerStatus.LIVE).order_by("pk"))
    twin = next((row for row in rows if row.test_part == TestPart.TWIN), None)
    if twin is None:
        raise NotFound
    twin.parts = [(row.test_part, row.pk) for row in rows]
    return twin


def seats_of(session_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, sessions.Seat]:
    """Return those of the members' sessions by which somebody may still listen to what changes for the partner."""
    return sessions.seats(
        MemberSession,
        session_ids,
        topic="account__partner_id",
        account__is_active=True,
        account__partner__status__in=MAY_SIGN_IN,
    )


def directory(
    *,
    words: list[str],
    city: str = "",
    state: str = "",
    kind: PartnerKind | None = None,
    live: bool | None = None,
) -> PartnerQuerySet:
    """Return the public partners that match everything that is given; case does not matter."""
    found = _public(kind=kind, live=live)
    if city:
        found = found.alias(city_key=Lower("city")).filter(city_key=Lower(Value(city)))
    if state:
        found = found.alias(state_key=Lower("state")).filter(state_key=Lower(Value(state)))
    if words:
        found = found.alias(words=SearchDocument(*SEARCHED)).filter(words=beginnings_of(words))
    return found


def partners_near(
    origin: Point,
    radius_km: float,
    *,
    kind: PartnerKind | None = None,
    live: bool | None = None,
    world: uuid.UUID | None = None,
) -> list[Partner]:
    """Return the public partners within the radius with their `distance_km`, nearest first; one query.

    Real ones, unless `world` says in which test data: then the partners of that world alone.

    A box on the index trims, the geodesic decides. Partners at the same distance, to the millimetre, are in
    the order of their ids.
    """
    boxes = Q()
    for box in bounding_boxes(origin, radius_km):
        boxes |= Q(place__within=box)
    rows = list(_public(kind=kind, live=live, world=world).filter(boxes))
    found = nearest_first(origin, rows, radius_km)
    for near in found:
        near.row.distance_km = round(near.distance_km, 6)
    return sorted((near.row for near in found), key=lambda row: (row.distance_km, str(row.pk)))


def public_partner(partner_id: uuid.UUID) -> Partner:
    """Return a partner that the directory shows. Raises: NotFound."""
    found = _public().filter(pk=partner_id).first()
    if found is None:
        raise NotFound
    return found


def complaints_by_person(user_id: uuid.UUID) -> QuerySet[Complaint]:
    """Return the person's complaints, without what administrators note."""
    return Complaint.objects.filter(by_person_id=user_id).select_related("about_partner").defer("note")


def complaints_by_partner(partner_id: uuid.UUID) -> QuerySet[Complaint]:
    """Return the partner's complaints, without what administrators note."""
    return Complaint.objects.filter(by_partner_id=partner_id).defer("note")


def complaint_in(rows: QuerySet[Complaint], complaint_id: uuid.UUID) -> Complaint:
    """Raises: NotFound, also for one that is somebody else's."""
    found = rows.filter(pk=complaint_id).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class ComplaintAuthor:
    """Who hears of the answer: a person, or a member of a partner."""

    person_id: uuid.UUID | None
    partner_id: uuid.UUID | None
    member_id: uuid.UUID | None


def complaint_author(complaint_id: uuid.UUID) -> ComplaintAuthor:
    """Raises: NotFound"""
    row = Complaint.objects.filter(pk=complaint_id).first()
    if row is None:
        raise NotFound
    return ComplaintAuthor(row.by_person_id, row.by_partner_id, row.by_member_id)


def _public(
    *, kind: PartnerKind | None = None, live: bool | None = None, world: uuid.UUID | None = None
) -> PartnerQuerySet:
    found = Partner.objects.public(world).defer(*_UNSHOWN)
    if kind is not None:
        found = found.of_kind(kind)
    if live is not None:
        found = found.filter(status=PartnerStatus.LIVE) if live else found.exclude(status=PartnerStatus.LIVE)
    return found


def _one_value(partner_id: uuid.UUID, field: str) -> Any:
    found = Partner.objects.filter(pk=partner_id).values_list(field).first()
    if found is None:
        raise NotFound
    return found[0]


def bank_card(partner_id: uuid.UUID, *, world: uuid.UUID | None = None) -> PartnerCard:
    """Return the card of a live blood bank of which blood may be ordered: a real one, or one of that test data.

    Raises: NotFound
    """
    live = Partner.objects.filter(pk=partner_id, status=PartnerStatus.LIVE, test_world=world)
    live = live.of_kind(PartnerKind.BLOOD_BANK)
    if not live.exists():
        raise NotFound
    return card(partner_id)


def is_live(partner_id: uuid.UUID) -> bool:
    """Whether the partner may work."""
    return Partner.objects.filter(pk=partner_id, status=PartnerStatus.LIVE).exists()


def find_price_list(partner_id: uuid.UUID) -> PriceList | None:
    """Return the partner's price list with its charges, nearest band first, or None."""
    lists = PriceList.objects.prefetch_related(
        Prefetch("processing", ProcessingCharge.objects.order_by("component")),
        Prefetch("delivery", DeliveryBand.objects.order_by("up_to_km")),
    )
    return lists.filter(partner_id=partner_id).first()


def contracts_of(partner_id: uuid.UUID) -> QuerySet[Contract]:
    """Return the partner's contracts, on either side."""
    return _contracts().filter(Q(bank_id=partner_id) | Q(hospital_id=partner_id))


def find_contract(bank_id: uuid.UUID, hospital_id: uuid.UUID) -> Contract | None:
    """Return the contract that is in force between them today, in the bank's zone, or None."""
    found = _contracts().filter(bank_id=bank_id, hospital_id=hospital_id, ended_at=None).first()
    return found if found is not None and found.is_in_force(clock.today(found.bank.zone)) else None


def tariff_of(bank_id: uuid.UUID, contract: Contract | None = None) -> Tariff:
    """Return the prices that hold for whoever orders from the bank. Raises: NoPriceList."""
    price_list = find_price_list(bank_id)
    if price_list is None:
        raise NoPriceList
    processing = {charge.component: charge.charge_minor for charge in price_list.processing.all()}
    if contract is not None:
        processing |= {charge.component: charge.charge_minor for charge in contract.processing.all()}
    return Tariff(
        currency=Currency(price_list.currency),
        processing=processing,
        delivery=[(band.up_to_km, band.charge_minor) for band in price_list.delivery.all()],
        tax_name=price_list.tax_name,
        processing_tax_bp=price_list.processing_tax_bp,
        delivery_tax_bp=price_list.delivery_tax_bp,
        cancel_accepted_minor=price_list.cancel_accepted_minor,
        cancel_packed_minor=price_list.cancel_packed_minor,
    )


def _contracts() -> QuerySet[Contract]:
    charges = Prefetch("processing", ContractCharge.objects.order_by("component"))
    return Contract.objects.select_related("bank", "hospital").prefetch_related(charges)


def of_real(rows: QuerySet[Any], partner: str, *, city: str = "") -> QuerySet[Any]:
    """Keep the rows of no partner's test data, for whoever counts; with a city, however it is written, those there.

    `partner` is the column's path. Rows of no partner at all stay while no city is named.
    """
    if not city:
        return rows.exclude(**{f"{partner}__in": Partner.objects.exclude(test_world=None).values("pk")})
    here = Partner.objects.real().alias(city_key=Lower("city")).filter(city_key=Lower(Value(city)))
    return rows.filter(**{f"{partner}__in": here.values("pk")})


def cities() -> list[str]:
    """Return the cities in which partners work, by name."""
    rows = Partner.objects.real().filter(status=PartnerStatus.LIVE).order_by("city")
    return list(rows.values_list("city", flat=True).distinct())


def cities_in(state: str) -> set[str]:
    """Return the cities, in small letters, in which some organisation of the state is; the directory's too."""
    return set(Partner.objects.filter(state__iexact=state).values_list(Lower("city"), flat=True).distinct())


def active_members(
    *, city: str = "", state: str = "", language: str = "", place: Point | None = None, radius_km: float = 0
) -> QuerySet[Member]:
    """Return the members of live partners that fit all of it: where the partner is, what the member reads."""
    rows = Member.objects.filter(
        is_active=True, is_system=False, partner__status=PartnerStatus.LIVE, partner__test_world=None
    )
    if city:
        rows = rows.filter(partner__city__iexact=city)
    if state:
        rows = rows.filter(partner__state__iexact=state)
    if language:
        rows = rows.filter(language=language)
    if place is not None:
        rows = rows.filter(around(place, radius_km, "partner__"))
    return rows
