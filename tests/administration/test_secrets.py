"""No page of the administration shows what is sealed, or opens something; and nobody acts as somebody else there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver, reverse

from common.admin import EditableAdmin, ReadOnlyInline
from common.fields import EncryptedTextField
from tests.factories import make_user
from users.models import User

pytestmark = pytest.mark.django_db
TELLING = re.compile(r"password|token|secret|digest|sealed|fingerprint|(^|_)(key|code)$|^content$|^client_")
# Named like a secret, and none: what everybody may read.
PLAIN = {
    "appointments.analysis.input_tokens",  # how much a model has read
    "appointments.analysis.output_tokens",
    "appointments.observation.code",  # of the measurement (LOINC)
    "appointments.specialisation.code",
    "common.auditanchor.key",  # the public half, by which anybody verifies the mark
    "common.outboxevent.key",
    "notifications.delivery.error_code",
    "notifications.delivery.is_secret",
    "notifications.notification.dedupe_key",
    "notifications.webhookendpoint.old_secret_until",  # a moment
    "partners.partner.facility_code",
    "partners.partner.license_key",
    "payments.coupon.code",
    "payments.invoice.code",
    "payments.payout.key",
    "payments.plan.code",
    "payments.refund.key",
    "users.deferral.code",
    "users.eligibilityrule.code",
}
PAGES = sorted(admin.site._registry.values(), key=lambda page: page.opts.label)


def looked_at() -> Any:
    request: Any = RequestFactory().get("/")
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    return request


def shown_by(page: Any) -> Iterator[str]:
    """Yield every column that the list, the page of a row, and what belongs to it, show; as `app.model.column`."""
    request = looked_at()
    named = {*page.get_list_display(request), *flatten_fieldsets(page.get_fieldsets(request, page.model()))}
    yield from (f"{page.opts.label_lower}.{name}" for name in named if isinstance(name, str))
    for inline in page.get_inline_instances(request, page.model()):
        shown = flatten_fieldsets(inline.get_fieldsets(request, page.model()))
        yield from (f"{inline.opts.label_lower}.{name}" for name in shown)


def inlines_of(page: Any) -> list[Any]:
    return list(page.get_inline_instances(looked_at()))


def sealed_columns() -> set[str]:
    """Return every sealed column there is, shown or not."""
    return {
        f"{model._meta.label_lower}.{column.name}"
        for model in apps.get_models()
        for column in model._meta.get_fields()
        if isinstance(column, EncryptedTextField)
    }


def test_no_page_shows_a_sealed_column_or_one_named_like_a_secret() -> None:
    shown = {column for page in PAGES for column in shown_by(page)}

    telling = {column for column in shown if TELLING.search(column.rpartition(".")[2])}

    assert telling <= PLAIN
    assert shown & sealed_columns() == set()
    assert len(sealed_columns()) > 10
    assert len(shown) > 400


def test_every_page_is_built_from_the_products_own_bases() -> None:
    others = [page for page in PAGES if not isinstance(page, EditableAdmin)]
    inlines = [one for page in PAGES for one in inlines_of(page) if not isinstance(one, ReadOnlyInline)]

    assert others == []
    assert inlines == []


def test_whoever_looks_at_an_account_finds_no_password_in_it(site: Client) -> None:
    user = make_user()
    user.set_password("seven quiet tamarinds")
    user.save()

    shown = site.get(reverse("admin:users_user_change", args=[user.pk])).content.decode()

    assert user.phone in shown
    assert user.password not in shown


def test_nobody_acts_as_somebody_else() -> None:
    def addresses(resolver: URLResolver) -> Iterator[str]:
        for one in resolver.url_patterns:
            yield str(one.pattern)
            yield from addresses(one) if isinstance(one, URLResolver) else ()

    found = [address for address in addresses(get_resolver()) if re.search("impersonat|hijack|su/|login.as", address)]

    assert found == []


def test_every_page_keeps_other_hosts_out(site: Client) -> None:
    pages = [reverse("admin:index"), reverse("admin:users_user_changelist"), reverse("admin:login")]

    policies = [site.get(page)["Content-Security-Policy"] for page in pages]

    assert all("default-src 'self'" in policy and "http" not in policy for policy in policies)
