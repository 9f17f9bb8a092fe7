"""What the administration is built from: most of it shows, little of it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import ActionForm

from common.figures import Scope, figures_of
from common.money import Currency, Money, in_words

__all__ = ["BOX", "ActionForm", "EditableAdmin", "ReadOnlyAdmin", "ReadOnlyInline", "money_column", "words_box"]

# How a box beside the actions looks: they stand on a coloured bar.
BOX: Final = {"class": "bg-white font-medium px-2 py-1 rounded-default text-base-700 text-sm w-64"}


class FigureFilter(admin.ListFilter):
    """Narrows a list to the rows that a figure of the dashboard counts, by the same rule, period and city."""

    title = "counted on the dashboard"
    NAMES: Final = ("figure", "from", "to", "city")

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.given: dict[str, str] = {name: params.pop(name)[-1] for name in self.NAMES if name in params}
        self.used_parameters.update(self.given)
        self.counted = figures_of(model._meta.label_lower)
        self.scope = Scope.read(self.given, zone=timezone.get_current_timezone_name())

    def has_output(self) -> bool:
        return bool(self.counted)

    def expected_parameters(self) -> list[str | None]:
        return list(self.NAMES)

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """Return all, and each figure of the period that is looked at."""
        chosen = self.given.get("figure")
        away = changelist.get_query_string(remove=list(self.NAMES))
        yield {"selected": chosen not in self.counted, "query_string": away, "display": "All"}
        for part, one in self.counted.items():
            link = changelist.get_query_string({**self.scope.query(), "figure": part})
            yield {"selected": chosen == part, "query_string": link, "display": one.label(part)}

    def said(self) -> str:
        """Return what is shown, for the head of the list; nothing where no figure narrows it."""
        part = self.given.get("figure", "")
        if part not in self.counted:
            return ""
        days = f"{date_format(self.scope.first)} to {date_format(self.scope.last)}"
        return f"{capfirst(self.counted[part].label(part))}; {days}, {self.scope.city or 'every city'}"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the figure's rows."""
        part = self.given.get("figure", "")
        if part not in self.counted:
            return queryset
        return queryset.filter(pk__in=self.counted[part].rows_of(part, self.scope).order_by().values("pk"))


class EditableAdmin(ModelAdmin):
    """Rows that administrators change by hand. None is deleted by hand: what was decided stays explicable."""

    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    list_before_template = "admin/parts/figure.html"
    warn_unsaved_form = True
    names: tuple[str, str] | None = None  # of one row and of several, where those of the table do not read well

    def __init__(self, model: type[Model], admin_site: Any) -> None:
        super().__init__(model, admin_site)
        if self.names:  # words for people who work here: no matter for a migration
            model._meta.verbose_name, model._meta.verbose_name_plural = self.names

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Return the filters, and that of the dashboard's figures where the table has some."""
        own = super().get_list_filter(request)
        return (FigureFilter, *own) if figures_of(self.opts.label_lower) else own

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(EditableAdmin):
    """Rows that only the product's services write: shown whole, changed by actions alone."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """The rows that belong to one, in order, for reading."""

    extra = 0
    can_delete = False
    hide_title = True  # the row says it
    show_change_link = True
    list_select_related: tuple[str, ...] = ()  # beside what the columns refer to, which comes by itself

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with what they refer to, in one query."""
        links = {field.name for field in self.opts.concrete_fields if field.is_relation}
        shown = [*links.intersection(flatten(self.fields or ())), *self.list_select_related]
        rows = super().get_queryset(request)
        return rows.select_related(*shown) if shown else rows

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return every column that is shown: what the form could not edit at all may be read as well."""
        return tuple(flatten(self.fields or ()))


def words_box(label: str, *, max_length: int, lines: int = 1) -> forms.CharField:
    """Return a box beside the actions of a list, for a reason or other words; the action says if it may stay empty."""
    widget = forms.TextInput(attrs=BOX) if lines == 1 else forms.Textarea(attrs={**BOX, "rows": lines})
    return forms.CharField(required=False, max_length=max_length, label=label, widget=widget)


def money_column(
    amount: str = "amount_minor", currency: str = "currency", *, called: str = "amount"
) -> Callable[[Any], str]:
    """Return a column of a list that shows minor units as people write them, as in «₹1,250.00»."""

    @admin.display(description=called, ordering=amount)
    def shown(row: Any) -> str:
        minor = getattr(row, amount)
        return "" if minor is None else in_words(Money(minor, Currency(getattr(row, currency))))

    return shown
