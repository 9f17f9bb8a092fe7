"""What the schema shows of doctors."""

from __future__ import annotations

ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da0"
DOCUMENTS = ["01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da1", "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da2"]
SPECIALISATION = {"code": "cardiology", "name": "Cardiology", "name_hi": "हृदय रोग", "name_bn": "হৃদরোগ"}
PLACE_IN = {"name": "Deshpande Clinic", "address": "12 FC Road", "city": "Pune", "lat": 18.5204, "lng": 73.8567}
PLACE = {"id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da3", **PLACE_IN}
DOCTOR = {
    "id": ID,
    "title": "Dr",
    "name": "Asha Deshpande",
    "qualifications": "MBBS, MD (Medicine)",
    "specialisations": ["internal_medicine"],
    "languages": ["en", "hi", "mr"],
    "registration": {"number": "2009/04/1234", "council": "Maharashtra Medical Council", "year": 2009},
    "fees": {"video": {"amount": 60000, "currency": "INR"}, "in_person": {"amount": 80000, "currency": "INR"}},
    "pay_at_visit": True,
    "consult_minutes": 20,
    "zone": "Asia/Kolkata",
    "rating_average": 4.7,
    "rating_count": 31,
}
FOUND_DOCTOR = {
    **DOCTOR,
    "next_video_at": "2026-01-15T11:30:00Z",
    "next_in_person_at": "2026-01-16T04:30:00Z",
    "places": [{**PLACE, "distance_km": 2.417}],
}
TERMS = {"notice_minutes": 60, "horizon_days": 60, "full_refund_hours": 24, "late_refund_percent": 50}
PUBLIC_DOCTOR = {**FOUND_DOCTOR, "about": "Physician with an interest in anaemia.", **TERMS}
PROFILE = {
    **DOCTOR,
    "status": "live",
    "reason": "",
    "about": "Physician with an interest in anaemia.",
    "buffer_before_minutes": 0,
    "buffer_after_minutes": 5,
    **TERMS,
    "approved_at": "2026-01-10T06:00:00Z",
    "created_at": "2026-01-09T11:00:00Z",
    "updated_at": "2026-01-10T06:00:00Z",
}
APPLICATION = {
    "title": "Dr",
    "name": "Asha Deshpande",
    "registration_number": "2009/04/1234",
    "council": "Maharashtra Medical Council",
    "registered_in": 2009,
    "qualifications": "MBBS, MD (Medicine)",
    "specialisations": ["internal_medicine"],
    "languages": ["en", "hi", "mr"],
    "video_fee": 60000,
    "in_person_fee": 80000,
    "consult_minutes": 20,
    "documents": DOCUMENTS,
}
HOURS_IN = {"weekday": 1, "begins": "09:30", "ends": "13:00", "kinds": ["video", "in_person"], "place": PLACE["id"]}
WEEK = {"zone": "Asia/Kolkata", "hours": [{**HOURS_IN, "valid_from": None, "valid_until": None}]}
EXCEPTION_IN = {
    "leave": True,
    "starts_at": "2026-01-26T00:00:00+05:30",
    "ends_at": "2026-01-27T00:00:00+05:30",
    "note": "Republic Day",
}
EXCEPTION = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da4",
    "leave": True,
    "starts_at": "2026-01-25T18:30:00Z",
    "ends_at": "2026-01-26T18:30:00Z",
    "kinds": [],
    "place": None,
    "note": "Republic Day",
}
SLOTS = {
    "zone": "Asia/Kolkata",
    "slots": [
        {
            "starts_at": "2026-01-19T09:30:00+05:30",
            "ends_at": "2026-01-19T09:50:00+05:30",
            "kind": "in_person",
            "place": PLACE["id"],
        }
    ],
    "empty_because": None,
    "next_free_at": None,
}
RATING = {"stars": 5, "comment": "Took the time to explain.", "created_at": "2026-01-20T08:15:00Z"}
