"""The daily stock report, as the national portal lays it out."""

from __future__ import annotations

import uuid
from typing import Final

from partners import selectors as partners
from stock.components import facts_of
from stock.models import Movement
from stock.selectors.levels import stock_of

# The national portal's numbers of the groups; those of components are in the components' data.
GROUP_CODES: Final = {
    "A+": "11", "A-": "12", "B+": "13", "B-": "14", "O+": "15", "O-": "16", "AB+": "17", "AB-": "18",
    "Oh+": "22", "Oh-": "23",
}  # fmt: skip

# The national portal's words for kinds of centres; empty where the kind is not known.
CATEGORIES: Final = {"government": "Govt", "private": "Private", "charity": "Charitable/Vol"}


def report_rows(partner_id: uuid.UUID) -> list[list[str]]:
    """Return the daily stock report, the heading first, as the national portal lays it out."""
    own = partners.profile_of(partner_id)
    last = Movement.objects.filter(partner_id=partner_id).order_by("-pk").values_list("created_at", flat=True).first()
    updated = "" if last is None else last.isoformat(timespec="seconds")
    place = [own.address, own.phone, own.state, own.district]
    return [
        REPORT_HEADING,
        *(
            [
                str(partner_id),
                own.name,
                CATEGORIES.get(own.category, ""),
                *place,
                GROUP_CODES[level.blood_group],
                str(level.blood_group),
                facts_of(level.component).eraktkosh_code,
                str(level.component),
                str(level.available),
                updated,
            ]
            for level in stock_of(partner_id)
        ),
    ]


REPORT_HEADING: Final = [
    "centre_id", "centre_name", "category", "address", "phone", "state", "district", "blood_group_code", "blood_group",
    "component_code", "component", "available", "last_update",
]  # fmt: skip
