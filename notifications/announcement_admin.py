"""Announcements and the money for messages, for administrators: written in forms, moved by the services alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from common.admin import EditableAdmin, ReadOnlyAdmin, ReadOnlyInline
from common.blood import BloodGroup
from common.errors import DomainError
from common.money import MINOR_DIGITS, Currency, Money, in_words
from notifications import selectors
from notifications.models import Announcement, AnnouncementEvent, ChannelSpend, ChannelTerms
from notifications.services import announcing, budgeting
from notifications.states import ANNOUNCEMENT_TRANSITIONS, CHOSEN_CHANNELS, AnnouncementStatus, Channel
from notifications.templates import languages

STEPS: Final[dict[str, Callable[..., Announcement]]] = {
    "schedule": announcing.schedule,
    "withdraw": announcing.withdraw,
    "pause": announcing.pause,
    "resume": announcing.resume,
    "cancel": announcing.cancel,
}
ENDS: Final = ("withdraw", "cancel")  # what takes back: drawn as a refusal


class AnnouncementForm(forms.ModelForm):
    channels = forms.MultipleChoiceField(
        choices=[(str(channel), str(channel)) for channel in CHOSEN_CHANNELS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        required=False,
        help_text="Beside the inbox of the app, which has it in any case.",
    )
    blood_groups = forms.MultipleChoiceField(
        choices=[(str(group), str(group)) for group in BloodGroup],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        required=False,
        help_text="Of donors; none: every group.",
    )
    language = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Announcement
        fields = sorted(announcing.WRITTEN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "language" in self.fields:
            known = [(language, language) for language in sorted(languages())]
            self.fields["language"].choices = [("", "all"), *known]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        place = [values.get(name) is not None for name in ("lat", "lng", "radius_km")]
        if any(place) and not all(place):
            raise forms.ValidationError("Give latitude, longitude and radius, or none of them.")
        for language in ("hi", "bn"):
            if bool(values.get(f"title_{language}")) != bool(values.get(f"body_{language}")):
                self.add_error(f"body_{language}", "Give title and text in a language, or neither: English stands in.")
        return values


class AnnouncementEventInline(ReadOnlyInline):
    model = AnnouncementEvent
    fields = ("created_at", "verb", "actor", "facts")
    ordering = ("-pk",)
    show_change_link = False


@admin.register(Announcement)
class AnnouncementAdmin(EditableAdmin):
    """A draft may be written anew; what was sent off is moved on its own page."""

    form = AnnouncementForm
    list_display = ("title_en", "status", "audience", "where", "progress", "starts_at", "valid_until", "sending")
    list_filter = ("status", "audience")
    ordering = ("-pk",)
    inlines = (AnnouncementEventInline,)
    fieldsets = (
        ("Words", {"fields": ("title_en", "body_en", "title_hi", "body_hi", "title_bn", "body_bn")}),
        ("Audience", {"fields": ("audience", "city", "state", "lat", "lng", "radius_km", "blood_groups", "language")}),
        ("Sending", {"fields": ("channels", "starts_at", "valid_until", "sending")}),
    )
    readonly_fields = ("sending",)

    def has_change_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        is_open = obj is None or obj.status == AnnouncementStatus.DRAFT
        return is_open and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Announcement, form: forms.ModelForm, change: bool) -> None:  # noqa: FBT001 - Django's signature
        known = obj.pk if change else None
        try:
            written = announcing.write(
                announcement_id=known, admin_id=self._admin_id(request), values=form.cleaned_data
            )
        except DomainError as exc:  # sent off while the form was open
            raise PermissionDenied(exc.message) from exc
        obj.pk = written.pk
        obj._state.adding = False  # noqa: SLF001 - the service has saved it

    def response_add(
        self, request: HttpRequest, obj: Announcement, post_url_continue: str | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(desk_of(obj))

    def get_urls(self) -> list[Any]:
        desk = path(
            "<uuid:announcement_id>/sending/",
            self.admin_site.admin_view(self.desk),
            name="notifications_announcement_sending",
        )
        return [desk, *super().get_urls()]

    def desk(self, request: HttpRequest, announcement_id: uuid.UUID) -> HttpResponse:
        """The estimate before, the progress after, and the steps that are open."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = get_object_or_404(Announcement, pk=announcement_id)
        if request.method == "POST":
            if not request.user.has_perm("notifications.change_announcement"):
                raise PermissionDenied
            self._step(request, row)
            return HttpResponseRedirect(desk_of(row))
        is_draft = row.state_now is AnnouncementStatus.DRAFT
        estimate = announcing.estimate(row) if is_draft else None
        parts = estimate.by_channel.items() if estimate else ()
        context = {
            **self.admin_site.each_context(request),
            "title": row.title_en,
            "row": row,
            "estimate": estimate,
            "costs": [(channel, part, in_words(part.cost) if part.cost else "") for channel, part in parts],
            "progress": None if is_draft else selectors.progress_of(row),
            "ends": ENDS,
            "steps": sorted(verb for state, verb in ANNOUNCEMENT_TRANSITIONS if state == row.status and verb in STEPS),
            "texts": sorted(announcing.texts_of(row).items()),
            "events": row.events.order_by("-pk"),
        }
        return TemplateResponse(request, "admin/announcement.html", context)

    def _step(self, request: HttpRequest, row: Announcement) -> None:
        verb, typed = request.POST.get("step", ""), request.POST.get("typed_count", "").strip()
        values = {"typed_count": int(typed) if typed.isdecimal() else None} if verb == "schedule" else {}
        if verb not in STEPS:
            self.message_user(request, "There is no such step.", messages.ERROR)
            return
        try:
            STEPS[verb](announcement_id=row.pk, admin_id=self._admin_id(request), **values)
        except DomainError as exc:
            facts = ", ".join(f"{name}: {value}" for name, value in exc.facts.items())
            self.message_user(request, f"{exc.message} {facts}".strip(), messages.ERROR)
        else:
            self.message_user(request, "Done.", messages.SUCCESS)

    def _admin_id(self, request: HttpRequest) -> uuid.UUID:
        return uuid.UUID(str(request.user.pk))

    @admin.display(description="where")
    def where(self, row: Announcement) -> str:
        around = f"{row.radius_km} km" if row.radius_km else ""
        return ", ".join(filter(None, (row.city, row.state, around, "/".join(row.blood_groups), row.language)))

    @admin.display(description="told")
    def progress(self, row: Announcement) -> str:
        return f"{row.people_done:,} / {row.people_total:,}" if row.people_total else ""

    @admin.display(description="sending")
    def sending(self, row: Announcement) -> SafeString | str:
        if row._state.adding:  # noqa: SLF001 - nothing is there to be sent yet
            return "Save it first: then you see whom it reaches, and for how much."
        return format_html('<a href="{}">Estimate and sending</a>', desk_of(row))


