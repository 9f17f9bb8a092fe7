"""Those who take part in the story. Each run invites new ones, so that it can be told again on the same data."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.demo.client import Api, Inbox

PASSWORD = "seven quiet tamarinds"  # noqa: S105  (of invented people)
KM_NORTH = 0.00904  # degrees of latitude


def new_phone() -> str:
    """Return an Indian mobile number that no provider's magic number looks like."""
    return f"+9198{secrets.randbelow(89_000_000) + 10_000_000:08d}"


def blank_page() -> bytes:
    """Return a picture of an empty page: 60 by 80 white dots as PNG."""
    rows = zlib.compress(b"".join(b"\0" + b"\xff" * 60 for _ in range(80)))
    header = struct.pack(">IIBBBBB", 60, 80, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(said)) + name + said + struct.pack(">I", zlib.crc32(name + said)) for name, said in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def printed_report(rows: Sequence[Sequence[str]], collected: str) -> bytes:
    """Return a laboratory's report of one page: a table in columns of Helvetica, as PDF."""
    head = ("Test Name", "Result", "Flag", "Unit", "Reference Range")
    words = [(40, 780, "City Diagnostics, Pune"), (40, 756, f"Sample collected on: {collected}")]
    for line, row in enumerate((head, *rows)):
        words += [(x, 710 - 18 * line, cell) for x, cell in zip((40, 230, 300, 350, 430), row, strict=True) if cell]
    escaped = ((x, y, re.sub(r"([()\\])", r"\\\1", cell)) for x, y, cell in words)
    stream = "".join(f"BT /F 10 Tf {x} {y} Td ({cell}) Tj ET\n" for x, y, cell in escaped)
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, places = "%PDF-1.4\n", []
    for number, said in enumerate(objects, 1):
        places.append(f"{len(body):010d} 00000 n \n")
        body += f"{number} 0 obj\n{said}\nendobj\n"
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{''.join(places)}"
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return (body + table + trailer).encode("ascii")


@dataclass
class Donor:
    """A person with the app in hand."""

    name: str
    blood_group: str
    base: str
    inbox: Inbox
    phone: str = field(default_factory=new_phone)

    def __post_init__(self) -> None:
        self.app = Api(self.base)
        self.refresh = ""

    def sign_up(self) -> dict[str, Any]:
        """Ask for a code, read it from the SMS, register."""
        before = len(self.inbox.messages(self.phone))
        challenge = self.app.post("/auth/otp", 202, phone=self.phone, purpose="register")
        code = self.inbox.code_for(self.phone, before)
        self._challenge = {"challenge_id": challenge["challenge_id"], "code": code}
        signed_in = self.app.post("/auth/register", 201, **self._challenge, name=self.name, password=PASSWORD)
        self.app.token, self.refresh = signed_in["access"], signed_in["refresh"]
        return dict(signed_in["user"])

    def become_donor(self, *, near: dict[str, float], km: float, weight_kg: float = 70) -> None:
        """Say where one is and what one can give: a man of thirty, `km` north of the place."""
        self.app.put("/me/location", lat=near["lat"] + km * KM_NORTH, lng=near["lng"])
        born = dt.datetime.now(tz=dt.UTC).date() - dt.timedelta(days=30 * 366)
        self.profile: dict[str, Any] = {
            "blood_group": self.blood_group,
            "sex": "male",
            "date_of_birth": born.isoformat(),
            "weight_kg": weight_kg,
            "on_leaderboard": True,
        }
        self.app.put("/me/donor", **self.profile)

    def requisition(self) -> str:
        """Give a doctor's signed form, as photographed by a phone; return its id."""
        return str(self.app.send_file("/me/documents", "form.png", blank_page(), kind="requisition")["id"])

    def heard_of(self, words: str) -> bool:
        """Whether any message to this person holds the words."""
        return any(words in message["body"] for message in self.inbox.messages(self.phone))
