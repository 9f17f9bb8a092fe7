"""Offline e-KYC files: what is believed, and every way to be refused."""

from __future__ import annotations

import base64
import contextlib
import copy
import datetime as dt
import io
import itertools
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from pytest_django import Settings
from signxml import DigestAlgorithm, SignatureMethod

from tests.concurrency.scenes import race_test
from tests.factories import PASSWORD, make_user, person_client
from tests.partners.factories import new_phone
from tests.races import names, race
from tests.users.offline_kyc import SHARE_CODE, LooseSigner, as_bytes, document, issuer, signed, zipped
from users.errors import OfflineFileInvalid, ShareCodeWrong
from users.identity.certificates import check_certificates, pinned
from users.identity.offline import LARGEST_XML, phone_hash, unpack
from users.models import Consent, IdentityAssurance, User
from users.services import erasure, identity

URL = "/api/v1/me/identity/offline-ekyc"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _trusted(settings: Settings, tmp_path: Path) -> None:
    settings.UIDAI_CERTIFICATES = [issuer().write(tmp_path)]


@pytest.fixture
def user() -> User:
    return make_user()


def give(user: User, file: bytes, share_code: str = SHARE_CODE, *, consent: bool = True) -> Any:
    body = {"file": base64.b64encode(file).decode(), "share_code": share_code, "consent": consent}
    return person_client(user).post(URL, body, format="json")


def refusal(answer: Any) -> tuple[int, str]:
    assert not IdentityAssurance.objects.exists()
    assert not Consent.objects.exists()
    return answer.status_code, answer.json()["code"]


def test_a_signed_fresh_file_for_the_account_s_telephone_is_level_three(user):
    answer = give(user, zipped(as_bytes(signed(phone=user.phone))))

    assert answer.status_code == 201, answer.json()
    assert answer.json() | {"since": ""} == {
        "level": 3,
        "label": "offline_ekyc_signature_valid",
        "since": "",
        "method": "aadhaar_offline_xml",
        "last4": "2346",
    }


def test_the_evidence_is_digests_and_four_digits(user):
    root = signed(phone=user.phone)

    give(user, zipped(as_bytes(root)))

    row = IdentityAssurance.objects.get()
    assert (row.last4, row.consent.notice.purpose) == ("2346", "identity")
    assert row.certificate_sha256 != row.reference_sha256
    assert root.get("referenceId") not in str(row.__dict__)


def test_without_a_consent_nothing_is_looked_at(user):
    assert refusal(give(user, b"no zip", consent=False)) == (400, "consent_required")


def test_without_certificates_the_way_is_not_offered(user, settings):
    settings.UIDAI_CERTIFICATES = []

    assert refusal(give(user, zipped(as_bytes(signed(phone=user.phone))))) == (409, "not_configured")


def test_the_issuer_s_next_certificate_stands_beside_the_old_one(user, settings, tmp_path):
    settings.UIDAI_CERTIFICATES = [issuer().write(tmp_path), issuer("next").write(tmp_path)]

    assert give(user, zipped(as_bytes(signed(phone=user.phone, by=issuer("next"))))).status_code == 201


def test_another_certificate_is_refused_though_the_file_carries_it(user):
    file = zipped(as_bytes(signed(phone=user.phone, by=issuer("stranger"))))

    assert refusal(give(user, file)) == (400, "offline_signature_invalid")


def test_an_ended_certificate_signs_nothing_any_more(user, settings, tmp_path):
    settings.UIDAI_CERTIFICATES = [issuer("ended", ended=True).write(tmp_path)]

    file = zipped(as_bytes(signed(phone=user.phone, by=issuer("ended", ended=True))))

    assert refusal(give(user, file)) == (400, "offline_signature_invalid")


@pytest.mark.parametrize(("path", "name"), [("UidData/Poi", "name"), ("UidData/Poi", "m"), (".", "referenceId")])
def test_a_changed_attribute_breaks_the_signature(user, path, name):
    root = signed(phone=user.phone)
    element = root.find(path)
    element.set(name, element.get(name).replace("2", "3") + "x")

    assert refusal(give(user, zipped(as_bytes(root)))) == (400, "offline_signature_invalid")


def test_a_changed_photo_breaks_the_signature(user):
    root = signed(phone=user.phone)
    root.find("UidData/Pht").text = "AAAA"

    assert refusal(give(user, zipped(as_bytes(root)))) == (400, "offline_signature_invalid")


