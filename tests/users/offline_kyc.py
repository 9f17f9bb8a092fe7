"""An issuer of offline e-KYC files for tests: its own key, certificate, signed XML, and the old cipher of ZIP files."""

from __future__ import annotations

import base64
import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod, XMLSigner
from signxml.algorithms import CanonicalizationMethod

from common import clock
from users.identity.offline import phone_hash

SHARE_CODE = "A1b2"
LAST4 = "2346"


@dataclass(frozen=True)
class Issuer:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def sign(self, root: Any, method: SignatureMethod = SignatureMethod.RSA_SHA256) -> Any:
        signer = LooseSigner(
            signature_algorithm=method,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
        )
        return signer.sign(root, key=self.key, cert=[self.certificate])

    def write(self, folder: Path) -> str:
        path = folder / f"{self.certificate.serial_number}.pem"
        path.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return str(path)


class LooseSigner(XMLSigner):
    """Signs with SHA-1 too, as old issuers do."""

    def check_deprecated_methods(self) -> None:
        return


@cache
def issuer(name: str = "issuer", *, ended: bool = False) -> Issuer:
    """The same key for the same name: making one takes long."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    end = begin + dt.timedelta(days=365 if ended else 365 * 30)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), begin, end)
    return Issuer(key, builder.sign(key, hashes.SHA256()))


def document(*, phone: str, age: dt.timedelta = dt.timedelta(hours=1), last4: str = LAST4, **changes: str) -> Any:
    """An unsigned document about whoever has the telephone (E.164), issued `age` ago."""
    issued = (clock.now() - age).astimezone(ZoneInfo("Asia/Kolkata"))
    reference = f"{last4}{issued:%Y%m%d%H%M%S}{issued.microsecond // 1000:03d}"
    rounds = max(1, int(last4[-1]))
    person = {
        "name": "Asha Kulkarni",
        "dob": "12-04-1995",
        "gender": "F",
        "m": phone_hash(phone.removeprefix("+91"), share_code=SHARE_CODE, rounds=rounds),
        "e": "",
    }
    root = etree.Element("OfflinePaperlessKyc", referenceId=changes.pop("reference_id", reference))
    uid_data = etree.SubElement(root, "UidData")
    etree.SubElement(uid_data, "Poi", {**person, **changes})
    etree.SubElement(uid_data, "Poa", house="7", street="Lake Road", vtc="Pune", pc="411001", country="India")
    etree.SubElement(uid_data, "Pht").text = base64.b64encode(b"a photo").decode()
    return root


def signed(*, phone: str, by: Issuer | None = None, **values: Any) -> Any:
    return (by or issuer()).sign(document(phone=phone, **values))


def as_bytes(root: Any) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def zipped(content: bytes, share_code: str = SHARE_CODE, **values: Any) -> bytes:
    """A ZIP of one file under the traditional cipher (APPNOTE.TXT 6.1), which the library only reads."""
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w", values.get("method", zipfile.ZIP_DEFLATED)) as archive:
        archive.writestr(values.get("name", "offlineaadhaar.xml"), content)
        info = archive.infolist()[0]
    raw = bytearray(plain.getvalue())
    body_at = 30 + len(info.filename)
    body = bytes(raw[body_at : body_at + info.compress_size])
    head = bytes(11) + bytes([info.CRC >> 24])
    sealed = bytes(_encrypt(head + body, share_code.encode()))
    tail = raw[body_at + info.compress_size :]
    central = tail.index(b"PK\x01\x02")
    end = tail.index(b"PK\x05\x06")
    raw[6] |= 1
    raw[18:22] = len(sealed).to_bytes(4, "little")
    tail[central + 8] |= 1
    tail[central + 20 : central + 24] = len(sealed).to_bytes(4, "little")
    if "claims" in values:  # a size that is not true
        raw[22:26] = tail[central + 24 : central + 28] = values["claims"].to_bytes(4, "little")
    tail[end + 16 : end + 20] = (body_at + len(sealed)).to_bytes(4, "little")
    return bytes(raw[:body_at]) + sealed + bytes(tail)


def _encrypt(plain: bytes, password: bytes) -> Iterator[int]:
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = _crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    for byte in plain:
        mask = (keys[2] | 2) & 0xFFFF
        yield byte ^ ((mask * (mask ^ 1)) >> 8) & 0xFF
        update(byte)


def _crc(value: int, byte: int) -> int:
    return zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
