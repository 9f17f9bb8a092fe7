"""A world of test data for a partner's own programmers: a twin of the partner, and others to exchange and order with.

Its rows are like any others and are told apart by `test_world`. Nothing real is ever found from there, and nothing of
it from outside (docs/api-keys.md). The apps above furnish it when they hear of `testpartner.made`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.contrib.auth.hashers import make_password

from common import outbox
from common.db import command, lock, lock_one, step
from common.ids import uuid7
from common.money import Currency
from common.phone import test_number
from partners.models import ApiKey, DeliveryBand, Member, Partner, PriceList, ProcessingCharge
from partners.services import history
from partners.services.approval import free_placeholder
from partners.services.members import owner_among
from partners.states import PartnerKind, PartnerStatus, Role, TestPart

DEGREE_KM: Final = Decimal("111.2")  # of latitude


@dataclass(frozen=True)
class _Part:
    name: str
    kind: PartnerKind | None  # None: the partner's own
    km_north: Decimal


PARTS: Final = {
    TestPart.TWIN: _Part("{name} (test)", None, Decimal(0)),
    TestPart.BANK: _Part("Lakeside Blood Centre (test)", PartnerKind.BLOOD_BANK, Decimal(3)),
    TestPart.HOSPITAL: _Part("Hilltop Hospital (test)", PartnerKind.HOSPITAL, Decimal(-5)),
    TestPart.FAR_BANK: _Part("Old Mill Blood Bank (test)", PartnerKind.BOTH, Decimal(14)),
}

# In paise, by component; and by kilometres.
CHARGES: Final = {"whole_blood": 145000, "red_cells": 155000, "fresh_frozen_plasma": 40000}
DELIVERY: Final = {Decimal(5): 10000, Decimal(25): 30000}


@step
def twin_of(partner: Partner) -> Partner:
    """Return the partner's twin, in a new world where there is none. The caller holds the partner's row.

    Emits: testpartner.made
    """
    found = Partner.objects.filter(test_of=partner, test_part=TestPart.TWIN, status=PartnerStatus.LIVE).first()
    return found or _open_world(partner)


@command
def reset(*, partner_id: uuid.UUID, actor_id: uuid.UUID | None) -> Partner:
    """Begin the partner's test data anew; its test keys act on the new world from the next call on.

    What was there ends with nobody who could reach it: its partners are suspended, its people no longer available.
    `actor_id` is the owner who asks; None where a test key does.

    Locks:  the partner, for everything about its worlds; the owner who asks and the keys' accounts, the keys.
    Emits: testpartner.made, testworld.closed      Raises: RoleNotAllowed
    """
    partner = lock_one(Partner, partner_id)
    keys = list(ApiKey.objects.filter(partner=partner, member__partner__test_of=partner).values_list("pk", "member_id"))
    members = lock(Member, [*([actor_id] if actor_id else []), *(member for _, member in keys)])
    actor = history.member_actor(owner_among(members, actor_id)) if actor_id else "test key"
    _close(partner)
    twin = _open_world(partner)
    accounts = {member.pk: member for member in members}
    for key in lock(ApiKey, [pk for pk, _ in keys]):
        key.member = _like(accounts[key.member_id], twin)
        key.save(update_fields=["member"])
    history.record(partner, "reset_test_data", actor=actor)
    return twin


def _close(partner: Partner) -> None:
    parts = Partner.objects.filter(test_of=partner, status=PartnerStatus.LIVE)
    world = parts.values_list("test_world", flat=True).first()
    if world is not None:
        parts.update(status=PartnerStatus.SUSPENDED)
        outbox.emit("testworld.closed", key=f"partner:{partner.pk}", partner=str(partner.pk), world=str(world))


def _open_world(partner: Partner) -> Partner:
    world = uuid7()
    made = {part: _part(partner, part, world) for part in TestPart}
    return made[TestPart.TWIN]


def _part(partner: Partner, part: TestPart, world: uuid.UUID) -> Partner:
    """Make one part and the account as which a test key may act for it."""
    told = PARTS[part]
    made = Partner.objects.create(
        status=PartnerStatus.LIVE,
        kind=told.kind or partner.kind,
        name=told.name.format(name=partner.name[:180]),
        license_number=f"TEST {part}",
        license_key=f"TEST{world.hex}{part.upper()}",
        phone=test_number(world.int + list(TestPart).index(part)),
        address=partner.address,
        city=partner.city,
        state=partner.state,
        pincode=partner.pincode,
        lat=partner.lat + round(told.km_north / DEGREE_KM, 6),
        lng=partner.lng,
        zone=partner.zone,
        facility_code=free_placeholder(),
        test_of=partner,
        test_part=part,
        test_world=world,
    )
    account = Member.objects.create(
        partner=made, name=made.name[:120], phone="", password=make_password(None), role=Role.OWNER, is_system=True
    )
    if made.kind != PartnerKind.HOSPITAL:
        _charge(made)
    outbox.emit(
        "testpartner.made",
        key=f"partner:{made.pk}",
        partner=str(made.pk),
        account=str(account.pk),
        part=str(part),
        world=str(world),
        lat=str(made.lat),
        lng=str(made.lng),
        city=made.city,
        zone=made.zone,
    )
    return made


def _charge(bank: Partner) -> None:
    """Give the bank a price list: the same for every one."""
    prices = PriceList.objects.create(partner=bank, currency=Currency.INR, processing_tax_bp=0, delivery_tax_bp=1800)
    ProcessingCharge.objects.bulk_create(
        ProcessingCharge(price_list=prices, component=component, charge_minor=minor)
        for component, minor in CHARGES.items()
    )
    DeliveryBand.objects.bulk_create(
        DeliveryBand(price_list=prices, up_to_km=up_to_km, charge_minor=minor) for up_to_km, minor in DELIVERY.items()
    )


def _like(account: Member, twin: Partner) -> Member:
    """Make the account for the new twin: what the old one did stays in the old world."""
    return Member.objects.create(
        partner=twin,
        name=account.name,
        phone="",
        password=account.password,
        role=account.role,
        is_active=account.is_active,
        is_system=True,
    )
