"""Partners that exchange bags, and short words for what they do."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from common import clock
from common.db import unit_of_work
from stock import services
from stock.components import Component
from stock.models import Transfer, TransferAsk
from stock.services.exchanging import asking, ending, offering, shipping
from stock.states import Condition, Urgency
from tests.factories import KM, PUNE, make_hospital
from tests.stock.scenes import make_unit

PARCEL = shipping.Parcel(courier="Ravi, city van", box="BOX-7")


def hospital(km: float = 0, **values: Any) -> Any:
    """The owner of a live partner, `km` north of the centre of Pune."""
    return make_hospital(lat=PUNE[0] + KM * Decimal(str(km)), **values)


def bank(km: float, bags: int = 0, **values: Any) -> Any:
    """The owner of a partner that has so many bags of B+ red cells."""
    owner = hospital(km)
    for _ in range(bags):
        make_unit(owner.partner, **values)
    return owner


def need(owner: Any, **values: Any) -> dict[str, Any]:
    return {
        "partner_id": owner.partner_id,
        "blood_group": "B+",
        "component": Component.RED_CELLS,
        "units": 1,
        "needed_by": clock.now() + dt.timedelta(hours=8),
        **values,
    }


def request(owner: Any, **values: Any) -> Transfer:
    """Ask by hand; urgent unless told otherwise."""
    return asking.post_transfer(member_id=owner.pk, **need(owner, **{"urgency": Urgency.URGENT, **values}))


def raise_for(owner: Any, **values: Any) -> Transfer | None:
    """Ask on behalf of a family."""
    with unit_of_work():
        return services.raise_transfer(actor="system", **need(owner, **{"purpose": "attender_request:1", **values}))


def by(owner: Any, transfer: Transfer) -> dict[str, Any]:
    return {"partner_id": owner.partner_id, "member_id": owner.pk, "transfer_id": transfer.pk}


def offer(owner: Any, transfer: Transfer, **values: Any) -> Transfer:
    return offering.offer(**by(owner, transfer), **values)


def refuse(owner: Any, transfer: Transfer) -> None:
    """Say no, as whoever it is."""
    ending.reject(**by(owner, transfer), reason="Needed here.")


def confirm(owner: Any, transfer: Transfer) -> Transfer:
    return offering.confirm(**by(owner, transfer))


def cancel(owner: Any, transfer: Transfer) -> Transfer:
    return ending.cancel_transfer(**by(owner, transfer), reason="Not needed.")


def dispatch(owner: Any, transfer: Transfer) -> Transfer:
    return shipping.dispatch(**by(owner, transfer), parcel=PARCEL)


def receive(owner: Any, transfer: Transfer, *conditions: str) -> Transfer:
    """Take the bags of the transfer in, in order of their ids; those of whose condition nothing is said are sound."""
    units = transfer.bags.filter(fate="sent").order_by("unit_id").values_list("unit_id", flat=True)
    told = [*conditions, *["sound"] * (len(units) - len(conditions))]
    arrivals = [shipping.Arrival(str(unit), Condition(how)) for unit, how in zip(units, told, strict=True)]
    return shipping.receive(**by(owner, transfer), arrivals=arrivals)


def under_way(asker: Any, sender: Any, **values: Any) -> Transfer:
    """A transfer of the sender's bags that is on the road."""
    transfer = request(asker, **values)
    offer(sender, transfer)
    confirm(asker, transfer)
    return dispatch(sender, transfer)


def asked(transfer: Transfer) -> list[Any]:
    """Return the ids of the partners that were asked, in order."""
    return list(TransferAsk.objects.filter(transfer=transfer).order_by("pk").values_list("partner_id", flat=True))


def fates(transfer: Transfer) -> list[str]:
    return sorted(transfer.bags.values_list("fate", flat=True))


def fresh(transfer: Transfer) -> Transfer:
    transfer.refresh_from_db()
    return transfer


def follower(transfer: Transfer) -> Transfer:
    """The last transfer of the same need."""
    return Transfer.objects.filter(need=transfer.need).order_by("pk").last()
