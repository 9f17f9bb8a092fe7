from requests_app.models.families import (
    PURPOSE,
    AttenderEvent,
    AttenderRequest,
    AttenderRequestQuerySet,
    AttenderStep,
    purpose_of,
)
from requests_app.models.requests import Ask, Assignment, BloodRequest, RequestEvent, Standby, Wave

__all__ = [
    "PURPOSE",
    "Ask",
    "Assignment",
    "AttenderEvent",
    "AttenderRequest",
    "AttenderRequestQuerySet",
    "AttenderStep",
    "BloodRequest",
    "RequestEvent",
    "Standby",
    "Wave",
    "purpose_of",
]
