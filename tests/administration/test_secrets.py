"""No page of the administration shows what is sealed, or opens something; and nobody acts as somebody else there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver, reverse

from common.admin import EditableAdmin, ReadOnlyInline
from common.fields import EncryptedTextField
from tests.factories import make_user

pytestmark = pytest.mark.django_db
TELLING = re.compile(r"password|token|secret|digest|sealed|fingerprint|(^|_)(key|code)$|^content$|^client_")
# Named like a secret, and none: what everybody may read.
PLAIN = {
    "appointments.analysis.input_tokens",  # how much a model has read
    "appointments.analysis.output_tokens",
    "appointments.observation.code",  # of the measurement (LOINC)
    "appointments.specialisation.code",
    "common.outboxevent.key",
    "notifications.delivery.error_code",
    "notifications.delivery.is_secret",
    "notifications.notification.dedupe_key",
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


def shown_by(page: Any) -> Iterator[str]:
    """Yield every column that the list, the page of a row, and what belongs to it, show; as `app.model.column`."""
    request: Any = RequestFactory().get("/")
    request.user = make_user(is_staff=True, is_superuser=True)
    named = {*page.get_list_display(request), *flatten_fieldsets(page.get_fieldsets(request, page.model()))}
    yield from (f"{page.opts.label_lower}.{name}" for name in named if isinstance(name, str))
    for inline in page.get_inline_instances(request, page.model()):
        shown = flatten_fieldsets(inline.get_fieldsets(request, page.model()))
        yield from (f"{inline.opts.label_lower}.{name}" for name in shown)


def is_sealed(column: str) -> bool:
    app, model, name = column.split(".")
    table = next(page.model for page in every_table() if page.model._meta.label_lower == f"{app}.{model}")
    try:
        return isinstance(table._meta.get_field(name), EncryptedTextField)
    except FieldDoesNotExist:  # a column that the page computes
        return False


def every_table() -> list[Any]:
    request: Any = RequestFactory().get("/")
    request.user = make_user(is_staff=True, is_superuser=True)
    return [*PAGES, *(inline for page in PAGES for inline in page.get_inline_instances(request))]


def test_no_page_shows_a_sealed_column_or_one_named_like_a_secret() -> None:
    shown = {column for page in PAGES for column in shown_by(page)}

    telling = {column for column in shown if TELLING.search(column.rpartition(".")[2])}

    assert telling <= PLAIN
    assert [column for column in shown if is_sealed(column)] == []
    assert len(shown) > 400


def test_every_page_is_built_from_the_products_own_bases() -> None:
    others = [page for page in PAGES if not isinstance(page, EditableAdmin)]
    inlines = [inline for inline in every_table() if not isinstance(inline, EditableAdmin | ReadOnlyInline)]

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
