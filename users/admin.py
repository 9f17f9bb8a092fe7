"""People in the administration: who they are and what is known of them, no password hash, no codes."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from common import clock
from common.admin import ActionForm, EditableAdmin, ReadOnlyAdmin, ReadOnlyInline, words_box
from common.errors import DomainError
from users.eligibility.rules import RuleInvalid, rules_from_rows
from users.eligibility.ruleset import RuleSet, RulesUnusable
from users.fitness import forget_rules
from users.models import (
    Deferral,
    Document,
    DocumentUse,
    Donor,
    EligibilityRule,
    IdentityAssurance,
    IdentityAttestation,
    PastDonation,
    ScoreEntry,
    SecondFactorEvent,
    User,
    VisitAnswers,
)
from users.services import accounts, second_factor


class ReasonForm(ActionForm):
    """The box beside the actions; a reset needs a reason."""

    reason = words_box("Reason", max_length=500)


@admin.register(User)
class UserAdmin(EditableAdmin):
    list_display = ("name", "public_id", "phone", "city", "is_active", "is_staff", "created_at")
    list_filter = ("is_active", "is_staff", "language")
    search_fields = ("phone", "public_id", "name")
    ordering = ("-id",)
    fields = (
        *("name", "public_id", "phone", "email", "email_verified_at", "email_refused_at"),
        *("language", "zone", "city", "is_active", "is_staff", "groups"),
    )
    # An address is verified by whoever gives it, and by nobody else.
    readonly_fields = ("public_id", "phone", "email", "email_verified_at", "email_refused_at", "is_active")
    action_form = ReasonForm
    actions = ("suspend", "reinstate", "reset_second_factor")

    def has_superuser_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Who may administer what is the superusers' to say: nobody lifts himself up."""
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, "is_staff", "groups")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Suspend: every session ends at once", permissions=["change"])
    def suspend(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        others = chosen.exclude(pk__in=[request.user.pk])
        if not request.user.is_superuser:
            others = others.exclude(is_superuser=True)
        for user in others:
            accounts.suspend(user_id=user.pk)
        self.message_user(request, f"{len(others)} accounts suspended.", messages.SUCCESS)

    @admin.action(description="Reinstate", permissions=["change"])
    def reinstate(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        still_somebody = chosen.filter(erased_at=None)
        for user in still_somebody:
            accounts.reinstate(user_id=user.pk)
        self.message_user(request, f"{len(still_somebody)} accounts reinstated.", messages.SUCCESS)

    @admin.action(description="Reset the second factor (with a reason)", permissions=["superuser"])
    def reset_second_factor(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Each by itself; whoever resets must be sure by other means that the account's owner asks."""
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, "Give a reason.", messages.ERROR)
            return
        for user in chosen:
            try:
                second_factor.reset(user_id=user.pk, by=cast("User", request.user).pk, reason=reason)
            except DomainError as exc:
                self.message_user(request, f"{user.public_id}: {exc.message}", messages.ERROR)
            else:
                self.message_user(request, f"{user.public_id}: set up anew at the next sign-in.", messages.SUCCESS)


@admin.register(SecondFactorEvent)
class SecondFactorEventAdmin(ReadOnlyAdmin):
    """Who set up, moved or reset whose second factor, and why."""

    list_display = ("created_at", "user", "verb", "actor", "reason")
    list_filter = ("verb",)
    search_fields = ("user__public_id", "user__phone")
    list_select_related = ("user", "actor")
    ordering = ("-id",)


class DeferralInline(ReadOnlyInline):
    model = Deferral
    fields = ("code", "occurred_on", "resolved_on", "recorded_by", "created_at")


class PastDonationInline(ReadOnlyInline):
    model = PastDonation
    fields = ("donation_type", "donated_on", "donation_id")


class ScoreEntryInline(ReadOnlyInline):
    model = ScoreEntry
    fields = ("delta", "reason", "assignment_id", "created_at")


@admin.register(Donor)
class DonorAdmin(ReadOnlyAdmin):
    list_display = ("user", "blood_group", "is_confirmed", "available", "score", "verified_donations", "locked_until")
    list_filter = ("blood_group", "available")
    search_fields = ("user__phone", "user__public_id", "user__name")
    list_select_related = ("user",)
    ordering = ("-user_id",)
    exclude = ("place",)
    inlines = (DeferralInline, PastDonationInline, ScoreEntryInline)

    @admin.display(boolean=True, description="group confirmed")
    def is_confirmed(self, donor: Donor) -> bool:
        return donor.group_confirmed_at is not None


@admin.register(IdentityAssurance)
class IdentityAssuranceAdmin(ReadOnlyAdmin):
    list_display = ("user", "level", "method", "last4", "created_at", "ended_at")
    list_filter = ("level", "method")
    search_fields = ("user__public_id", "user__phone")
    list_select_related = ("user",)
    ordering = ("-id",)
    exclude = ("subject_digest",)


@admin.register(IdentityAttestation)
class IdentityAttestationAdmin(ReadOnlyAdmin):
    list_display = ("user", "provider", "status", "failure", "tries_left", "created_at", "closed_at")
    list_filter = ("status", "failure")
    search_fields = ("user__public_id", "user__phone")
    list_select_related = ("user",)
    ordering = ("-id",)
    exclude = ("request_key",)


@admin.register(VisitAnswers)
class VisitAnswersAdmin(ReadOnlyAdmin):
    """That a donor has answered, and until when it is kept; what was answered is the centre's to read alone."""

    names = ("answers before a visit", "answers before visits")
    list_display = ("answered_at", "donor", "assignment_id", "version", "is_record", "keep_until")
    list_filter = ("is_record",)
    search_fields = ("=assignment_id", "donor__user__public_id")
    list_select_related = ("donor__user",)
    exclude = ("answers",)
    ordering = ("-id",)


class DocumentUseInline(ReadOnlyInline):
    model = DocumentUse
    fields = ("purpose", "attached_at", "ended_at")
    show_change_link = False


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    """What people gave, and what for. The content is nobody's here."""

    list_display = ("created_at", "owner", "kind", "content_type", "size")
    list_filter = ("kind",)
    search_fields = ("=id", "owner__public_id", "owner__phone")
    ordering = ("-id",)
    inlines = (DocumentUseInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return super().get_queryset(request).select_related("owner", "file").defer("file__content")

    @admin.display(description="type")
    def content_type(self, document: Document) -> str:
        return document.file.content_type

    @admin.display(description="bytes")
    def size(self, document: Document) -> int:
        return document.file.size


class RuleForm(forms.ModelForm):
    """Accepts a rule only if the whole set is usable with it: a gap must never let a donor through."""

    class Meta:
        model = EligibilityRule
        fields = "__all__"  # noqa: DJ007  (a rule is its columns)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            others = EligibilityRule.objects.exclude(pk=self.instance.pk)
            try:
                rules = rules_from_rows([*others, EligibilityRule(**values)])
                _refuse_gaps(RuleSet(rules, jurisdiction=values["jurisdiction"]))
            except (RuleInvalid, RulesUnusable) as exc:
                raise ValidationError(str(exc)) from exc
        return values


def _refuse_gaps(rules: RuleSet) -> None:
    """Raises: RulesUnusable if the rules have a gap today or after any change that is announced"""
    day: dt.date | None = clock.today(settings.DEFAULT_ZONE)
    while day is not None:
        rules.in_force(day)
        day = rules.next_change_after(day)


@admin.register(EligibilityRule)
class EligibilityRuleAdmin(EditableAdmin):
    """A rule ends by its date and is never deleted: what it decided must stay explicable."""

    form = RuleForm
    list_display = ("code", "kind", "jurisdiction", "value", "defer_days", "permanent", "status", "effective_from")
    list_filter = ("jurisdiction", "kind", "status", "enabled")
    search_fields = ("code", "message")
    ordering = ("jurisdiction", "kind", "code", "effective_from")
    list_per_page = 100

    def save_model(self, request: HttpRequest, obj: EligibilityRule, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        forget_rules()
