from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import make_hospital, member_client
from tests.fhir.profiles import FHIR, found, parsed
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db

PRODUCTS = f"{FHIR}/BiologicallyDerivedProduct"


@pytest.fixture
def owner():
    return make_hospital()


def test_a_bag_is_a_product_with_its_number_group_and_expiry(owner):
    unit = make_unit(owner.partner, storage_min_c="4.0", storage_max_c="6.0")

    product = parsed(member_client(owner).get(f"{PRODUCTS}/{unit.pk}"))

    told = {extension.url.rsplit(".", 1)[-1]: extension for extension in product.extension}
    assert product.identifier[0].value == unit.din
    assert (product.status, product.productCategory, product.quantity) == ("available", "cells", 1)
    assert product.collection.collectedDateTime == unit.collected_at.replace(
        microsecond=unit.collected_at.microsecond // 1000 * 1000
    )
    assert product.storage[0].description == "4.0 to 6.0 °C"
    assert told["expirationDate"].valueDateTime.date() == unit.expires_at.date()


def test_the_group_is_told_by_loinc(owner):
    unit = make_unit(owner.partner, blood_group="AB-")

    product = parsed(member_client(owner).get(f"{PRODUCTS}/{unit.pk}"))

    parts = [{part.url: part for part in one.extension} for one in product.extension if one.extension]
    told = {one["type"].valueCodeableConcept.text: one["value"].valueString for one in parts}
    assert told["ABO and Rh group [Type] in Blood"] == "AB-"


def test_a_component_names_the_bag_that_it_was_separated_from(owner):
    whole = make_unit(owner.partner, component="whole_blood", status="discarded", discard_reason="separated")
    part = make_unit(owner.partner, din=whole.din, split_from=whole)

    product = parsed(member_client(owner).get(f"{PRODUCTS}/{part.pk}"))

    assert product.parent[0].reference == f"BiologicallyDerivedProduct/{whole.pk}"


def test_a_bag_whose_life_is_over_is_unavailable_before_any_sweep(owner, noon):
    unit = make_unit(owner.partner)
    noon.shift(dt.timedelta(days=31))
    client = member_client(owner)

    assert parsed(client.get(f"{PRODUCTS}/{unit.pk}")).status == "unavailable"
    assert found(client.get(f"{PRODUCTS}?status=available")) == []
    assert len(found(client.get(f"{PRODUCTS}?status=unavailable"))) == 1


def test_bags_are_found_by_number_and_id(owner):
    unit, other = make_unit(owner.partner), make_unit(owner.partner)
    client = member_client(owner)

    assert [one.id for one in found(client.get(f"{PRODUCTS}?identifier={unit.din}"))] == [str(unit.pk)]
    assert [one.id for one in found(client.get(f"{PRODUCTS}?_id={other.pk}"))] == [str(other.pk)]
    assert found(client.get(f"{PRODUCTS}?identifier=unknown")) == []


def test_another_partners_bag_is_not_there(owner):
    unit = make_unit(make_hospital().partner)
    client = member_client(owner)

    assert client.get(f"{PRODUCTS}/{unit.pk}").status_code == 404
    assert found(client.get(PRODUCTS)) == []


def test_pages_follow_each_other_and_miss_nothing(owner):
    units = [make_unit(owner.partner) for _ in range(5)]
    client, url, seen = member_client(owner), f"{PRODUCTS}?_count=2", []

    while url:
        answer = client.get(url)
        seen += [one.id for one in found(answer)]
        url = next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), None)

    assert seen == [str(unit.pk) for unit in reversed(units)]


@pytest.mark.parametrize("query", ["_cursor=AAAA", "_id=nobody", "status=perhaps"])
def test_a_query_that_makes_no_sense_is_400_in_fhirs_words(owner, query):
    answer = member_client(owner).get(f"{PRODUCTS}?{query}")

    assert (answer.status_code, parsed(answer).issue[0].code) == (400, "invalid")


def test_many_bags_cost_no_more_queries_than_one(owner, django_assert_num_queries):
    client = member_client(owner)
    make_unit(owner.partner)
    client.get(PRODUCTS)
    [make_unit(owner.partner) for _ in range(20)]

    with django_assert_num_queries(2):
        client.get(PRODUCTS)
