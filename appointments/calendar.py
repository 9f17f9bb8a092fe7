"""Appointments as iCalendar (RFC 5545, RFC 5546): invitations, files and feeds.

The UID of an appointment never changes and its SEQUENCE rises with every change, so that a calendar replaces what it
has. No link, no name of a patient and nothing about health is in the text: calendars are read by others too.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from appointments.states import Side, VisitKind

PRODUCT: Final = "-//JeevanSetu//Appointments//EN"
ALARM_BEFORE: Final = dt.timedelta(minutes=15)
DOMAIN: Final = "jeevansetu"  # of UIDs: a name, no address
# What the entry is called, by language and kind, for a patient ({doctor}) and for a doctor; then what is said of it.
WORDS: Final = {
    "en": {
        (Side.PATIENT, VisitKind.VIDEO): "Video consultation with {doctor}",
        (Side.PATIENT, VisitKind.IN_PERSON): "Appointment with {doctor}",
        (Side.DOCTOR, VisitKind.VIDEO): "Video consultation",
        (Side.DOCTOR, VisitKind.IN_PERSON): "Consultation",
        VisitKind.VIDEO: "Open JeevanSetu to join. The link opens 15 minutes before.",
        VisitKind.IN_PERSON: "Details are in JeevanSetu.",
    },
    "hi": {
        (Side.PATIENT, VisitKind.VIDEO): "{doctor} के साथ वीडियो परामर्श",
        (Side.PATIENT, VisitKind.IN_PERSON): "{doctor} के साथ अपॉइंटमेंट",
        (Side.DOCTOR, VisitKind.VIDEO): "वीडियो परामर्श",
        (Side.DOCTOR, VisitKind.IN_PERSON): "परामर्श",
        VisitKind.VIDEO: "जुड़ने के लिए JeevanSetu खोलें। लिंक 15 मिनट पहले खुलता है।",
        VisitKind.IN_PERSON: "विवरण JeevanSetu में है।",
    },
    "bn": {
        (Side.PATIENT, VisitKind.VIDEO): "{doctor}-এর সঙ্গে ভিডিও পরামর্শ",
        (Side.PATIENT, VisitKind.IN_PERSON): "{doctor}-এর সঙ্গে অ্যাপয়েন্টমেন্ট",
        (Side.DOCTOR, VisitKind.VIDEO): "ভিডিও পরামর্শ",
        (Side.DOCTOR, VisitKind.IN_PERSON): "পরামর্শ",
        VisitKind.VIDEO: "যোগ দিতে JeevanSetu খুলুন। লিঙ্কটি ১৫ মিনিট আগে খোলে।",
        VisitKind.IN_PERSON: "বিস্তারিত JeevanSetu-এ আছে।",
    },
}


class Method(StrEnum):
    PUBLISH = "PUBLISH"  # to be read
    REQUEST = "REQUEST"  # an invitation, or news of one
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One appointment as one of the two sees it; `changed_at` is when it last was another."""

    id: uuid.UUID
    side: Side
    kind: VisitKind
    doctor: str
    place: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    sequence: int
    is_cancelled: bool
    changed_at: dt.datetime


def write(entries: Sequence[Entry], *, method: Method, language: str, organizer: str = "", attendee: str = "") -> bytes:
    """Return the entries as a calendar object; CANCEL says of each that it is cancelled.

    `organizer` and `attendee` are e-mail addresses, of invitations.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", str(method))
    if method is Method.PUBLISH:
        calendar.add("x-wr-calname", "JeevanSetu")
        calendar.add("refresh-interval", dt.timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, method, language, organizer=organizer, attendee=attendee))
    return bytes(calendar.to_ical())


def _event(entry: Entry, method: Method, language: str, *, organizer: str, attendee: str) -> Event:
    words = WORDS.get(language, WORDS["en"])
    is_over = entry.is_cancelled or method is Method.CANCEL
    event = Event()
    event.add("uid", f"{entry.id}@{DOMAIN}")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", _second(entry.changed_at))
    event.add("last-modified", _second(entry.changed_at))
    event.add("dtstart", _second(entry.starts_at))
    event.add("dtend", _second(entry.ends_at))
    event.add("summary", words[entry.side, entry.kind].format(doctor=entry.doctor))
    event.add("description", words[entry.kind])
    if entry.place:
        event.add("location", entry.place)
    event.add("status", "CANCELLED" if is_over else "CONFIRMED")
    event.add("class", "PRIVATE")
    if organizer:
        event.add("organizer", _address(organizer, CN="JeevanSetu"))
    if attendee:
        event.add("attendee", _address(attendee, ROLE="REQ-PARTICIPANT", PARTSTAT="NEEDS-ACTION", RSVP="TRUE"))
    if not is_over:
        event.add_component(_alarm(words[entry.side, entry.kind].format(doctor=entry.doctor)))
    return event


def _alarm(words: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", words)
    alarm.add("trigger", -ALARM_BEFORE)
    return alarm


def _address(mailbox: str, **parameters: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{mailbox}")
    for name, value in parameters.items():
        address.params[name] = vText(value)
    return address


def _second(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(microsecond=0)
