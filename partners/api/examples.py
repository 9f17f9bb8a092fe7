"""The example values of the schema: a bank that does not exist."""

from __future__ import annotations

from typing import Any, Final

ORGANISATION: Final[dict[str, Any]] = {
    "name": "Marina Blood Centre",
    "kind": "blood_bank",
    "license_number": "TN/BB/0042/2021",
    "phone": "+914428290200",
    "email": "desk@marina-blood.example",
    "address": "12 Beach Road, Triplicane",
    "city": "Chennai",
    "state": "Tamil Nadu",
    "pincode": "600005",
    "lat": 13.0587,
    "lng": 80.2757,
}
OWNER: Final[dict[str, Any]] = {
    "name": "Kavya Raman",
    "phone": "+919840012345",
    "password": "seven quiet tamarinds",
    "language": "en",
}
PUBLIC_PARTNER: Final[dict[str, Any]] = {
    "id": "0199d3f2-6c1e-7a04-9b1c-3c5f0f3f6a10",
    **ORGANISATION,
    "live": True,
    "claimed": True,
    "category": "charity",
    "website": "",
    "district": "Chennai",
    "zone": "Asia/Kolkata",
    "service_hours": "24x7",
    "has_components": True,
    "has_apheresis": False,
    "rating_average": 4.6,
    "rating_count": 38,
}
PARTNER: Final[dict[str, Any]] = {
    **PUBLIC_PARTNER,
    "status": "live",
    "in_directory": True,
    "facility_code": "9KQZT",
    "created_at": "2026-11-20T08:30:00Z",
    "updated_at": "2026-11-21T10:02:11Z",
}
PENDING_PARTNER: Final[dict[str, Any]] = {
    **PARTNER,
    "status": "pending",
    "live": False,
    "facility_code": None,
}
MEMBER: Final[dict[str, Any]] = {
    "id": "0199d3f2-6c1f-7c58-8a55-0f7f4c2f9b21",
    "name": OWNER["name"],
    "phone": OWNER["phone"],
    "role": "owner",
    "language": "en",
    "is_active": True,
    "created_at": "2026-11-20T08:30:00Z",
}
TOKENS: Final[dict[str, Any]] = {
    "access": "eyJhbGciOiJIUzI1NiJ9.e30.access",
    "refresh": "eyJhbGciOiJIUzI1NiJ9.e30.refresh",
}
CHALLENGE: Final[dict[str, Any]] = {
    "challenge_id": "0199d3f2-7d01-7c42-9d1e-2f4a5b6c7d8e",
    "expires_at": "2026-11-21T10:05:00Z",
    "resend_after": "2026-11-21T10:00:30Z",
}
SESSION: Final[dict[str, Any]] = {
    "id": "0199d3f2-7d00-7b11-8f4e-5b3b9d0c7e33",
    "device": "Mozilla/5.0 (Android 15; Mobile)",
    "address": "203.0.113.7",
    "created_at": "2026-11-20T08:31:00Z",
    "last_used_at": "2026-11-21T10:00:00Z",
    "is_current": True,
}
API_KEY: Final[dict[str, Any]] = {
    "id": "0199d3f2-6c1e-7a04-9b1c-3c5f0f3f6a77",
    "name": "Laboratory system",
    "mode": "live",
    "state": "active",
    "begins": "jsk_live_4f1c09be27a3",
    "scopes": ["stock:read", "stock:write"],
    "networks": ["203.0.113.0/24"],
    "calls_per_minute": 300,
    "expires_at": "2027-01-15T12:30:00Z",
    "rotated_at": None,
    "overlap_ends_at": None,
    "last_used_at": "2026-01-15T12:30:00Z",
    "last_used_address": "203.0.113.7",
    "created_at": "2026-01-15T12:30:00Z",
    "revoked_at": None,
}
API_KEY_TOKEN: Final = f"jsk_live_4f1c09be27a3_{'0' * 48}"
TEST_DATA: Final[dict[str, Any]] = {
    "partner": "0199d3f2-6c1e-7a04-9b1c-3c5f0f3f6a88",
    "name": "Marina Blood Centre (test)",
    "parts": {
        "twin": "0199d3f2-6c1e-7a04-9b1c-3c5f0f3f6a88",
        "bank": "0199d3f2-6c1e-7a04-9b1c-3c5f0f3f6a89",
        "hospital": "0199d3f2-6c1e-7a04-9b1c-3c5f0f3f6a8a",
        "far_bank": "0199d3f2-6c1e-7a04-9b1c-3c5f0f3f6a8b",
    },
    "opened_at": "2026-01-15T12:30:00Z",
}
