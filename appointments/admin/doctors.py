"""Doctors for administrators; what changes a doctor's state goes through the services."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from appointments.models import (
    Doctor,
    DoctorEvent,
    DoctorRating,
    Place,
    Specialisation,
    TimeException,
    WeeklyHours,
)
from appointments.selectors.doctors import application_of
from appointments.services import rating
from appointments.services.approving import approve_doctor, reinstate_doctor, reject_doctor, suspend_doctor
from common.admin import ActionForm, EditableAdmin, ReadOnlyAdmin, ReadOnlyInline, words_box
from common.errors import DomainError
from users.selectors import documents_of
from users.services import documents

Verb = Callable[..., Doctor]


def actor_of(request: HttpRequest) -> str:
    return f"admin:{request.user.pk}"


class ReasonForm(ActionForm):
    """The box beside the actions; a refusal or a suspension needs a reason, which the doctor reads."""

    reason = words_box("Reason", max_length=300)


class DoctorEventInline(ReadOnlyInline):
    model = DoctorEvent
    fields = ("created_at", "verb", "actor", "facts")
    ordering = ("-pk",)
    show_change_link = False


class PlaceInline(ReadOnlyInline):
    model = Place
    fields = ("name", "address", "city", "ended_at")
    ordering = ("pk",)
    show_change_link = False


class WeeklyHoursInline(ReadOnlyInline):
    model = WeeklyHours
    verbose_name_plural = "Weekly hours"
    fields = ("weekday", "from_minute", "to_minute", "kinds", "place", "valid_from", "valid_until")
    ordering = ("weekday", "from_minute")
    show_change_link = False


class TimeExceptionInline(ReadOnlyInline):
    model = TimeException
    fields = ("starts_at", "ends_at", "is_leave", "kinds", "place")
    ordering = ("-ends_at",)
    show_change_link = False


@admin.register(Doctor)
class DoctorAdmin(ReadOnlyAdmin):
    """Registrations: compare one with the council's register and the documents, then decide."""

    list_display = ("name", "status", "registration_number", "council", "registered_in", "created_at", "approved_at")
    list_filter = ("status", "council")
    search_fields = ("name", "registration_number", "council", "=user__phone")
    ordering = ("-pk",)
    action_form = ReasonForm
    actions = ("approve", "reject", "suspend", "reinstate")
    inlines = (DoctorEventInline, PlaceInline, WeeklyHoursInline, TimeExceptionInline)
    readonly_fields = ("what_was_given",)
    exclude = ("search_text",)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Doctors are changed by actions alone, by those who may change them."""
        return request.user.has_perm("appointments.change_doctor")

    @admin.display(description="Documents, by links that end in five minutes")
    def what_was_given(self, doctor: Doctor) -> SafeString | str:
        purpose = application_of(doctor.pk)
        rows = [
            (documents.link_to(document_id=card.id, purpose=purpose).url, card.name, card.kind)
            for card in documents_of(purpose)
        ]
        return format_html_join("", '<p><a href="{}">{}</a> ({})</p>', rows) or "Nothing is there."

    @admin.action(description="Approve", permissions=["decide"])
    def approve(self, request: HttpRequest, chosen: QuerySet[Doctor]) -> None:
        self._each(request, chosen, approve_doctor, "approved")

    @admin.action(description="Reject (with a reason)", permissions=["decide"])
    def reject(self, request: HttpRequest, chosen: QuerySet[Doctor]) -> None:
        self._each(request, chosen, reject_doctor, "rejected", needs_reason=True)

    @admin.action(description="Suspend (with a reason)", permissions=["decide"])
    def suspend(self, request: HttpRequest, chosen: QuerySet[Doctor]) -> None:
        self._each(request, chosen, suspend_doctor, "suspended", needs_reason=True)

    @admin.action(description="Reinstate", permissions=["decide"])
    def reinstate(self, request: HttpRequest, chosen: QuerySet[Doctor]) -> None:
        self._each(request, chosen, reinstate_doctor, "reinstated")

    def _each(
        self, request: HttpRequest, chosen: QuerySet[Doctor], verb: Verb, done: str, *, needs_reason: bool = False
    ) -> None:
        """Apply the verb to each doctor by itself; one that refuses does not hold up the others."""
        reason = request.POST.get("reason", "").strip()
        if needs_reason and not reason:
            self.message_user(request, "Give a reason.", messages.ERROR)
            return
        for doctor in chosen:
            try:
                verb(doctor_id=doctor.pk, actor=actor_of(request), reason=reason)
            except DomainError as exc:
                self.message_user(request, f"{doctor}: {exc.message} ({exc.facts})", messages.ERROR)
            else:
                self.message_user(request, f"{doctor}: {done}.", messages.SUCCESS)


@admin.register(Specialisation)
class SpecialisationAdmin(EditableAdmin):
    """What patients search by: an administrator adds one; the code of one that is used stays."""

    list_display = ("code", "name", "name_hi", "name_bn", "snomed")
    search_fields = ("code", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Specialisation | None = None) -> tuple[str, ...]:
        return () if obj is None else ("code",)


@admin.register(DoctorRating)
class DoctorRatingAdmin(ReadOnlyAdmin):
    """Ratings; words that nobody should read are deleted, the stars count on."""

    list_display = ("created_at", "doctor", "stars", "comment")
    list_filter = ("stars",)
    list_select_related = ("doctor",)
    search_fields = ("doctor__name", "comment")
    ordering = ("-pk",)
    actions = ("hide_words",)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("appointments.change_doctorrating")

    @admin.action(description="Delete the words", permissions=["decide"])
    def hide_words(self, request: HttpRequest, chosen: QuerySet[DoctorRating]) -> None:
        for row in chosen:
            rating.hide_words(rating_id=row.pk)
        self.message_user(request, f"{len(chosen)} comments deleted.", messages.SUCCESS)
