"""The messages in the schema, where OpenAPI 3.1 has a place for them: `webhooks`."""

from __future__ import annotations

from typing import Any, Final

from notifications.webhooks.api.examples import AT
from notifications.webhooks.catalogue import TEST, TEST_DATA, TEST_MEANING, TYPES, message

HEADERS: Final = {
    "webhook-id": "The message's id: the same at each attempt, so that a message that was taken is known again.",
    "webhook-timestamp": "When this attempt was made, in Unix seconds.",
    "webhook-signature": "`v1,` and base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`; several with blanks between.",
}


def document_webhooks(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Describe every message: a hook of the schema's generator."""
    described = [(one.name, one.meaning, one.example) for one in TYPES] + [(TEST, TEST_MEANING, TEST_DATA)]
    result["webhooks"] = {name: {"post": _operation(name, text, data)} for name, text, data in described}
    return result


def _operation(name: str, meaning: str, data: Any) -> dict[str, Any]:
    parameters = [
        {"in": "header", "name": header, "required": True, "schema": {"type": "string"}, "description": text}
        for header, text in HEADERS.items()
    ]
    shape = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "enum": [name]},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"type": "object", "additionalProperties": {}},
        },
    }
    example = message(name, at=AT, data=data)
    return {
        "summary": name,
        "description": meaning,
        "tags": ["Webhooks to partners"],
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/json": {"schema": shape, "example": example}}},
        "responses": {"2XX": {"description": "Taken. Anything else is tried again; 410 disables the endpoint."}},
    }
