"""The fee of a transfer: due with the receipt, paid like anything else that is bought."""

from __future__ import annotations

import pytest

from payments.errors import PurchaseUnknown
from payments.models import Purchase
from payments.parties import Party
from payments.services import paying
from payments.states import Provider, PurchaseKind
from stock.services.exchanging.offering import Fee
from tests.factories import member_client
from tests.payments.scenes import totals
from tests.stock.exchange import bank, confirm, dispatch, fresh, hospital, offer, raise_for, receive, request, under_way

pytestmark = pytest.mark.django_db
FEE = 145_000


@pytest.fixture
def asker():
    return hospital()


def fetched(asker, sender, *conditions, fee=FEE, units=2):
    """A transfer that has arrived, at a fee for each bag."""
    transfer = request(asker, units=units)
    offer(sender, transfer, fee=Fee(fee, "INR"))
    confirm(asker, transfer)
    dispatch(sender, transfer)
    return receive(asker, fresh(transfer), *conditions)


def purchase(transfer):
    return Purchase.objects.filter(kind=PurchaseKind.TRANSFER, reference=transfer.pk).first()


def begin(owner, transfer):
    return paying.begin(
        payer=Party.partner(owner.partner_id),
        kind=PurchaseKind.TRANSFER,
        reference=transfer.pk,
        provider=Provider.OFFLINE,
        return_url="",
        key=None,
    ).payment


def test_the_receipt_makes_the_fee_due_for_what_arrived_sound(asker):
    sender = bank(3, 2)

    due = purchase(fetched(asker, sender, "damaged"))

    assert (due.amount.minor, due.currency, due.fee_minor) == (FEE, "INR", 0)
    assert (due.payer, due.payee) == (Party.partner(asker.partner_id), Party.partner(sender.partner_id))
    assert due.lines == [{"hsn": "", "quantity": 1, "taxes": [], "description": "Processing red cells", "amount": FEE}]


def test_the_asker_pays_the_fee_and_the_sender_is_owed_it(asker):
    sender = bank(3, 2)
    transfer = fetched(asker, sender)
    client = member_client(asker)
    path = f"/api/v1/partner/transfers/{transfer.pk}"
    body = {"purchase": {"kind": "transfer", "id": str(transfer.pk)}, "provider": "offline"}

    seen = client.get(path).json()
    paid = client.post("/api/v1/partner/payments", body, format="json")
    record = {"amount": {"amount": 2 * FEE, "currency": "INR"}, "method": "transfer"}
    reply = member_client(sender).post(f"/api/v1/partner/payments/{paid.json()['id']}/record", record, format="json")

    assert (seen["fee_due"], seen["fee_paid"]) == ({"amount": 2 * FEE, "currency": "INR"}, False)
    assert (paid.status_code, paid.json()["amount"]["amount"], reply.json()["status"]) == (201, 2 * FEE, "succeeded")
    assert client.get(path).json()["fee_paid"] is True
    assert totals() == {"collected": 2 * FEE, "payable": -2 * FEE}


def test_nobody_but_the_asker_pays_the_fee(asker):
    sender = bank(3, 2)
    transfer = fetched(asker, sender)

    with pytest.raises(PurchaseUnknown):
        begin(sender, transfer)


def test_nothing_is_due_before_the_bags_have_arrived(asker):
    sender = bank(3, 1)

    transfer = under_way(asker, sender)

    assert (purchase(transfer), fresh(transfer).fee_due) == (None, None)


@pytest.mark.parametrize(("conditions", "fee"), [(("damaged", "missing"), FEE), ((), 0)])
def test_nothing_is_due_for_what_did_not_arrive_or_costs_nothing(asker, conditions, fee):
    transfer = fetched(asker, bank(3, 2), *conditions, fee=fee)

    assert (purchase(transfer), transfer.fee_due) == (None, None)


def test_a_familys_transfer_has_no_fee_that_anybody_agreed_to(asker):
    sender = bank(3, 1)
    transfer = raise_for(asker)
    offer(sender, transfer, fee=Fee(FEE, "INR"))
    dispatch(sender, fresh(transfer))

    receive(asker, fresh(transfer))

    assert purchase(transfer) is None
