"""What the rest of the product reads of partners."""

from __future__ import annotations

import uuid

import pytest

from common.errors import NotFound
from partners import selectors
from partners.states import Role
from tests.partners.factories import make_member, make_partner

pytestmark = pytest.mark.django_db


def test_contacts_are_the_active_members_in_the_roles():
    partner = make_partner(zone="Asia/Dhaka")
    owner = make_member(partner, language="bn")
    coordinator = make_member(partner, role=Role.COORDINATOR)
    make_member(partner, role=Role.COORDINATOR, is_active=False)
    make_member(partner, role=Role.INVENTORY)
    make_member()

    contacts = selectors.contacts_of(partner.pk, {Role.OWNER, Role.COORDINATOR})

    assert [contact.id for contact in contacts] == [owner.pk, coordinator.pk]
    assert contacts[0] == selectors.MemberContact(owner.pk, owner.name, owner.phone, "bn", "Asia/Dhaka")


def test_cards_come_in_one_query(django_assert_num_queries):
    made = [make_partner() for _ in range(3)]

    with django_assert_num_queries(1):
        cards = selectors.cards([*(partner.pk for partner in made), uuid.uuid4()])

    assert set(cards) == {partner.pk for partner in made}
    card = cards[made[0].pk]
    assert (card.name, card.city, card.lat, card.zone) == (made[0].name, "Bengaluru", 12.9716, "Asia/Kolkata")


def test_one_partners_facts():
    partner = make_partner(zone="Asia/Dhaka", facility_code="W1234")

    assert selectors.card(partner.pk).id == partner.pk
    assert selectors.zone_of(partner.pk) == "Asia/Dhaka"
    assert selectors.facility_code_of(partner.pk) == "W1234"


@pytest.mark.parametrize("read", [selectors.card, selectors.zone_of, selectors.facility_code_of])
def test_an_unknown_partner_is_not_found(read):
    with pytest.raises(NotFound):
        read(uuid.uuid4())


def test_a_partner_that_was_never_approved_has_no_facility_code():
    with pytest.raises(NotFound):
        selectors.facility_code_of(make_partner(status="pending").pk)
