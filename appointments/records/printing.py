"""A prescription as a PDF: who prescribes, for whom, what, and a QR code by which anybody can check it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.pdf import Document, lines_of

BLUE, GREY, RED = "#14528c", "#5c5c5c", "#a3142b"
FALLBACK: Final = "en"
LEFT, BOTTOM = 56.0, 176.0  # the foot with signature and code is below
WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "title": "Prescription",
        "registration": "Registration {number}, {council}",
        "patient": "Patient",
        "nobody": "(name withheld)",
        "age_sex": "{age} years, {sex}",
        "male": "male",
        "female": "female",
        "other": "other",
        "date": "Date",
        "days": "for {days} days",
        "advice": "Advice",
        "signed": "Signed electronically by {doctor}",
        "number": "Prescription {number}",
        "check": "Scan to check",
        "revoked": "REVOKED on {date}: do not fill",
        "video": "Consultation by video",
        "page": "Page {page}",
    },
    "hi": {
        "title": "दवा का पर्चा",
        "registration": "पंजीकरण {number}, {council}",
        "patient": "मरीज़",
        "nobody": "(नाम नहीं दिखाया गया)",
        "age_sex": "{age} वर्ष, {sex}",
        "male": "पुरुष",
        "female": "महिला",
        "other": "अन्य",
        "date": "तारीख",
        "days": "{days} दिन तक",
        "advice": "सलाह",
        "signed": "इलेक्ट्रॉनिक हस्ताक्षर: {doctor}",
        "number": "पर्चा {number}",
        "check": "जाँच के लिए स्कैन करें",
        "revoked": "{date} को रद्द: दवा न दें",
        "video": "वीडियो परामर्श",
        "page": "पृष्ठ {page}",
    },
    "bn": {
        "title": "ব্যবস্থাপত্র",
        "registration": "নিবন্ধন {number}, {council}",
        "patient": "রোগী",
        "nobody": "(নাম দেখানো হয়নি)",
        "age_sex": "{age} বছর, {sex}",
        "male": "পুরুষ",
        "female": "মহিলা",
        "other": "অন্য",
        "date": "তারিখ",
        "days": "{days} দিন",
        "advice": "পরামর্শ",
        "signed": "বৈদ্যুতিন স্বাক্ষর: {doctor}",
        "number": "ব্যবস্থাপত্র {number}",
        "check": "যাচাই করতে স্ক্যান করুন",
        "revoked": "{date} তারিখে বাতিল: ওষুধ দেবেন না",
        "video": "ভিডিও পরামর্শ",
        "page": "পৃষ্ঠা {page}",
    },
}
LANGUAGES: Final = tuple(WORDS)


@dataclass(frozen=True)
class PrintedPrescription:
    """What stands on the paper; `said` is the signed content."""

    number: str
    patient_name: str
    said: Mapping[str, Any]
    revoked_on: dt.date | None


def prescription_pdf(facts: PrintedPrescription, *, language: str, check_url: str) -> bytes:
    """Return it in the language, English where there are no words in it; as many pages as the lines need."""
    return _Paper(facts, language if language in WORDS else FALLBACK, check_url).finish()


class _Paper:
    def __init__(self, facts: PrintedPrescription, language: str, check_url: str) -> None:
        self.facts, self.words, self.check_url = facts, WORDS[language], check_url
        self.page = Document(title=f"{self.words['title']} {facts.number}", language=language)
        self.room = self.page.width - 2 * LEFT
        self.number = 1
        self.y = self._head()

    def finish(self) -> bytes:
        for place, line in enumerate(self.facts.said["lines"], start=1):
            self._medicine(place, line)
        if self.facts.said.get("advice"):
            self._write(self.words["advice"], size=11, bold=True)
            self._write(self.facts.said["advice"], size=11, indent=12)
        self._foot()
        return self.page.finish()

    def _head(self) -> float:
        page, doctor, words = self.page, self.facts.said["doctor"], self.words
        y = page.height - 64
        page.text(LEFT, y, doctor["name"], size=18, bold=True, colour=BLUE, within=self.room)
        page.text(LEFT, y - 18, doctor["qualifications"], size=10, within=self.room)
        registration = words["registration"].format(number=doctor["registration_number"], council=doctor["council"])
        page.text(LEFT, y - 33, registration, size=10, within=self.room)
        page.line(LEFT, y - 44, LEFT + self.room, y - 44, colour=BLUE, thick=1)
        name = f"{words['patient']}: {self.facts.patient_name or words['nobody']}"
        page.text(LEFT, y - 62, name, size=12, bold=True, within=self.room - 130)
        said = self.facts.said
        who = words["age_sex"].format(age=said["patient_age"], sex=words[said["patient_sex"]])
        page.text(LEFT, y - 78, who, size=11)
        right = LEFT + self.room
        page.text(right, y - 62, f"{words['date']}: {_written(said['signed_on'])}", size=11, align="right")
        if said["kind"] == "video":
            page.text(right, y - 78, words["video"], size=10, align="right", colour=GREY)
        page.line(LEFT, y - 88, right, y - 88, colour=GREY)
        if self.facts.revoked_on is not None:
            revoked = words["revoked"].format(date=_written(self.facts.revoked_on.isoformat()))
            page.text(
                page.width / 2, y - 108, revoked, size=16, bold=True, align="centre", colour=RED, within=self.room
            )
        page.text(LEFT, y - 132, "Rx", size=18, bold=True, colour=BLUE)
        return y - 156

    def _foot(self) -> None:
        page, words = self.page, self.words
        right = LEFT + self.room
        page.line(right - 220, 104, right, 104)
        signed = words["signed"].format(doctor=self.facts.said["doctor"]["name"])
        page.text(right, 90, signed, size=10, align="right", within=360)
        page.text(right, 64, words["number"].format(number=self.facts.number), size=11, bold=True, align="right")
        page.text(
            right, 48, f"JeevanSetu · {words['page'].format(page=self.number)}", size=9, align="right", colour=GREY
        )
        page.qr(LEFT - 10, 52, self.check_url, size=100)
        page.link(LEFT - 10, 52, LEFT + 90, 152, url=self.check_url)
        page.text(LEFT + 40, 42, words["check"], size=9, align="centre", colour=GREY)

    def _medicine(self, place: int, line: Mapping[str, Any]) -> None:
        what = " ".join(part for part in (line["medicine"], line.get("strength"), line.get("form")) if part)
        duration = self.words["days"].format(days=line["duration_days"]) if line.get("duration_days") else ""
        how = ", ".join(part for part in (line["dose"], line.get("route"), line["frequency"], duration) if part)
        self._write(f"{place}. {what}", size=12, bold=True)
        self._write(how, size=11, indent=16)
        if line.get("instructions"):
            self._write(line["instructions"], size=10, indent=16)
        self.y -= 6

    def _write(self, words: str, *, size: float, bold: bool = False, indent: float = 0) -> None:
        for line in lines_of(words, size=size, within=self.room - indent):
            if self.y < BOTTOM:
                self._foot()
                self.page.next_page()
                self.number += 1
                self.y = self._head()
            self.page.text(LEFT + indent, self.y, line, size=size, bold=bold, within=self.room - indent)
            self.y -= size * 1.5


def _written(day: str) -> str:
    year, month, date = day.split("-")
    return f"{date}.{month}.{year}"
