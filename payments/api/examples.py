"""What the schema shows."""

ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da0"
REFUND = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da1",
    "status": "pending",
    "amount": {"amount": 50000, "currency": "INR"},
    "reason": "One unit was not available.",
    "created_at": "2026-01-15T12:00:00Z",
    "ended_at": None,
}
PAYMENT = {
    "id": ID,
    "purchase": {
        "kind": "order",
        "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da2",
        "description": "Blood order, 2 units",
    },
    "provider": "stripe",
    "status": "pending",
    "amount": {"amount": 310000, "currency": "INR"},
    "refunded": 0,
    "action": {
        "type": "redirect",
        "url": "https://checkout.stripe.com/c/pay/cs_live_a1b2",
        "client_token": "",
    },
    "late": False,
    "failure": "",
    "expires_at": "2026-01-15T12:00:00Z",
    "created_at": "2026-01-15T11:30:00Z",
    "paid_at": None,
    "refunds": [],
}
PAID = {
    **PAYMENT,
    "status": "succeeded",
    "action": {"type": "redirect", "url": "", "client_token": ""},
    "paid_at": "2026-01-15T11:31:00Z",
}
ROW = {name: value for name, value in PAID.items() if name != "action"}
WISH = {
    "purchase": {"kind": "order", "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da2"},
    "provider": "stripe",
    "return_url": "https://app.jeevansetu.example/paid",
}
INVOICE = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da3",
    "kind": "invoice",
    "number": "INV/25-26/000042",
    "issued_on": "2026-01-15",
    "payment": ID,
    "seller": {"name": "Sahyadri Blood Bank", "address": "1 Lake Road"},
    "buyer": {"name": "Asha Kulkarni", "address": ""},
    "lines": [
        {"description": "Red cells, processing", "hsn": "", "quantity": 2, "amount": 310000, "taxes": []},
    ],
    "amount": {"amount": 310000, "currency": "INR"},
}
PAYOUT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da4",
    "provider": "offline",
    "status": "succeeded",
    "amount": {"amount": 1250000, "currency": "INR"},
    "description": "Settlement of December",
    "bank_reference": "UTR0042",
    "failure": "",
    "created_at": "2026-01-02T05:30:00Z",
    "ended_at": "2026-01-03T05:30:00Z",
}
PROVIDER = {"provider": "stripe", "name": "Card or wallet (Stripe)", "currencies": ["INR", "USD"], "least": 1}
