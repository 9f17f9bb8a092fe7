"""Whoever looks at the administration."""

from __future__ import annotations

from django.test import Client

from users.models import User


def superuser() -> User:
    return User.objects.create_superuser(phone="+919876543210", password="seven quiet tamarinds", name="Meera")


def session_of(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {name: morsel.value for name, morsel in client.cookies.items()}
