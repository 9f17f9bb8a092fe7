"""What a bank charges everybody, and what it has agreed with one hospital."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal

from common import clock
from common.db import command, lock, lock_one
from common.errors import NotFound
from common.money import Currency
from partners.errors import ContractExists, ContractWithYourself, NoPriceList
from partners.models import (
    Contract,
    ContractCharge,
    DeliveryBand,
    Partner,
    PriceList,
    ProcessingCharge,
)
from partners.services import history


@command
def set_price_list(
    *,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    currency: Currency,
    processing: Mapping[str, int],
    delivery: Mapping[Decimal, int],
    tax_name: str,
    processing_tax_bp: int,
    delivery_tax_bp: int,
    cancel_accepted_minor: int,
    cancel_packed_minor: int,
) -> PriceList:
    """Replace the whole list; orders that are placed keep the price they were quoted.

    Locks: the partner.      Raises: NotFound
    """
    partner = lock_one(Partner, partner_id)
    price_list, _ = PriceList.objects.update_or_create(
        partner=partner,
        defaults={
            "currency": currency,
            "tax_name": tax_name,
            "processing_tax_bp": processing_tax_bp,
            "delivery_tax_bp": delivery_tax_bp,
            "cancel_accepted_minor": cancel_accepted_minor,
            "cancel_packed_minor": cancel_packed_minor,
        },
    )
    ProcessingCharge.objects.filter(price_list=price_list).delete()
    DeliveryBand.objects.filter(price_list=price_list).delete()
    ProcessingCharge.objects.bulk_create(
        ProcessingCharge(price_list=price_list, component=component, charge_minor=minor)
        for component, minor in processing.items()
    )
    DeliveryBand.objects.bulk_create(
        DeliveryBand(price_list=price_list, up_to_km=up_to_km, charge_minor=minor)
        for up_to_km, minor in delivery.items()
    )
    history.record(partner, "set_prices", actor=f"member:{member_id}", reason="")
    return price_list


@command
def set_charges(*, partner_id: uuid.UUID, member_id: uuid.UUID, processing: Mapping[str, int]) -> None:
    """Replace what bags cost, by component; everything else of the list stays.

    Locks: the partner.      Raises: NotFound, NoPriceList
    """
    partner = lock_one(Partner, partner_id)
    price_list = PriceList.objects.filter(partner=partner).first()
    if price_list is None:
        raise NoPriceList
    price_list.save(update_fields=["updated_at"])
    ProcessingCharge.objects.filter(price_list=price_list).delete()
    ProcessingCharge.objects.bulk_create(
        ProcessingCharge(price_list=price_list, component=component, charge_minor=minor)
        for component, minor in processing.items()
    )
    history.record(partner, "set_charges", actor=f"member:{member_id}", reason="")


@command
def make_contract(
    *,
    bank_id: uuid.UUID,
    member_id: uuid.UUID,
    hospital_id: uuid.UUID,
    processing: Mapping[str, int],
    starts_on: dt.date,
    ends_on: dt.date | None,
) -> Contract:
    """Agree on prices with a hospital, which then pays once a month.

    Locks: both partners.      Raises: NotFound, ContractWithYourself, NoPriceList, ContractExists
    """
    if bank_id == hospital_id:
        raise ContractWithYourself
    partners = {partner.pk: partner for partner in lock(Partner, [bank_id, hospital_id])}
    if hospital_id not in partners or not partners[hospital_id].is_live:
        raise NotFound
    if partners[hospital_id].test_world != partners[bank_id].test_world:
        raise NotFound
    if not PriceList.objects.filter(partner_id=bank_id).exists():
        raise NoPriceList
    if _end_over(bank_id, hospital_id):
        raise ContractExists
    contract = Contract.objects.create(
        bank_id=bank_id,
        hospital_id=hospital_id,
        starts_on=starts_on,
        ends_on=ends_on,
        made_by=f"member:{member_id}",
    )
    ContractCharge.objects.bulk_create(
        ContractCharge(contract=contract, component=component, charge_minor=minor)
        for component, minor in processing.items()
    )
    return contract


@command
def end_contract(*, partner_id: uuid.UUID, member_id: uuid.UUID, contract_id: uuid.UUID) -> Contract:
    """Either side ends it; what was ordered before stays on the monthly bill. A second time changes nothing.

    Locks: both partners.      Raises: NotFound
    """
    contract = Contract.objects.filter(pk=contract_id).first()
    if contract is None or partner_id not in {contract.bank_id, contract.hospital_id}:
        raise NotFound
    lock(Partner, [contract.bank_id, contract.hospital_id])
    contract.refresh_from_db()
    if contract.ended_at is None:
        contract.ended_at, contract.ended_by = clock.now(), f"member:{member_id}"
        contract.save(update_fields=["ended_at", "ended_by"])
    return contract


def _end_over(bank_id: uuid.UUID, hospital_id: uuid.UUID) -> bool:
    """End a contract whose last day has passed; return whether another is still in force, or to come."""
    found = Contract.objects.filter(bank_id=bank_id, hospital_id=hospital_id, ended_at=None).first()
    if found is None:
        return False
    if found.ends_on is None or found.ends_on >= clock.today(found.bank.zone):
        return True
    found.ended_at, found.ended_by = clock.now(), "system"
    found.save(update_fields=["ended_at", "ended_by"])
    return False
