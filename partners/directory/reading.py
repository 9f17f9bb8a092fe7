"""From records to listings: the rules that say which bank can be listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from partners.directory import cells
from partners.directory.licenses import license_key, names_no_license, printed_license
from partners.directory.listings import Fault, Listing, Note, Reason, Rejection
from partners.directory.records import Layout, Record, find_layout, read_records

# Rough bounds of India, the islands included: Indira Point 6.75 N, Siachen 37.1 N, Sir Creek 68.1 E,
# Kibithu 97.4 E (Survey of India). No degree is both a latitude and a longitude here: a swapped pair is sure.
LATITUDES: Final = (Decimal(6), Decimal(38))
LONGITUDES: Final = (Decimal(68), Decimal(98))
_SIX_DECIMALS: Final = Decimal("0.000001")

LONGEST: Final = {"name": 200, "license": 80, "state": 80, "district": 80, "city": 80}
LONGEST_ADDRESS: Final = 500
LONGEST_HOURS: Final = 80
_SHOWN: Final = 60

_PHONE_COLUMNS: Final = ("contact", *(f"contact_{number}" for number in range(1, 8)), "helpline")


class Place(NamedTuple):
    lat: Decimal
    lng: Decimal
    is_swapped: bool

    @property
    def point(self) -> tuple[Decimal, Decimal]:
        return self.lat, self.lng


class Shared(NamedTuple):
    """Points that the file gives more than once: in several states, or in several districts of one."""

    among_states: frozenset[tuple[Decimal, Decimal]]
    among_districts: frozenset[tuple[Decimal, Decimal]]


def read_directory(path: Path | str) -> Iterator[Listing | Rejection]:
    """Yield a listing or a rejection for every row, in the order of the file.

    The file is read twice: first for the points that one geocoder's answer gave to banks in different states
    («District Hospital Blood Bank», wherever it is), then row by row. A row is judged against the accepted
    rows above it: the same licence key is refused as a duplicate, and so is the same name at the same point,
    or in the same city with the same PIN code. Memory holds the keys and points of the file, never its rows.

    Raises: DirectoryUnreadable, at once, when the file as a whole cannot be read.
    """
    source = Path(path)
    layout = find_layout(source)
    return _judged(source, layout)


def _judged(source: Path, layout: Layout) -> Iterator[Listing | Rejection]:
    shared = _shared_points(source, layout)
    seen = _Seen()
    for record in read_records(source, layout):
        row = _Row(record, layout)
        verdict = row.malformed() or _judge(row, shared)
        if isinstance(verdict, Listing):
            duplicates = seen.duplicates(verdict)
            if duplicates:
                verdict = verdict.rejected(*duplicates)
            else:
                seen.remember(verdict)
        yield verdict


class _Row:
    """The cells of a record by column."""

    def __init__(self, record: Record, layout: Layout) -> None:
        self.record = record
        self.header = layout.header
        self._columns = layout.columns

    def cell(self, column: str) -> str:
        index = self._columns.get(column)
        return self.record.cells[index] if index is not None and index < len(self.record.cells) else ""

    @property
    def sr_no(self) -> str:
        return cells.clean(self.cell("sr_no"))[:_SHOWN]

    def rejected(self, *reasons: Reason) -> Rejection:
        name = cells.clean(self.cell("name"))[: LONGEST["name"]]
        return Rejection(self.record.line, self.sr_no, name, reasons, self.header, self.record.cells)

    def malformed(self) -> Rejection | None:
        fault = self.record.fault or self._overlong()
        return self.rejected(Reason(Fault.MALFORMED_ROW, fault)) if fault else None

    def _overlong(self) -> str:
        for column, longest in LONGEST.items():
            if len(self.cell(column)) > longest and len(cells.clean(self.cell(column))) > longest:
                return f"The {column} is longer than {longest} characters."
        return ""


class _Seen:
    """What the accepted rows above have taken."""

    def __init__(self) -> None:
        self._licenses: dict[str, str] = {}
        self._places: dict[tuple[str, ...], str] = {}

    def duplicates(self, listing: Listing) -> list[Reason]:
        reasons = []
        if earlier := self._licenses.get(listing.license_key):
            reasons.append(Reason(Fault.DUPLICATE_LICENSE, f"The licence is already that of {earlier}."))
        else:
            taken = (self._places[key] for key in _place_keys(listing) if key in self._places)
            if earlier := next(taken, ""):
                reasons.append(Reason(Fault.DUPLICATE_PLACE, f"The same bank is already {earlier}."))
        return reasons

    def remember(self, listing: Listing) -> None:
        here = f"row {listing.row} (Sr No {listing.sr_no or 'blank'}, {listing.state})"
        self._licenses[listing.license_key] = here
        self._places.update(dict.fromkeys(_place_keys(listing), here))


def _place_keys(listing: Listing) -> list[tuple[str, ...]]:
    name = re.sub(r"\W", "", listing.name.casefold())
    keys: list[tuple[str, ...]] = [(name, str(listing.lat), str(listing.lng))]
    if listing.city and listing.pincode:
        keys.append((name, listing.state.casefold(), listing.city.casefold(), listing.pincode))
    return keys


def _judge(row: _Row, shared: Shared) -> Listing | Rejection:
    name = cells.clean_or_blank(row.cell("name"))
    printed = printed_license(row.cell("license"))
    key = license_key(printed)
    place = _place(row)
    reasons = []
    if not name:
        reasons.append(Reason(Fault.MISSING_NAME, "There is no name."))
    if names_no_license(key):
        reasons.append(Reason(Fault.MISSING_LICENSE, f"There is no licence number: {_quoted(printed)}."))
    if isinstance(place, Reason):
        reasons.append(place)
    elif place.point in shared.among_states:
        detail = f"{place.lat}, {place.lng} is also given for a bank in another state."
        reasons.append(Reason(Fault.SHARED_COORDINATES, detail))
    if reasons or isinstance(place, Reason):
        return row.rejected(*reasons)
    return _listing(row, name, printed, key, place, is_shared=place.point in shared.among_districts)


def _listing(row: _Row, name: str, printed: str, key: str, place: Place, *, is_shared: bool) -> Listing:
    district = cells.place_name(row.cell("district"))
    city = cells.place_name(row.cell("city"))
    noted = {
        Note.SWAPPED_COORDINATES: place.is_swapped,
        Note.SHARED_COORDINATES: is_shared,
        Note.CITY_FROM_DISTRICT: bool(district) and not city,
    }
    return Listing(
        row=row.record.line,
        sr_no=row.sr_no,
        name=name,
        license_number=printed,
        license_key=key,
        category=cells.category(row.cell("category")),
        state=cells.place_name(row.cell("state")),
        district=district,
        city=city or district,
        address=cells.one_line_address(row.cell("address"))[:LONGEST_ADDRESS].rstrip(" ,"),
        pincode=cells.pincode(row.cell("pincode")),
        phones=_phones(row),
        email=cells.email(row.cell("email")),
        website=cells.website(row.cell("website")),
        has_components=cells.yes_or_no(row.cell("components")),
        has_apheresis=cells.yes_or_no(row.cell("apheresis")),
        service_hours=cells.service_hours(row.cell("hours"))[:LONGEST_HOURS].rstrip(),
        lat=place.lat,
        lng=place.lng,
        header=row.header,
        cells=row.record.cells,
        notes=tuple(note for note, is_so in noted.items() if is_so),
    )


def _phones(row: _Row) -> tuple[str, ...]:
    """The contact columns repeat one another; each text is read once."""
    texts = dict.fromkeys(row.cell(column) for column in _PHONE_COLUMNS)
    return tuple(dict.fromkeys(number for text in texts for number in cells.phones(text)))


def _place(row: _Row) -> Place | Reason:
    printed = cells.clean_or_blank(row.cell("lat")), cells.clean_or_blank(row.cell("lng"))
    if not all(printed):
        return Reason(Fault.MISSING_COORDINATES, "Latitude or longitude is missing.")
    lat, lng = cells.coordinate(printed[0]), cells.coordinate(printed[1])
    shown = f"{_quoted(printed[0])}, {_quoted(printed[1])}"
    if lat is None or lng is None:
        return Reason(Fault.BAD_COORDINATES, f"Not decimal degrees: {shown}.")
    if _is_in_india(lat, lng):
        return Place(lat.quantize(_SIX_DECIMALS), lng.quantize(_SIX_DECIMALS), is_swapped=False)
    if _is_in_india(lng, lat):
        return Place(lng.quantize(_SIX_DECIMALS), lat.quantize(_SIX_DECIMALS), is_swapped=True)
    return Reason(Fault.BAD_COORDINATES, f"Outside India: {shown}.")


def _is_in_india(lat: Decimal, lng: Decimal) -> bool:
    return LATITUDES[0] <= lat <= LATITUDES[1] and LONGITUDES[0] <= lng <= LONGITUDES[1]


def _quoted(text: str) -> str:
    return f"«{text[:_SHOWN]}»"


def _shared_points(source: Path, layout: Layout) -> Shared:
    first: dict[tuple[Decimal, Decimal], tuple[str, str]] = {}
    among_states: set[tuple[Decimal, Decimal]] = set()
    among_districts: set[tuple[Decimal, Decimal]] = set()
    for record in read_records(source, layout):
        row = _Row(record, layout)
        place = None if record.fault else _place(row)
        if not isinstance(place, Place):
            continue
        state, district = cells.place_name(row.cell("state")), cells.place_name(row.cell("district"))
        before = first.setdefault(place.point, (state, district))
        if state and before[0] and state != before[0]:
            among_states.add(place.point)
        elif district and before[1] and district != before[1]:
            among_districts.add(place.point)
    return Shared(frozenset(among_states), frozenset(among_districts))
