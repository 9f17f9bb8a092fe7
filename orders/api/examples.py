"""The example values of the schema: an order that was never placed."""

from __future__ import annotations

from typing import Any, Final

ID: Final = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da1"
BANK_ID: Final = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d98"
BANK: Final[dict[str, Any]] = {
    "id": BANK_ID,
    "name": "Sahyadri Blood Bank",
    "kind": "blood_bank",
    "phone": "+912025500101",
    "address": "1 Lake Road",
    "city": "Pune",
    "location": {"lat": 18.5204, "lng": 73.8567},
}
REQUISITION: Final = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7dad"
LINE: Final[dict[str, Any]] = {"blood_group": "B+", "component": "red_cells", "units": 2, "special": []}
WISH: Final[dict[str, Any]] = {
    "bank": BANK_ID,
    "lines": [LINE],
    "patient": {"name": "Meera Joshi", "age": 42, "sex": "female", "hospital": "Deenanath Hospital", "ward": "3B"},
    "deliver_to": {"address": "5 Karve Road, Pune", "lat": 18.5089, "lng": 73.8329},
    "needed_by": "2026-01-15T18:00:00+05:30",
}
CHARGES: Final[list[dict[str, Any]]] = [
    {
        "kind": "processing",
        "component": "red_cells",
        "quantity": 2,
        "unit": 145000,
        "amount": 290000,
        "tax": {"name": "GST", "basis_points": 0, "amount": 0},
    },
    {
        "kind": "delivery",
        "component": "",
        "quantity": 1,
        "unit": 15000,
        "amount": 15000,
        "tax": {"name": "GST", "basis_points": 1800, "amount": 2700},
    },
]
TOTAL: Final = {"amount": 307700, "currency": "INR"}
QUOTE: Final[dict[str, Any]] = {"charges": CHARGES, "total": TOTAL, "distance_km": 2.87, "terms": "prepaid"}
NO_COURIER: Final = {"kind": "", "name": "", "vehicle": "", "status": None, "tracking_url": None}
ROW: Final[dict[str, Any]] = {
    "id": ID,
    "status": "placed",
    "end_reason": "",
    "bank": BANK,
    "hospital": None,
    "lines": [LINE],
    "terms": "prepaid",
    "total": TOTAL,
    "pay_by": None,
    "paid_at": None,
    "needed_by": "2026-01-15T12:30:00Z",
    "expected_at": None,
    "late": False,
    "created_at": "2026-01-15T09:30:00Z",
    "updated_at": "2026-01-15T09:30:00Z",
}
DETAIL: Final[dict[str, Any]] = {
    **ROW,
    "charges": CHARGES,
    "fee": 0,
    "less": 0,
    "missing": 0,
    "patient": WISH["patient"],
    "requisition": None,
    "requisition_number": "",
    "pickup": False,
    "deliver_to": WISH["deliver_to"],
    "distance_km": 2.87,
    "note": "",
    "courier": NO_COURIER,
    "dispatched_at": None,
    "ended_at": None,
    "bags": [],
    "boxes": [],
}
STEP: Final[dict[str, Any]] = {
    "at": "2026-01-15T15:00:00+05:30",
    "local": "2026-01-15 15:00:00",
    "verb": "place",
    "status": "placed",
    "by": "receiver",
    "facts": {"total": 307700, "currency": "INR"},
}
PRICE_LIST: Final[dict[str, Any]] = {
    "currency": "INR",
    "processing": [{"component": "red_cells", "charge": 145000}],
    "delivery": [{"up_to_km": 5.0, "charge": 15000}, {"up_to_km": 20.0, "charge": 40000}],
    "taxes": {"name": "GST", "processing": 0, "delivery": 1800},
    "cancellation": {"accepted": 5000, "packed": 20000},
}
PRICE_LIST_OUT: Final = {**PRICE_LIST, "updated_at": "2026-01-10T09:30:00Z"}
CONTRACT: Final[dict[str, Any]] = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da7",
    "bank": BANK,
    "hospital": {
        **BANK,
        "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d93",
        "name": "Deenanath Hospital",
        "kind": "hospital",
    },
    "processing": [{"component": "red_cells", "charge": 120000}],
    "starts_on": "2026-01-01",
    "ends_on": None,
    "ended_at": None,
    "created_at": "2025-12-20T09:30:00Z",
}
SETTLEMENT: Final[dict[str, Any]] = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da9",
    "bank": CONTRACT["bank"],
    "hospital": CONTRACT["hospital"],
    "month": "2026-01-01",
    "number": 1,
    "amount": {"amount": 1240000, "currency": "INR"},
    "orders": 9,
    "paid_at": None,
    "created_at": "2026-02-01T01:30:00Z",
}
RIDER: Final[dict[str, Any]] = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7dab",
    "name": "Ravi Shinde",
    "phone": "+919822012345",
    "vehicle": "MH12 AB 1234",
    "is_active": True,
    "lat": None,
    "lng": None,
    "located_at": None,
    "load": 0,
}
