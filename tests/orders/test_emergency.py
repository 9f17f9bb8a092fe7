"""Blood in an emergency: without a requisition or a crossmatch two named members answer, and it is reconciled later."""

from __future__ import annotations

import pytest

from common.outbox import drain
from notifications.kinds import Kind
from notifications.models import Notification
from orders.models import Order
from payments.parties import Party
from stock.models import Crossmatch, Unit
from stock.services.crossmatching import set_policy
from tests.factories import make_user, member_client, person_client
from tests.files import picture
from tests.orders.scenes import dispatched, fresh, make_bank, make_buyer, packed, place, verbs
from tests.partners.factories import make_member
from users.services import documents

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unthrottled")]
API = "/api/v1"


def post(client, path, key, **body):
    return client.post(f"{API}{path}", body, format="json", headers={"Idempotency-Key": key})


def two_of(bank):
    """Return those who answer for it, as a body names them."""
    second = make_member(bank.partner, role="inventory")
    return {"authorised_by": [str(bank.pk), str(second.pk)]}


def steps_of(order, user):
    return person_client(user).get(f"{API}/orders/{order.pk}/timeline").json()["steps"]


def test_without_a_crossmatch_two_named_members_send_it_off_and_the_timeline_says_who():
    bank, user = make_bank(bags=2), make_user()
    set_policy(partner_id=bank.partner_id, requires_crossmatch=True)
    order = packed(bank, buyer=Party.person(user.pk))
    client, path, two = member_client(bank), f"/partner/orders/{order.pk}/dispatch", two_of(bank)

    assert post(client, path, "1", courier="Ravi").json()["code"] == "crossmatch_missing"
    sent = post(client, path, "2", courier="Ravi", emergency=two)

    assert (sent.status_code, sent.json()["status"]) == (200, "dispatched")
    [step] = [step for step in steps_of(order, user) if step["verb"] == "dispatch"]
    assert step["facts"]["emergency"] == {"authorised_by": sorted(two["authorised_by"])}


@pytest.mark.parametrize("case", ["one twice", "a stranger", "one who left"])
def test_two_different_members_who_may_sign_in_have_to_answer(case):
    bank = make_bank(bags=2)
    set_policy(partner_id=bank.partner_id, requires_crossmatch=True)
    order = packed(bank)
    other = {
        "one twice": bank,
        "a stranger": make_bank(),
        "one who left": make_member(bank.partner, role="inventory", is_active=False),
    }[case]
    two = {"authorised_by": [str(bank.pk), str(other.pk)]}

    reply = post(member_client(bank), f"/partner/orders/{order.pk}/dispatch", "1", courier="Ravi", emergency=two)

    assert (reply.status_code, reply.json()["code"]) == (400, "authorisers_invalid")
    assert fresh(order).status == "packed"
    assert set(Unit.objects.values_list("status", flat=True)) == {"reserved"}


def test_the_crossmatch_that_follows_stands_in_the_timeline():
    bank, user = make_bank(bags=2), make_user()
    order = dispatched(bank, buyer=Party.person(user.pk))
    bag = order.bags.order_by("pk")[0].unit

    done = post(member_client(bank), f"/partner/stock/units/{bag.pk}/crossmatch", "1", result="compatible")
    drain()

    assert done.status_code == 200, done.content
    assert Crossmatch.objects.get().reservation.purpose == f"order:{order.pk}"
    assert steps_of(order, user)[-1]["facts"] == {"bags": [bag.din], "result": "compatible"}
    assert not Notification.objects.filter(kind=Kind.ORDER_BAGS_UNFIT).exists()


def test_found_incompatible_afterwards_the_bag_is_quarantined_and_both_sides_are_told():
    bank, user = make_bank(bags=2), make_user()
    order = dispatched(bank, buyer=Party.person(user.pk))
    bag = order.bags.order_by("pk")[0].unit
    client = member_client(bank)

    post(client, f"/partner/stock/units/{bag.pk}/crossmatch", "1", result="incompatible")
    drain()
    drain()

    assert sorted(Unit.objects.values_list("status", flat=True)) == ["issued", "quarantined"]
    rows = Notification.objects.filter(kind=Kind.ORDER_BAGS_UNFIT)
    assert {row.user_id or row.member_id for row in rows} == {bank.pk, user.pk}
    refused = post(client, f"/partner/orders/{order.pk}/deliver", "2", code=order.code_sealed)
    assert refused.json()["code"] == "bags_unfit"


def test_a_persons_order_is_accepted_with_a_requisition_which_may_come_later():
    bank, user = make_bank(bags=2), make_user()
    order = place(bank, buyer=Party.person(user.pk), is_documented=False)
    seller, buyer = member_client(bank), person_client(user)
    paper = documents.add_document(owner_id=user.pk, kind="requisition", name="form.jpg", content=picture()).pk
    foreign = documents.add_document(owner_id=make_user().pk, kind="other", name="x.jpg", content=picture()).pk

    assert post(seller, f"/partner/orders/{order.pk}/accept", "1").json()["code"] == "requisition_missing"
    assert post(buyer, f"/orders/{order.pk}/requisition", "1", document=str(foreign)).status_code == 400
    stranger = person_client(make_user())
    assert post(stranger, f"/orders/{order.pk}/requisition", "1", document=str(paper)).status_code in {400, 404}
    given = post(buyer, f"/orders/{order.pk}/requisition", "2", document=str(paper))
    drain()

    assert given.json()["requisition"] == str(paper)
    assert seller.get(f"{API}/partner/orders/{order.pk}/requisition").status_code == 200
    assert [row.member_id for row in Notification.objects.filter(kind=Kind.ORDER_DOCUMENTED)] == [bank.pk]
    assert post(seller, f"/partner/orders/{order.pk}/accept", "2").json()["status"] == "accepted"


def test_nobody_gives_a_requisition_of_anothers_order_or_of_one_that_has_ended():
    bank, user, other = make_bank(bags=2), make_user(), make_user()
    order = place(bank, buyer=Party.person(user.pk), is_documented=False)
    theirs, mine = (
        documents.add_document(owner_id=one.pk, kind="requisition", name="form.jpg", content=picture()).pk
        for one in (other, user)
    )

    assert post(person_client(other), f"/orders/{order.pk}/requisition", "1", document=str(theirs)).status_code == 404
    Order.objects.filter(pk=order.pk).update(status="rejected", end_reason="rejected")
    late = post(person_client(user), f"/orders/{order.pk}/requisition", "2", document=str(mine))

    assert late.json()["code"] == "illegal_transition"
    assert documents.delete_document(owner_id=other.pk, document_id=theirs) is None


def test_in_an_emergency_two_members_accept_without_one():
    bank = make_bank(bags=2)
    order = place(bank, is_documented=False)
    client, path = member_client(bank), f"/partner/orders/{order.pk}/accept"

    alone = post(client, path, "1", emergency={"authorised_by": [str(bank.pk), str(bank.pk)]})
    both = post(client, path, "2", emergency=two_of(bank))

    assert alone.json()["code"] == "authorisers_invalid"
    assert both.json()["status"] == "accepted"
    assert len(order.events.get(verb="accept").facts["emergency"]["authorised_by"]) == 2


def test_a_hospital_signs_its_own():
    bank, hospital = make_bank(bags=2), make_buyer()
    order = place(bank, buyer=Party.partner(hospital.partner_id))

    assert post(member_client(bank), f"/partner/orders/{order.pk}/accept", "1").json()["status"] == "accepted"
    assert verbs(order) == ["place", "accept"]
