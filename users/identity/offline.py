"""UIDAI's paperless offline e-KYC: a ZIP behind a share code, in it one signed XML document.

Nothing here is believed before the signature of a pinned certificate stands over the whole document, and nothing
is returned but what may be kept or must be compared: no name, address, date of birth or photo.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from cryptography import x509
from django.conf import settings
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, VerifyResult, XMLVerifier
from signxml.algorithms import CanonicalizationMethod
from signxml.exceptions import SignXMLException

from users.errors import OfflineFileInvalid, OfflineFileStale, OfflineSignatureInvalid, ShareCodeWrong
from users.identity.certificates import fingerprint

LARGEST_ZIP = 256 * 1024  # bytes; a file as issued, with its photo, has some tens of thousands
LARGEST_XML = 512 * 1024
FRESH = dt.timedelta(days=3)  # a policy: the file itself says nothing of an end
CLOCKS_DIFFER = dt.timedelta(minutes=5)
ISSUER_ZONE = ZoneInfo("Asia/Kolkata")
ENCRYPTED = 0x1  # APPNOTE.TXT 4.4.4, bit 0
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
KEY_INFO = "{http://www.w3.org/2000/09/xmldsig#}KeyInfo"
REFERENCE = "{http://www.w3.org/2000/09/xmldsig#}Reference"
# What the library raises for numbers in a ZIP that no program wrote there, beside its own error.
NO_ZIP = (NotImplementedError, ValueError, LookupError, OverflowError, OSError, struct.error)
REFERENCE_ID = re.compile(r"([0-9]{4})([0-9]{14})([0-9]{3})")  # last four digits, local time to the millisecond
INDIAN_NUMBER = re.compile(r"\+91([0-9]{10})")


@dataclass(frozen=True)
class OfflineKyc:
    """What a genuine and fresh file says; `phone_hash` is the issuer's, of the telephone it knows."""

    last4: str
    reference_sha256: str
    certificate_sha256: str
    phone_hash: str


def unpack(file: bytes, share_code: str) -> bytes:
    """Return the document in the ZIP, whatever it claims of its size.

    Raises: OfflineFileInvalid, ShareCodeWrong
    """
    if len(file) > LARGEST_ZIP:
        raise OfflineFileInvalid
    try:
        archive = zipfile.ZipFile(io.BytesIO(file))
    except (zipfile.BadZipFile, *NO_ZIP):
        raise OfflineFileInvalid from None
    members = archive.infolist()
    if len(members) != 1 or not _is_as_issued(members[0]):
        raise OfflineFileInvalid
    try:
        with archive.open(members[0], pwd=share_code.encode()) as stream:
            xml = stream.read(LARGEST_XML + 1)
    except NO_ZIP:
        raise OfflineFileInvalid from None
    except (RuntimeError, zipfile.BadZipFile, zlib.error, EOFError):
        # One byte is all that the cipher checks: of wrong codes, one in 256 fails only at the checksum.
        raise ShareCodeWrong from None
    if len(xml) > LARGEST_XML:
        raise OfflineFileInvalid
    return xml


def read(xml: bytes, *, certificates: Sequence[x509.Certificate], now: dt.datetime) -> OfflineKyc:
    """Return what the document says, if one of the certificates signed the whole of it, lately.

    Raises: OfflineFileInvalid, OfflineSignatureInvalid, OfflineFileStale
    """
    signed, certificate = _signed_part(_parse(xml), certificates, now)
    reference_id = signed.get("referenceId", "")
    person = signed.find("./UidData/Poi")
    found = REFERENCE_ID.fullmatch(reference_id)
    if signed.tag != "OfflinePaperlessKyc" or person is None or found is None:
        raise OfflineFileInvalid
    if not -CLOCKS_DIFFER <= now - _issued_at(found) <= FRESH:
        raise OfflineFileStale
    return OfflineKyc(
        last4=found[1],
        reference_sha256=hashlib.sha256(reference_id.encode()).hexdigest(),
        certificate_sha256=fingerprint(certificate),
        phone_hash=person.get("m", "").lower(),
    )


def belongs_to(found: OfflineKyc, *, phone: str, share_code: str) -> bool:
    """Whether the issuer knows the person by this telephone (E.164); no other country's is in its files."""
    number = INDIAN_NUMBER.fullmatch(phone)
    if number is None:
        return False
    own = phone_hash(number[1], share_code=share_code, rounds=max(1, int(found.last4[-1])))
    return hmac.compare_digest(own.encode(), found.phone_hash.encode())


def phone_hash(number: str, *, share_code: str, rounds: int) -> str:
    """Return SHA-256 over number and share code, its hex digits hashed again, `rounds` times in all.

    The rounds are the last digit of the Aadhaar number, at least one (UIDAI, FAQ on offline e-KYC).
    """
    text = number + share_code
    for _ in range(rounds):
        text = hashlib.sha256(text.encode()).hexdigest()
    return text


def _is_as_issued(member: zipfile.ZipInfo) -> bool:
    # Deflate alone can be read in bounded pieces; what is stored needs no unpacking.
    plain = member.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    return plain and bool(member.flag_bits & ENCRYPTED) and member.file_size <= LARGEST_XML


def _parse(xml: bytes) -> Any:
    # The encoding is fixed, so that no other one hides a document type from this look.
    if b"<!DOCTYPE" in xml:
        raise OfflineFileInvalid
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        raise OfflineFileInvalid from None


def _signed_part(root: Any, certificates: Sequence[x509.Certificate], now: dt.datetime) -> tuple[Any, x509.Certificate]:
    """Return the document as it was signed, rebuilt from the signed bytes, and whose signature it is."""
    signatures = list(root.iter("{*}Signature"))
    if len(signatures) != 1 or signatures[0].tag != SIGNATURE or signatures[0].getparent() is not root:
        raise OfflineSignatureInvalid
    for key in signatures[0].findall(KEY_INFO):  # nobody signed it, and whose key counts is pinned
        signatures[0].remove(key)
    methods = {SignatureMethod.RSA_SHA256} | ({SignatureMethod.RSA_SHA1} if settings.UIDAI_ALLOW_RSA_SHA1 else set())
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=frozenset(methods),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        verification_time=now,
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,  # XMLDSig 4.4.3.2
    )
    for certificate in certificates:
        try:
            result = XMLVerifier().verify(root, x509_cert=certificate, expect_config=expected)
        # The last two: the library follows a hostile document into what is not there.
        except (SignXMLException, etree.LxmlError, ValueError, TypeError, AttributeError):
            continue
        found = result if isinstance(result, VerifyResult) else result[0]
        references = [reference.get("URI") for reference in found.signature_xml.iter(REFERENCE)]
        if references == [""] and found.signed_xml is not None:  # "" is the document, from its root
            return found.signed_xml, certificate
    raise OfflineSignatureInvalid


def _issued_at(found: re.Match[str]) -> dt.datetime:
    try:
        local = dt.datetime.strptime(found[2], "%Y%m%d%H%M%S").replace(tzinfo=ISSUER_ZONE)
    except ValueError:
        raise OfflineFileInvalid from None
    return local + dt.timedelta(milliseconds=int(found[3]))