def test_an_unsigned_file_is_refused(user):
    file = zipped(as_bytes(document(phone=user.phone)))

    assert refusal(give(user, file)) == (400, "offline_signature_invalid")


def test_two_signatures_are_one_too_many(user):
    root = signed(phone=user.phone)
    root.append(copy.deepcopy(root[-1]))

    assert refusal(give(user, zipped(as_bytes(root)))) == (400, "offline_signature_invalid")


def test_a_genuine_document_wrapped_in_a_forged_one_is_refused(user):
    forged = document(phone=user.phone)
    forged.append(signed(phone=new_phone()))

    assert refusal(give(user, zipped(as_bytes(forged)))) == (400, "offline_signature_invalid")


def test_a_genuine_signature_moved_onto_a_forged_document_is_refused(user):
    genuine, forged = signed(phone=new_phone()), document(phone=user.phone)
    forged.append(genuine[-1])
    forged[-1].append(genuine)

    assert refusal(give(user, zipped(as_bytes(forged)))) == (400, "offline_signature_invalid")


def test_a_signature_over_a_part_does_not_cover_the_document(user):
    root = document(phone=user.phone)
    root[0].set("Id", "part")
    issued = issuer()
    signer = LooseSigner(digest_algorithm=DigestAlgorithm.SHA256)
    part = signer.sign(root, key=issued.key, cert=[issued.certificate], reference_uri="part")

    assert refusal(give(user, zipped(as_bytes(part)))) == (400, "offline_signature_invalid")


@pytest.mark.parametrize("kind", ["RSAKeyValue", "DSAKeyValue", "Unknown"])
def test_the_key_that_a_file_names_is_not_looked_at(user, kind):
    root = signed(phone=user.phone)
    namespace = etree.QName(root[-1]).namespace
    value = etree.SubElement(root.find(".//{*}KeyInfo"), f"{{{namespace}}}KeyValue")
    etree.SubElement(value, f"{{{namespace}}}{kind}")

    assert give(user, zipped(as_bytes(root))).status_code == 201


def test_a_key_of_another_kind_in_a_genuine_file_is_not_looked_at(user):
    root = signed(phone=user.phone)
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    named = etree.SubElement(root.find(".//{*}KeyInfo"), "{http://www.w3.org/2009/xmldsig11#}DEREncodedKeyValue")
    named.text = base64.b64encode(der).decode()

    assert give(user, zipped(as_bytes(root))).status_code == 201


@pytest.mark.parametrize("value", ["", "AAAA", "not base64!"])
def test_a_broken_signature_value_is_refused(user, value):
    root = signed(phone=user.phone)
    root.find(".//{*}SignatureValue").text = value

    assert refusal(give(user, zipped(as_bytes(root)))) == (400, "offline_signature_invalid")


def test_sha1_counts_only_where_the_operator_says_so(user, settings):
    old = zipped(as_bytes(issuer().sign(document(phone=user.phone), SignatureMethod.RSA_SHA1)))
    assert refusal(give(user, old)) == (400, "offline_signature_invalid")

    settings.UIDAI_ALLOW_RSA_SHA1 = True

    assert give(user, old).status_code == 201


def test_a_digest_by_sha1_counts_nowhere(user, settings):
    settings.UIDAI_ALLOW_RSA_SHA1 = True
    issued = issuer()
    signer = LooseSigner(signature_algorithm=SignatureMethod.RSA_SHA256, digest_algorithm=DigestAlgorithm.SHA1)

    file = zipped(as_bytes(signer.sign(document(phone=user.phone), key=issued.key, cert=[issued.certificate])))

    assert refusal(give(user, file)) == (400, "offline_signature_invalid")


def test_the_certificate_that_everybody_has_is_no_shared_secret(user):
    signer = LooseSigner(signature_algorithm=SignatureMethod.HMAC_SHA256, digest_algorithm=DigestAlgorithm.SHA256)
    known = issuer().certificate.public_bytes(Encoding.PEM)

    file = zipped(as_bytes(signer.sign(document(phone=user.phone), key=known)))

    assert refusal(give(user, file)) == (400, "offline_signature_invalid")


