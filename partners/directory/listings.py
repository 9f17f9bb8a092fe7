"""What a row of the directory becomes: a listing, or a rejection that says why."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from partners.states import PartnerKind


class Fault(StrEnum):
    """Why a row cannot be listed."""

    MALFORMED_ROW = "malformed_row"  # the cells do not fit the header, or one is longer than its column
    MISSING_NAME = "missing_name"
    MISSING_LICENSE = "missing_license"  # blank, or words such as «applied for» in place of a number
    MISSING_COORDINATES = "missing_coordinates"
    BAD_COORDINATES = "bad_coordinates"  # not numbers, whole degrees only, or outside the country
    SHARED_COORDINATES = "shared_coordinates"  # the same point is given for banks in different states
    DUPLICATE_LICENSE = "duplicate_license"  # an accepted row above has it
    DUPLICATE_PLACE = "duplicate_place"  # an accepted row above is the same bank under another licence


class Note(StrEnum):
    """What was mended or is doubtful in a row that is listed all the same."""

    SWAPPED_COORDINATES = "swapped_coordinates"  # longitude stood in the latitude's column
    SHARED_COORDINATES = "shared_coordinates"  # the same point is given in another district of the state
    CITY_FROM_DISTRICT = "city_from_district"


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` is for programs, `detail` is one sentence for the person who mends the row."""

    code: Fault
    detail: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A bank as the directory has it, cleaned.

    `row` is the line of the file at which the record begins, as an editor counts. `license_key` is what makes
    the bank unique. Texts that the directory leaves out are empty; a yes-or-no that it leaves out is None.
    """

    row: int
    sr_no: str
    name: str
    license_number: str
    license_key: str
    category: str  # government, private, charity or unknown
    state: str
    district: str
    city: str
    address: str
    pincode: str  # six digits
    phones: tuple[str, ...]  # E.164
    email: str
    website: str  # http or https
    has_components: bool | None
    has_apheresis: bool | None
    service_hours: str  # «24x7», or as printed
    lat: Decimal  # WGS-84 degrees, six decimals
    lng: Decimal
    header: tuple[str, ...] = field(repr=False, compare=False)
    cells: tuple[str, ...] = field(repr=False, compare=False)
    notes: tuple[Note, ...] = ()
    kind: PartnerKind = PartnerKind.BLOOD_BANK

    @property
    def phone(self) -> str:
        """The first number that can be dialled, or an empty text."""
        return self.phones[0] if self.phones else ""

    def rejected(self, *reasons: Reason) -> Rejection:
        """The same row as a rejection, for a reason that only the reader's caller can know."""
        return Rejection(self.row, self.sr_no, self.name, reasons, self.header, self.cells)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not listed, with its cells as they stood in the file."""

    row: int
    sr_no: str
    name: str
    reasons: tuple[Reason, ...]
    header: tuple[str, ...] = field(repr=False)
    cells: tuple[str, ...] = field(repr=False)

    @property
    def codes(self) -> tuple[Fault, ...]:
        return tuple(reason.code for reason in self.reasons)
