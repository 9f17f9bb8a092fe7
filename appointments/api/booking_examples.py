"""Examples of the schema."""

ID = "0196a1c2-7d3e-7c11-9a55-2f4b8c6d0e91"
DOCTOR = "0196a1c2-7d3e-7c11-9a55-2f4b8c6d0e11"
WISH = {
    "doctor": DOCTOR,
    "starts_at": "2030-05-06T10:00:00+05:30",
    "kind": "video",
    "reason": "Tired since a week.",
}
SERIES = {**WISH, "every": "week", "times": 4}
VISIT = {
    "id": ID,
    "kind": "video",
    "place": None,
    "meeting": None,
    "status": "held",
    "starts_at": "2030-05-06T04:30:00Z",
    "ends_at": "2030-05-06T04:50:00Z",
    "reason": "Tired since a week.",
    "terms": "prepaid",
    "fee": {"amount": 50000, "currency": "INR"},
    "refund": None,
    "hold_expires_at": "2030-05-01T06:50:00Z",
    "paid_at": None,
    "checked_in_at": None,
    "started_at": None,
    "ended_at": None,
    "ended_by": "",
    "end_reason": None,
    "sequence": 0,
    "origin": "patient",
    "follows": None,
    "series": None,
    "created_at": "2030-05-01T06:30:00Z",
    "updated_at": "2030-05-01T06:30:00Z",
}
NOBODY = {"id": DOCTOR, "name": "Dr. Asha Rao", "specialisations": ["general_medicine"]}
ROW = {
    **VISIT,
    "doctor": NOBODY,
    "refund_rule": {"full_until": "2030-05-05T04:30:00Z", "late_percent": 50},
    "payment": {"kind": "appointment", "id": ID, "pay_by": "2030-05-01T06:45:00Z"},
}
HISTORY = [
    {
        "at": "2030-05-01T06:30:00Z",
        "verb": "hold",
        "status": "held",
        "facts": {"starts_at": "2030-05-06T04:30:00+00:00", "origin": "patient"},
    }
]
DETAIL = {**ROW, "files": [], "history": HISTORY}
BOOKED = {**DETAIL, "status": "confirmed", "hold_expires_at": None, "payment": None, "paid_at": "2030-05-01T06:31:00Z"}
PATIENT = {"id": "0196a1c2-7d3e-7c11-9a55-2f4b8c6d0e77", "name": "Meera Joshi"}
THEIRS = {**VISIT, "status": "confirmed", "hold_expires_at": None, "patient": PATIENT}
THEIRS_DETAIL = {**THEIRS, "files": [], "history": HISTORY}
WAIT_WISH = {"kind": "video", "from": "2030-05-02", "to": "2030-05-09", "earliest_minute": 540, "latest_minute": 720}
WAIT = {
    "id": "0196a1c2-7d3e-7c11-9a55-2f4b8c6d0e33",
    "doctor": NOBODY,
    **WAIT_WISH,
    "status": "waiting",
    "appointment": None,
    "created_at": "2030-05-01T06:30:00Z",
}
EARNING = {
    "id": "0196a1c2-7d3e-7c11-9a55-2f4b8c6d0e55",
    "appointment": ID,
    "currency": "INR",
    "paid": 50000,
    "fee": 5000,
    "returned": 0,
    "net": 45000,
    "payout_status": "pending",
    "paid_at": "2030-05-01T06:31:00Z",
}
TOTAL = {
    "currency": "INR",
    "sold": 1550000,
    "fees": 155000,
    "returned": 0,
    "net": 1395000,
    "paid_out": 1350000,
    "on_the_way": 45000,
    "owed": 0,
}
MONTH = {"month": "2030-05", "currency": "INR", "count": 31, "paid": 1550000, "net": 1395000}