EXTERNAL = b'<!DOCTYPE OfflinePaperlessKyc [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
LAUGHS = (
    b'<!DOCTYPE OfflinePaperlessKyc [<!ENTITY a "aaaaaaaaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY x "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


@pytest.mark.parametrize("doctype", [EXTERNAL, LAUGHS], ids=["external", "laughs"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-7"])
def test_a_document_type_is_refused_in_every_disguise(user, doctype, encoding):
    text = doctype.decode() + etree.tostring(signed(phone=user.phone), encoding="unicode")
    hidden = f'<?xml version="1.0" encoding="{encoding}"?>' + text.replace('m="', 'x="&x;" m="')

    assert refusal(give(user, zipped(hidden.encode(encoding)))) == (400, "offline_file_invalid")


@pytest.mark.parametrize("age", [dt.timedelta(days=3, seconds=1), dt.timedelta(minutes=-6)], ids=["old", "to come"])
def test_a_file_from_another_time_is_stale(user, age):
    file = zipped(as_bytes(signed(phone=user.phone, age=age)))

    assert refusal(give(user, file)) == (400, "offline_file_stale")


def test_a_file_of_almost_three_days_is_fresh(user):
    file = zipped(as_bytes(signed(phone=user.phone, age=dt.timedelta(days=2, hours=23, minutes=59))))

    assert give(user, file).status_code == 201


@pytest.mark.parametrize("reference", ["", "2346", "23462030139912345678901", "234620301399123456789", "x" * 21])
def test_a_reference_that_tells_no_time_is_refused(user, reference):
    file = zipped(as_bytes(signed(phone=user.phone, reference_id=reference)))

    assert refusal(give(user, file)) == (400, "offline_file_invalid")


def test_a_file_counts_once_for_whomever(user):
    file = zipped(as_bytes(signed(phone=user.phone)))
    give(user, file)

    again = give(user, file)

    assert (again.status_code, again.json()["code"]) == (409, "offline_file_used")
    assert IdentityAssurance.objects.count() == 1


@race_test
def test_a_file_given_twice_at_once_counts_once():
    user = make_user()
    file = zipped(as_bytes(signed(phone=user.phone)))

    def act() -> Any:
        return identity.record_offline_file(user_id=user.pk, file=file, share_code=SHARE_CODE)

    assert names(race(act, act)) == ["IdentityAssurance", "OfflineFileUsed"]


def test_a_withdrawn_file_does_not_count_again(user):
    file = zipped(as_bytes(signed(phone=user.phone)))
    give(user, file)
    person_client(user).post("/api/v1/me/consents/identity/withdraw")

    assert give(user, file).json()["code"] == "offline_file_used"


def test_a_file_does_not_count_for_the_next_who_has_the_number(user):
    file = zipped(as_bytes(signed(phone=user.phone)))
    give(user, file)
    user.set_password(PASSWORD)
    user.save()
    erasure.erase(user_id=user.pk, password=PASSWORD)

    again = give(make_user(phone=user.phone), file)

    assert (again.status_code, again.json()["code"]) == (409, "offline_file_used")


def test_a_file_of_another_telephone_is_refused(user):
    file = zipped(as_bytes(signed(phone=new_phone())))

    assert refusal(give(user, file)) == (409, "offline_phone_differs")


def test_a_file_without_a_telephone_is_refused(user):
    assert refusal(give(user, zipped(as_bytes(signed(phone=user.phone, m=""))))) == (409, "offline_phone_differs")


def test_a_telephone_outside_india_is_in_no_file():
    abroad = make_user(phone="+8801712345678")

    assert refusal(give(abroad, zipped(as_bytes(signed(phone=abroad.phone))))) == (409, "offline_phone_differs")


@pytest.mark.parametrize("last4", ["2340", "2341", "2349"])
def test_the_last_digit_says_how_often_the_telephone_is_hashed(user, last4):
    assert give(user, zipped(as_bytes(signed(phone=user.phone, last4=last4)))).json()["last4"] == last4


def test_the_telephone_s_hash_is_the_published_one():
    published = "735c04aebc33a05af444ed41f6352b083c5a28d75ff1a26f0fe2c72bba94d7dc"

    assert phone_hash("9800000002", share_code="Abc@123", rounds=4) == published


@pytest.mark.parametrize("code", ["A1b3", "a1b2", "A1b2 ", "0000", "\u0906"])
def test_a_wrong_share_code_opens_nothing(user, code):
    file = zipped(as_bytes(signed(phone=user.phone)))

    assert refusal(give(user, file, code)) == (400, "share_code_wrong")


def test_every_wrong_share_code_is_refused_even_if_its_check_byte_fits():
    file = zipped(b"<x/>" * 50)

    for number in range(600):
        with pytest.raises(ShareCodeWrong):
            unpack(file, f"{number:04d}")


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"PK\x03\x04",
        b"\0" * 200_000,
        zipped(b"not xml"),
        zipped(b"<OfflinePaperlessKyc>"),
        zipped(b"<a/>" * LARGEST_XML),
        zipped(b"\0" * (LARGEST_XML + 1)),
    ],
    ids=["empty", "torn", "noughts", "text", "open", "large", "bomb"],
)
def test_what_is_no_file_as_issued_is_refused(user, file):
    status, code = refusal(give(user, file)) if file else (400, "offline_file_invalid")

    assert (status, code) == (400, "offline_file_invalid")


def test_a_bomb_that_lies_about_its_size_is_cut(user):
    file = zipped(b"\0" * 50_000_000, claims=1000)

    assert refusal(give(user, file)) == (400, "share_code_wrong")


def test_a_body_beyond_the_largest_zip_is_refused_by_its_length(user):
    answer = give(user, b"\0" * 300_000)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/file")


@pytest.mark.parametrize(
    ("mark", "at", "value"),
    [(b"PK\x01\x02", 6, b"\xff"), (b"PK\x05\x06", 16, b"\xff\xff\xff\x7f")],
    ids=["another version", "a list beyond the end"],
)
def test_a_zip_with_numbers_that_no_program_writes_is_refused(user, mark, at, value):
    file = bytearray(zipped(as_bytes(signed(phone=user.phone))))
    place = file.index(mark) + at
    file[place : place + len(value)] = value

    assert refusal(give(user, bytes(file))) == (400, "offline_file_invalid")


def test_a_zip_with_any_broken_byte_is_refused_and_never_a_fault_of_ours():
    file = zipped(b"<x/>" * 50)
    structure = [*range(40), *range(len(file) - 110, len(file))]
    opened = 0

    for place, value in itertools.product(structure, (0, 8, 99, 255)):
        broken = bytearray(file)
        broken[place] = value
        with contextlib.suppress(OfflineFileInvalid, ShareCodeWrong):
            unpack(bytes(broken), SHARE_CODE)
            opened += 1

    assert 0 < opened < len(structure) * 4


def test_a_zip_of_two_files_or_without_a_share_code_is_not_as_issued(user):
    open_zip = io.BytesIO()
    with zipfile.ZipFile(open_zip, "w") as archive:
        archive.writestr("a.xml", as_bytes(signed(phone=user.phone)))
    two = io.BytesIO(open_zip.getvalue())
    with zipfile.ZipFile(two, "a") as archive:
        archive.writestr("b.xml", "<b/>")

    for file in (open_zip, two):
        assert refusal(give(user, file.getvalue())) == (400, "offline_file_invalid")


def test_attempts_are_limited_by_account(user):
    answers = [give(user, b"no zip").status_code for _ in range(11)]

    assert answers == [400] * 10 + [429]


@pytest.mark.parametrize("name", ["../../outside.xml", "/etc/outside.xml", "C:\\outside.xml", "a" * 200])
def test_the_name_inside_the_zip_leads_nowhere(user, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    give(user, zipped(as_bytes(signed(phone=user.phone)), name=name))

    assert sorted(tmp_path.rglob("*")) == before
    assert not list(tmp_path.parent.glob("outside*"))


def test_a_certificate_that_cannot_be_read_is_found_at_the_start(settings, tmp_path):
    junk = tmp_path / "junk.cer"
    junk.write_bytes(b"no certificate")
    settings.UIDAI_CERTIFICATES = [issuer().write(tmp_path), str(junk), str(tmp_path / "missing.cer")]

    faults = check_certificates()

    assert [(fault.id, str(junk) in fault.msg) for fault in faults] == [("users.E001", True), ("users.E001", False)]


def test_a_certificate_may_come_as_the_issuer_publishes_it(settings, tmp_path):
    published = tmp_path / "issuer.cer"
    published.write_bytes(issuer().certificate.public_bytes(Encoding.DER))
    settings.UIDAI_CERTIFICATES = [str(published)]

    assert [found.serial_number for found in pinned()] == [issuer().certificate.serial_number]
