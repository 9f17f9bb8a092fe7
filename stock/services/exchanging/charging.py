"""What the asker owes the sender for bags that arrived: the fee that it agreed to, for each sound one."""

from __future__ import annotations

from common.db import step
from payments.parties import Party
from payments.services import register_purchase
from payments.states import PurchaseKind
from stock.models import Transfer


@step
def charge_fee(transfer: Transfer) -> None:
    """Have the fee of a received transfer paid, as a purchase of the kind `transfer` under its id.

    Nothing is due where nobody has agreed to a fee, or it is nothing. Locks: the purchase.      Raises: Busy
    """
    due, sender_id = transfer.fee_due, transfer.sender_id
    if due is None or sender_id is None:
        return
    component = transfer.component.replace("_", " ")
    register_purchase(
        kind=PurchaseKind.TRANSFER,
        reference=transfer.pk,
        payer=Party.partner(transfer.partner_id),
        payee=Party.partner(sender_id),
        amount=due,
        description=f"Blood transfer {str(transfer.pk)[-12:]}",
        lines=[
            {
                "description": f"Processing {component}",
                "quantity": transfer.units_received,
                "amount": due.minor,
            }
        ],
    )
