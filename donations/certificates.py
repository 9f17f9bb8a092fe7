"""The certificate of a donation as a PDF: name, day, place, kind of donation, number, and a QR code to check it by."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from common.blood import DonationType
from common.pdf import Document
from donations.selectors import CertificateFacts

RED, GREY = "#a3142b", "#5c5c5c"
FALLBACK: Final = "en"
WORDS: Final[dict[str, dict[str, Any]]] = {
    "en": {
        "title": "Certificate of blood donation",
        "given_to": "This certifies that",
        "gave": "gave {gift}, of free will and without payment, on {day} at",
        "thanks": "One donation can help up to three people. Thank you.",
        "number": "Certificate {number}",
        "check": "Scan to check",
        "nobody": "a donor",
        "months": (
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December",
        ),
        DonationType.WHOLE_BLOOD: "blood",
        DonationType.PLATELET_APHERESIS: "platelets",
        DonationType.PLASMA_APHERESIS: "plasma",
        DonationType.DOUBLE_RED_CELL: "red cells",
    },
    "hi": {
        "title": "रक्तदान प्रमाणपत्र",
        "given_to": "प्रमाणित किया जाता है कि",
        "gave": "ने {day} को अपनी इच्छा से और बिना पैसे के {gift} दान किया, यहाँ:",
        "thanks": "एक रक्तदान से तीन लोगों तक की मदद हो सकती है। धन्यवाद।",
        "number": "प्रमाणपत्र {number}",
        "check": "जाँच के लिए स्कैन करें",
        "nobody": "एक रक्तदाता",
        "months": (
            "जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर",
        ),
        DonationType.WHOLE_BLOOD: "रक्त",
        DonationType.PLATELET_APHERESIS: "प्लेटलेट",
        DonationType.PLASMA_APHERESIS: "प्लाज़्मा",
        DonationType.DOUBLE_RED_CELL: "लाल रक्त कोशिकाओं का",
    },
    "bn": {
        "title": "রক্তদানের শংসাপত্র",
        "given_to": "এতদ্দ্বারা প্রত্যয়িত করা হচ্ছে যে",
        "gave": "{day} তারিখে স্বেচ্ছায় ও বিনা পারিশ্রমিকে {gift} দান করেছেন এখানে:",
        "thanks": "একটি রক্তদান তিনজন পর্যন্ত মানুষের উপকারে আসতে পারে। ধন্যবাদ।",
        "number": "শংসাপত্র {number}",
        "check": "যাচাই করতে স্ক্যান করুন",
        "nobody": "একজন রক্তদাতা",
        "months": (
            "জানুয়ারি", "ফেব্রুয়ারি", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "সেপ্টেম্বর", "অক্টোবর", "নভেম্বর",
            "ডিসেম্বর",
        ),
        DonationType.WHOLE_BLOOD: "রক্ত",
        DonationType.PLATELET_APHERESIS: "প্লেটলেট",
        DonationType.PLASMA_APHERESIS: "প্লাজমা",
        DonationType.DOUBLE_RED_CELL: "লোহিত কণিকা",
    },
}  # fmt: skip
LANGUAGES: Final = tuple(WORDS)


def certificate_pdf(facts: CertificateFacts, *, language: str, check_url: str) -> bytes:
    """Return the certificate in the language, English where there are no words in it: one page, the same every time."""
    spoken = language if language in WORDS else FALLBACK
    words = WORDS[spoken]
    page = Document(title=f"{words['title']} {facts.number}", language=spoken, lying=True)
    middle, room = page.width / 2, page.width - 160
    page.frame(24, colour=RED, thick=2)
    page.frame(30, colour=RED, thick=0.5)
    page.drop(middle, page.height - 116, size=58, colour=RED)
    page.text(middle, page.height - 160, words["title"], size=30, bold=True, align="centre", colour=RED, within=room)
    page.text(middle, page.height - 208, words["given_to"], size=15, align="centre", colour=GREY)
    page.text(
        middle, page.height - 256, facts.donor_name or words["nobody"], size=32, bold=True, align="centre", within=room
    )
    page.line(middle - 190, page.height - 270, middle + 190, page.height - 270, colour=RED)
    gave = words["gave"].format(gift=words[facts.donation_type], day=_written(facts.donated_on, words["months"]))
    page.text(middle, page.height - 306, gave, size=15, align="centre", within=room)
    place = ", ".join(part for part in (facts.partner_name, facts.partner_city) if part)
    page.text(middle, page.height - 340, place, size=19, bold=True, align="centre", within=room)
    page.text(middle, page.height - 384, words["thanks"], size=13, align="centre", colour=GREY, within=room)
    page.text(62, 64, words["number"].format(number=facts.number), size=12)
    page.text(62, 48, "JeevanSetu", size=10, colour=GREY)
    page.qr(page.width - 164, 60, check_url, size=108)
    page.link(page.width - 164, 60, page.width - 56, 168, url=check_url)
    page.text(page.width - 110, 48, words["check"], size=10, align="centre", colour=GREY)
    return page.finish()


def _written(day: dt.date, months: tuple[str, ...]) -> str:
    return f"{day.day} {months[day.month - 1]} {day.year}"
