"""A certificate of each donation, printed alike every time, checked by whoever has it in hand."""

from __future__ import annotations

import datetime as dt

import pytest

from common.blood import DonationType
from common.errors import NotFound
from common.pdf import Document
from donations.certificates import LANGUAGES, certificate_pdf
from donations.models import Certificate
from donations.selectors import CertificateFacts, certificate_of
from donations.services.certifying import certify_for_donor
from tests.donations.scenes import verify
from tests.factories import (
    make_arrived,
    make_donor,
    make_hospital,
    make_promise,
    make_request,
    make_user,
    member_client,
    person_client,
)
from tests.partners.factories import client_with
from users.services import erasure

pytestmark = pytest.mark.django_db
FACTS = CertificateFacts(
    "DC-7K4M-Q2P9-D3TP", "c" * 22, "আশা", "bn", "Sahyadri", "Pune", DonationType.WHOLE_BLOOD, dt.date(2030, 5, 1)
)


def give(owner=None, **person):
    user = make_user(**{"name": "Asha Kulkarni", "lat": "18.52", "lng": "73.8567", **person})
    return verify(make_arrived(make_promise(make_request(owner or make_hospital()), make_donor(user=user))))


def printed(client, path):
    reply = client.get(path)
    assert reply.status_code == 200
    return reply


def my_path(donation):
    return f"/api/v1/me/donations/{donation.pk}/certificate.pdf"


def test_a_donor_prints_the_own_certificate_the_same_every_time():
    donation = give()
    client = person_client(donation.donor.user)

    first, second = printed(client, my_path(donation)), printed(client, my_path(donation))

    assert first["Content-Type"] == "application/pdf"
    assert first.content == second.content
    assert first.content.startswith(b"%PDF-")
    assert Certificate.objects.count() == 1
    assert certificate_of(donation.pk).number in first["Content-Disposition"]


def test_the_partner_prints_the_same_for_the_donor():
    owner = make_hospital()
    donation = give(owner)

    mine = printed(person_client(donation.donor.user), my_path(donation))
    theirs = printed(member_client(owner), f"/api/v1/partner/donations/{donation.pk}/certificate.pdf")

    assert mine.content == theirs.content


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_printed_in_every_language(language):
    donation = give(language=language)
    client = person_client(donation.donor.user)

    own = printed(client, my_path(donation))
    asked = printed(client, f"{my_path(donation)}?language={language}")

    assert own.content == asked.content
    assert f"/Lang ({language})".encode() in own.content


def test_a_language_without_words_is_printed_in_english():
    assert certificate_pdf(FACTS, language="ta", check_url="x") == certificate_pdf(FACTS, language="en", check_url="x")
    assert certificate_pdf(FACTS, language="hi", check_url="x") != certificate_pdf(FACTS, language="en", check_url="x")


def test_the_code_points_at_the_check():
    one, other = (certificate_pdf(FACTS, language="en", check_url=url) for url in ("https://a/1", "https://a/2"))

    assert one != other
    assert b"/URI (https://a/1)" in one


def test_the_check_is_drawn_as_a_qr_code(monkeypatch):
    drawn = []
    monkeypatch.setattr(Document, "qr", lambda _page, _x, _y, text, *, size: drawn.append((text, size > 0)))

    certificate_pdf(FACTS, language="en", check_url="https://a/1")

    assert drawn == [("https://a/1", True)]


def test_anybody_with_the_code_reads_initials_and_no_name():
    donation = give()
    certify_for_donor(donation_id=donation.pk, donor_id=donation.donor_id)
    code = Certificate.objects.get().code

    reply = client_with("").get(f"/api/v1/certificates/{code}")

    assert reply.status_code == 200
    assert reply.json() == {
        "valid": True,
        "number": Certificate.objects.get().number,
        "donor_initials": "A. K.",
        "donation_type": "whole_blood",
        "donated_on": "2030-05-01",
        "partner_name": donation.partner.name,
        "partner_city": "Pune",
    }


@pytest.mark.parametrize("code", ["x", "DC-7K4M-Q2P9-D3TP", "A" * 22, "%00", "é" * 22])
def test_an_unknown_code_finds_nothing(code):
    give()

    assert client_with("").get(f"/api/v1/certificates/{code}").status_code == 404


def test_the_number_that_is_printed_opens_nothing():
    donation = give()
    certify_for_donor(donation_id=donation.pk, donor_id=donation.donor_id)

    reply = client_with("").get(f"/api/v1/certificates/{Certificate.objects.get().number}")

    assert reply.status_code == 404
    assert len(Certificate.objects.get().code) >= 22


def test_strangers_print_nothing():
    donation = give()

    assert person_client(make_donor().user).get(my_path(donation)).status_code == 404
    other = member_client(make_hospital()).get(f"/api/v1/partner/donations/{donation.pk}/certificate.pdf")
    assert (other.status_code, other.json()["code"]) == (404, "not_found")
    with pytest.raises(NotFound):
        certify_for_donor(donation_id=donation.pk, donor_id=make_donor().pk)
    assert not Certificate.objects.exists()


def test_a_client_that_takes_json_gets_the_document_all_the_same():
    donation = give()

    reply = person_client(donation.donor.user).get(my_path(donation), headers={"Accept": "application/json"})

    assert (reply.status_code, reply["Content-Type"]) == (200, "application/pdf")


def test_after_an_erasure_the_certificate_holds_and_names_nobody():
    donation = give()
    certify_for_donor(donation_id=donation.pk, donor_id=donation.donor_id)
    user = donation.donor.user
    user.set_password("seven quiet tamarinds")
    user.save()

    erasure.erase(user_id=user.pk, password="seven quiet tamarinds")

    reply = client_with("").get(f"/api/v1/certificates/{Certificate.objects.get().code}").json()
    assert (reply["valid"], reply["donor_initials"]) == (True, "")
