from __future__ import annotations

import json
from typing import Any, Final

from notifications.webhooks.catalogue import BY_NAME, TEST, message

AT: Final = "2026-11-21T10:05:00Z"
URL: Final = "https://hooks.city-hospital.example/jeevansetu"
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwcHJ1c2VyZXhhbXBsZQ=="  # noqa: S105 - an example
ENDPOINT: Final[dict[str, Any]] = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d01",
    "url": URL,
    "description": "Ward system",
    "event_types": ["order.*", "stock.low"],
    "status": "enabled",
    "disabled_reason": "",
    "disabled_at": None,
    "failing_since": None,
    "secret_rotated_at": AT,
    "old_secret_until": None,
    "created_at": AT,
    "updated_at": AT,
}
DELIVERY: Final[dict[str, Any]] = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d20",
    "message_id": "evt_4d1c0d6f2b6f5a1e8f0b7c2d9e3a4b5c",
    "type": "order.accepted",
    "status": "succeeded",
    "attempts_made": 1,
    "next_attempt_at": None,
    "last_status": 204,
    "last_error": "",
    "created_at": AT,
    "ended_at": "2026-11-21T10:05:01Z",
}
TEST_DELIVERY: Final[dict[str, Any]] = {
    **DELIVERY,
    "message_id": "test_01990b1e6c007a3b9d1e2f4a5b6c7d20",
    "type": TEST,
    "status": "pending",
    "attempts_made": 0,
    "next_attempt_at": AT,
    "last_status": None,
    "ended_at": None,
}
_MESSAGE: Final = message("order.accepted", at=AT, data=BY_NAME["order.accepted"].example)
TYPE: Final[dict[str, Any]] = {
    "type": "order.accepted",
    "family": "order",
    "meaning": BY_NAME["order.accepted"].meaning,
    "example": _MESSAGE,
}
DELIVERY_DETAIL: Final[dict[str, Any]] = {
    **DELIVERY,
    "body": json.dumps(_MESSAGE, separators=(",", ":")),
    "attempts": [
        {
            "number": 1,
            "started_at": AT,
            "duration_ms": 84,
            "http_status": 204,
            "error": "",
            "excerpt": "",
        }
    ],
}
