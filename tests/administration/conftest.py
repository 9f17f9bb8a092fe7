from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client

from tests.factories import make_user


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """No test finds what another has counted."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def site() -> Client:
    """A browser signed in as an administrator who may do everything."""
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def clerk() -> Callable[..., Client]:
    """Browsers of administrators who may do what is named, as in `partners.view_partner`, and no more."""

    def signed_in(*permissions: str) -> Client:
        user = make_user(is_staff=True)
        user.user_permissions.set(
            Permission.objects.get(content_type__app_label=app, codename=name)
            for app, name in (one.split(".") for one in permissions)
        )
        client = Client()
        client.force_login(user)
        return client

    return signed_in
