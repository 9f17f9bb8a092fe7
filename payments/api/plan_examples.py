"""What the schema shows of plans."""

PLAN = {
    "plan": "basic",
    "name": "Basic",
    "description": "",
    "price": {"amount": 19900, "currency": "INR"},
    "months": 1,
    "tax_rate": "18",
    "appointments": 10,
    "storage_bytes": 1073741824,
}
CHARGE = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7db0",
    "kind": "first",
    "status": "open",
    "plan": "basic",
    "price": 19900,
    "unused": 0,
    "discount": 1990,
    "credit": 5000,
    "due": {"amount": 12910, "currency": "INR"},
    "starts_at": None,
    "ends_at": None,
    "closes_at": "2026-01-15T12:30:00Z",
}
QUOTAS = [
    {"kind": "appointments", "limit": 10, "used": 1, "since": "2026-01-15T11:30:00Z"},
    {"kind": "storage", "limit": 1073741824, "used": 20480, "since": "1970-01-01T00:00:00Z"},
]
ACTIVE = {
    "plan": "basic",
    "subscribed": "basic",
    "status": "active",
    "in_grace": False,
    "starts_at": "2026-01-15T11:30:00Z",
    "ends_at": "2026-02-15T11:30:00Z",
    "lasts_until": "2026-02-22T11:30:00Z",
    "cancels_at_end": False,
    "next_plan": None,
    "charge": None,
    "quotas": QUOTAS,
}
PENDING = {
    **ACTIVE,
    "plan": "free",
    "status": "pending",
    "starts_at": None,
    "ends_at": None,
    "lasts_until": None,
    "charge": CHARGE,
}
CANCELLED = {**ACTIVE, "cancels_at_end": True, "lasts_until": "2026-02-15T11:30:00Z"}
QUOTE = {
    "plan": "premium",
    "now": True,
    "starts_at": "2026-01-31T00:00:00Z",
    "ends_at": "2026-02-15T11:30:00Z",
    "price": 24950,
    "unused": 9950,
    "left": 0,
    "due": 15000,
    "currency": "INR",
}
MOVE = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7db1",
    "reason": "referred",
    "amount": 10000,
    "currency": "INR",
    "note": "",
    "created_at": "2026-01-15T11:30:00Z",
}
