"""What may be read of people, and how they are reached."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When

from common.errors import NotFound
from users.models import User


@dataclass(frozen=True)
class Contact:
    """How a person is reached; `email` is empty unless it is verified and takes mails."""

    id: uuid.UUID
    name: str
    phone: str
    language: str
    zone: str
    email: str = ""


def contacts(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Contact]:
    """Return how the active people among these are reached; one query."""
    rows = User.objects.filter(pk__in=list(user_ids), is_active=True)
    values = rows.values_list("pk", "name", "phone", "language", "zone", usable_email())
    return {row[0]: Contact(*row) for row in values}


def usable_email() -> Case:
    """Return the expression for a person's e-mail address: empty unless it is verified and takes mails."""
    is_usable = Q(email_verified_at__isnull=False, email_refused_at=None)
    return Case(When(is_usable, then="email"), default=Value(""))


def account_emails(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the addresses that these active people have given, verified or not."""
    return dict(User.objects.filter(pk__in=list(user_ids), is_active=True).values_list("pk", "email"))


def get_user(user_id: uuid.UUID) -> User:
    """Raises: NotFound."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user


def find_person(key: uuid.UUID | str) -> User | None:
    """Return the person with this id or public id, unless forgotten."""
    wanted = {"pk": key} if isinstance(key, uuid.UUID) else {"public_id": key}
    return User.objects.filter(erased_at=None, **wanted).first()


def people_among(ids: QuerySet[Any]) -> QuerySet[User]:
    """Return the people whose ids these are, but those who were forgotten."""
    return User.objects.filter(pk__in=ids, erased_at=None)


def administrators() -> list[uuid.UUID]:
    """Return the people who administer the product."""
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("pk").values_list("pk", flat=True))


def erased_before(moment: dt.datetime, *, after: uuid.UUID | None, limit: int) -> list[uuid.UUID]:
    """Return the next people who were forgotten before the moment, in the order of their ids."""
    gone = User.objects.filter(erased_at__lt=moment)
    if after is not None:
        gone = gone.filter(pk__gt=after)
    return list(gone.order_by("pk").values_list("pk", flat=True)[:limit])
