"""The closed sets of the audit log."""

from __future__ import annotations

from enum import StrEnum


class ActorKind(StrEnum):
    """As what somebody acts. «nobody» has not signed in (yet); «system» is the product itself."""

    PERSON = "person"
    MEMBER = "member"
    API_KEY = "api_key"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"
    NOBODY = "nobody"


class AuditRealm(StrEnum):
    """Where the deed came in."""

    USER = "user"
    PARTNER = "partner"
    ADMIN = "admin"
    SYSTEM = "system"


class Deed(StrEnum):
    """What kind of thing an entry records."""

    WRITE = "write"
    READ = "read"
    REFUSED = "refused"
