"""What conversations look like in the schema."""

from __future__ import annotations

from typing import Any

ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7e01"
CLIENT_ID = "5b0c7c1e-2f8e-4c55-9d0b-0f6a3f1f2a11"
TEXT = {"client_id": CLIENT_ID, "text": "I am at the gate. My number is 98765 43210."}
MESSAGE: dict[str, Any] = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7e02",
    "number": 2,
    "kind": "text",
    "author": "donor",
    "ours": True,
    "client_id": CLIENT_ID,
    "text": "I am at the gate. My number is ••••••.",
    "code": "",
    "masked": True,
    "deleted": False,
    "file": None,
    "way": None,
    "about_at": None,
    "created_at": "2026-01-15T11:20:00Z",
}
FILE = {
    **MESSAGE,
    "kind": "file",
    "text": "",
    "masked": False,
    "file": {"name": "requisition.pdf", "content_type": "application/pdf", "size": 182044},
}
CONVERSATION = {
    "id": ID,
    "subject_kind": "assignment",
    "subject": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d94",
    "status": "open",
    "role": "donor",
    "other": {"role": "centre", "name": "Sahyadri Blood Bank", "read_up_to": 1},
    "unread": 0,
    "read_up_to": 0,
    "last_number": 2,
    "last_message": MESSAGE,
    "masks": True,
    "opened_at": "2026-01-15T11:05:00Z",
    "closes_at": None,
    "active_at": "2026-01-15T11:20:00Z",
}
QUICK_REPLIES = [
    {"code": "on_my_way", "text": "I am on my way."},
    {"code": "delayed", "text": "I will be late."},
]
REPORT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7e03",
    "status": "open",
    "reason": "money",
    "created_at": "2026-01-15T11:25:00Z",
}
LINK = {"url": "https://api.jeevansetu.example/files/AZkLHmwAejudHi9KW2x9oQ", "expires_at": "2026-01-15T11:25:00Z"}
