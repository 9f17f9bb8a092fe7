"""What the administration is built from: most of it shows, little of it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.http import HttpRequest

from common.money import Currency, Money, in_words


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only the product's services write: shown whole, changed by actions alone."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """The rows that belong to one, in order, for reading."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return every column that is shown: what the form could not edit at all may be read as well."""
        return tuple(flatten(self.fields or ()))


def money_column(amount: str = "amount_minor", currency: str = "currency") -> Callable[[Any], str]:
    """Return a column of a list that shows minor units as people write them, as in «₹1,250.00»."""

    @admin.display(description="amount", ordering=amount)
    def shown(row: Any) -> str:
        return in_words(Money(getattr(row, amount), Currency(getattr(row, currency))))

    return shown
