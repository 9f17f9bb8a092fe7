"""Partners and their members for administrators; what changes a partner's state goes through the services."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.admin import ActionForm, EditableAdmin, ReadOnlyAdmin, ReadOnlyInline, words_box
from common.errors import DomainError
from partners.models import (
    ApiKey,
    Complaint,
    ComplaintEvent,
    Contract,
    ContractCharge,
    DeliveryBand,
    Member,
    Partner,
    PartnerEvent,
    PriceList,
    ProcessingCharge,
)
from partners.services import complaints
from partners.services.approval import approve_partner, reinstate_partner, reject_partner, suspend_partner

Verb = Callable[..., Partner]


def actor_of(request: HttpRequest) -> str:
    return f"admin {request.user.pk}"


class ReasonForm(ActionForm):
    """The box beside the actions; a refusal or a suspension needs a reason."""

    reason = words_box("Reason", max_length=500)


class PartnerEventInline(ReadOnlyInline):
    model = PartnerEvent
    fields = ("created_at", "verb", "actor", "reason")
    ordering = ("-pk",)
    show_change_link = False


class MemberInline(ReadOnlyInline):
    model = Member
    fields = ("name", "phone", "role", "language", "is_active", "is_system", "created_at")
    ordering = ("pk",)


class FlaggedFilter(admin.SimpleListFilter):
    """Many complaints ask for a review; nothing else follows from them."""

    title = "review"
    parameter_name = "flagged"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", "asked for by complaints")]

    def queryset(self, request: HttpRequest, rows: QuerySet[Partner]) -> QuerySet[Partner]:
        return rows.filter(flagged_at__isnull=False) if self.value() == "yes" else rows


@admin.register(Partner)
class PartnerAdmin(EditableAdmin):
    list_display = ("name", "city", "state", "kind", "status", "license_number", "flagged_at", "created_at")
    list_filter = (FlaggedFilter, "status", "kind", "in_directory", "category", "state")
    search_fields = ("name", "city", "license_number", "license_key", "phone")
    ordering = ("-pk",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    action_form = ReasonForm
    actions = ("approve", "reject", "suspend", "reinstate", "reviewed")
    inlines = (MemberInline, PartnerEventInline)
    readonly_fields = (
        *("status", "license_number", "license_key", "in_directory", "listing_and_claim"),
        *("flagged_at", "created_at", "updated_at"),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "status",
                    "kind",
                    "category",
                    "license_number",
                    "license_key",
                    "facility_code",
                )
            },
        ),
        ("Claim", {"fields": ("listing_and_claim",)}),
        ("Contact", {"fields": ("phone", "email", "website", "service_hours")}),
        ("Place", {"fields": ("address", "city", "district", "state", "pincode", "lat", "lng", "zone")}),
        ("Services", {"fields": ("has_components", "has_apheresis")}),
        ("Origin", {"fields": ("in_directory", "flagged_at", "created_at", "updated_at")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Partners register themselves or come from the directory."""
        return False

    def save_model(self, request: HttpRequest, obj: Partner, form: forms.ModelForm, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Write the fields that were changed, so that a state that moved on meanwhile stays."""
        obj.save(update_fields=[*form.changed_data, "updated_at"])

    @admin.display(description="Listing and claim, side by side")
    def listing_and_claim(self, partner: Partner) -> SafeString | str:
        if partner.claimed_profile is None:
            return "Nothing waits."
        rows = [(name, getattr(partner, name), said) for name, said in partner.claimed_profile.items()]
        body = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows)
        return format_html("<table><tr><th></th><th>Listed</th><th>Claimed</th></tr>{}</table>", body)

    @admin.action(description="Approve", permissions=["change"])
    def approve(self, request: HttpRequest, chosen: QuerySet[Partner]) -> None:
        self._each(request, chosen, approve_partner, "approved")

    @admin.action(description="Reject (with a reason)", permissions=["change"])
    def reject(self, request: HttpRequest, chosen: QuerySet[Partner]) -> None:
        self._each(request, chosen, reject_partner, "rejected", needs_reason=True)

    @admin.action(description="Suspend (with a reason)", permissions=["change"])
    def suspend(self, request: HttpRequest, chosen: QuerySet[Partner]) -> None:
        self._each(request, chosen, suspend_partner, "suspended", needs_reason=True)

    @admin.action(description="Reinstate", permissions=["change"])
    def reinstate(self, request: HttpRequest, chosen: QuerySet[Partner]) -> None:
        self._each(request, chosen, reinstate_partner, "reinstated")

    @admin.action(description="Reviewed: the complaints ask for nothing more", permissions=["change"])
    def reviewed(self, request: HttpRequest, chosen: QuerySet[Partner]) -> None:
        for partner in chosen:
            complaints.unflag(partner_id=partner.pk, actor=actor_of(request))
        self.message_user(request, f"{len(chosen)} partners reviewed.", messages.SUCCESS)

    def _each(
        self,
        request: HttpRequest,
        chosen: QuerySet[Partner],
        verb: Verb,
        done: str,
        *,
        needs_reason: bool = False,
    ) -> None:
        """Apply the verb to each partner by itself; one that refuses does not hold up the others."""
        reason = request.POST.get("reason", "").strip()
        if needs_reason and not reason:
            self.message_user(request, "Give a reason.", messages.ERROR)
            return
        for partner in chosen:
            try:
                verb(partner_id=partner.pk, actor=actor_of(request), reason=reason)
            except DomainError as exc:
                self.message_user(request, f"{partner}: {exc.message} ({_facts(exc)})", messages.ERROR)
            else:
                self.message_user(request, f"{partner}: {done}.", messages.SUCCESS)


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ("name", "partner", "role", "phone", "is_active", "created_at")
    list_filter = ("role", "is_active", "partner__status")
    list_select_related = ("partner",)
    search_fields = ("name", "phone", "partner__name")
    ordering = ("-pk",)
    fields = readonly_fields = ("name", "partner", "role", "phone", "language", "is_active", "created_at")


class CaseForm(ActionForm):
    """The box beside the actions, for what is noted or answered."""

    words = words_box("Words", max_length=4000, lines=2)


class ComplaintEventInline(ReadOnlyInline):
    model = ComplaintEvent
    fields = ("created_at", "verb", "actor", "text")
    ordering = ("-pk",)
    show_change_link = False


@admin.register(Complaint)
class ComplaintAdmin(ReadOnlyAdmin):
    """Cases: take one, note what is for colleagues, answer whoever complained, then resolve or dismiss."""

    list_display = ("created_at", "status", "category", "about_partner", "about_person", "taken_by", "answered_at")
    list_filter = ("status", "category", "created_at")
    search_fields = ("=id", "about_partner__name", "by_partner__name", "by_person__public_id")
    list_select_related = ("about_partner", "about_person", "taken_by")
    ordering = ("-pk",)
    inlines = (ComplaintEventInline,)
    action_form = CaseForm
    actions = ("take", "note_words", "answer_words", "resolve", "dismiss", "reopen")

    @admin.action(description="Take", permissions=["work"])
    def take(self, request: HttpRequest, chosen: QuerySet[Complaint]) -> None:
        self._each(request, chosen, complaints.take)

    @admin.action(description="Note the words, for administrators alone", permissions=["work"])
    def note_words(self, request: HttpRequest, chosen: QuerySet[Complaint]) -> None:
        self._each_with_words(request, chosen, complaints.note)

    @admin.action(description="Answer with the words: whoever complained is told", permissions=["work"])
    def answer_words(self, request: HttpRequest, chosen: QuerySet[Complaint]) -> None:
        self._each_with_words(request, chosen, complaints.answer)

    @admin.action(description="Resolve", permissions=["work"])
    def resolve(self, request: HttpRequest, chosen: QuerySet[Complaint]) -> None:
        self._each(request, chosen, complaints.close, verb="resolve")

    @admin.action(description="Dismiss", permissions=["work"])
    def dismiss(self, request: HttpRequest, chosen: QuerySet[Complaint]) -> None:
        self._each(request, chosen, complaints.close, verb="dismiss")

    @admin.action(description="Reopen", permissions=["work"])
    def reopen(self, request: HttpRequest, chosen: QuerySet[Complaint]) -> None:
        self._each(request, chosen, complaints.reopen)

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Cases are changed by actions alone, by those who may change them."""
        return request.user.has_perm("partners.change_complaint")

    def _each_with_words(
        self, request: HttpRequest, chosen: QuerySet[Complaint], act: Callable[..., Complaint]
    ) -> None:
        words = request.POST.get("words", "").strip()
        if not words:
            self.message_user(request, "Write the words beside the action.", messages.ERROR)
            return
        self._each(request, chosen, act, text=words)

    def _each(
        self, request: HttpRequest, chosen: QuerySet[Complaint], act: Callable[..., Complaint], **values: str
    ) -> None:
        """Do it to each case by itself; one that refuses does not hold up the others."""
        for complaint in chosen:
            try:
                act(complaint_id=complaint.pk, admin_id=request.user.pk, **values)
            except DomainError as exc:
                self.message_user(request, f"{complaint.pk}: {exc.message} ({_facts(exc)})", messages.ERROR)
            else:
                self.message_user(request, f"{complaint.pk}: done.", messages.SUCCESS)


def _facts(exc: DomainError) -> str:
    return ", ".join(f"{name}: {value}" for name, value in exc.facts.items()) or exc.code


class ProcessingInline(ReadOnlyInline):
    model = ProcessingCharge


class DeliveryInline(ReadOnlyInline):
    model = DeliveryBand


class ContractChargeInline(ReadOnlyInline):
    model = ContractCharge


@admin.register(PriceList)
class PriceListAdmin(ReadOnlyAdmin):
    list_display = ("partner", "currency", "updated_at")
    list_filter = ("currency",)
    list_select_related = ("partner",)
    search_fields = ("partner__name",)
    inlines = (ProcessingInline, DeliveryInline)


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    list_display = ("bank", "hospital", "starts_on", "ends_on", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    list_select_related = ("bank", "hospital")
    search_fields = ("bank__name", "hospital__name")
    inlines = (ContractChargeInline,)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Which programs call for which partner. Nothing here opens anything."""

    names = ("API key", "API keys")
    list_display = ("begins", "name", "partner", "mode", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("mode",)
    search_fields = ("prefix", "name", "partner__name")
    ordering = ("-pk",)
    list_select_related = ("partner",)
    fields = (
        *("partner", "name", "begins", "mode", "scopes", "networks", "calls_per_minute", "expires_at"),
        *("rotated_at", "previous_until", "last_used_at", "last_used_address", "made_by", "created_at"),
        *("revoked_at", "revoked_by"),
    )