def desk_of(row: Announcement) -> str:
    return reverse("admin:notifications_announcement_sending", args=[row.pk])


class TermsForm(forms.ModelForm):
    channel = forms.ChoiceField(
        choices=[(str(channel), str(channel)) for channel in Channel], widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = ChannelTerms
        fields = ("channel", "price_minor", "daily_limit_minor", "currency", "reason")


@admin.register(ChannelTerms)
class ChannelTermsAdmin(EditableAdmin):
    """Prices and limits: the newest row of a channel holds, the others are its history."""

    names = ("price and limit", "prices and limits")
    form = TermsForm
    list_display = ("channel", "price", "limit", "reason", "set_by", "created_at")
    list_filter = ("channel",)
    list_select_related = ("set_by",)
    ordering = ("channel", "-pk")

    def has_change_permission(self, request: HttpRequest, obj: ChannelTerms | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ChannelTerms, form: forms.ModelForm, change: bool) -> None:  # noqa: FBT001 - Django's signature
        values = form.cleaned_data
        written = budgeting.set_terms(
            channel=Channel(values["channel"]),
            price_minor=values["price_minor"],
            daily_limit_minor=values["daily_limit_minor"],
            currency=Currency(values["currency"]),
            reason=values["reason"],
            admin_id=uuid.UUID(str(request.user.pk)),
        )
        obj.pk = written.pk

    @admin.display(description="price", ordering="price_minor")
    def price(self, row: ChannelTerms) -> str:
        return in_words(Money(row.price_minor, Currency(row.currency)))

    @admin.display(description="a day at most")
    def limit(self, row: ChannelTerms) -> str:
        if row.daily_limit_minor is None:
            return "no limit"
        return in_words(Money(row.daily_limit_minor, Currency(row.currency)))


@admin.register(ChannelSpend)
class ChannelSpendAdmin(ReadOnlyAdmin):
    """What each day of each channel has cost so far, and how often a message had to wait."""

    names = ("day's spending", "spending by channel")
    list_display = ("day", "channel", "spent", "messages", "held", "told_at")
    list_filter = ("channel", "day")
    ordering = ("-day", "channel")

    @admin.display(description="spent", ordering="spent_minor")
    def spent(self, row: ChannelSpend) -> str:
        return f"{Decimal(row.spent_minor).scaleb(-MINOR_DIGITS):,.{MINOR_DIGITS}f}"  # in the currency of the prices
