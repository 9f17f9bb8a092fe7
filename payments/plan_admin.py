"""Plans, coupons, subscriptions and credits for administrators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import BOX, ActionForm, EditableAdmin, ReadOnlyAdmin, ReadOnlyInline, money_column, words_box
from common.money import LARGEST, Currency, Money
from payments.models import (
    Charge,
    Coupon,
    CouponUse,
    CreditMove,
    Plan,
    PlanVersion,
    QuotaCounter,
    Referral,
    Settlement,
    Subscription,
    Wallet,
)
from payments.services import publishing, referring


class PlanVersionInline(ReadOnlyInline):
    model = PlanVersion
    fields = readonly_fields = (
        "number",
        "price_minor",
        "currency",
        "months",
        "appointments",
        "storage_bytes",
        "created_at",
    )
    ordering = ("-number",)


@admin.register(Plan)
class PlanAdmin(EditableAdmin):
    """What a plan is called and whether it is sold; what it costs is a version."""

    list_display = ("code", "name", "rank", "is_offered")
    ordering = ("rank",)
    inlines = (PlanVersionInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code", "rank") if obj is not None else ()


@admin.register(PlanVersion)
class PlanVersionAdmin(EditableAdmin):
    """Another price is another version: added here, never changed."""

    list_display = (
        *("plan", "number", money_column("price_minor", called="price"), "months", "appointments"),
        *("storage_bytes", "actor", "created_at"),
    )
    list_filter = ("plan",)
    list_select_related = ("plan",)
    ordering = ("plan__rank", "-number")
    # One currency for all plans: a change from one to another compares prices.
    fields = ("plan", "price_minor", "months", "appointments", "storage_bytes", "tax_points", "sac")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: PlanVersion, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        made = publishing.publish_version(
            plan_id=obj.plan_id,
            price=obj.price,
            months=obj.months,
            appointments=obj.appointments,
            storage_bytes=obj.storage_bytes,
            tax_points=obj.tax_points,
            sac=obj.sac,
            actor=f"admin {request.user.pk}",
        )
        obj.pk, obj.number = made.pk, made.number


class CouponUseInline(ReadOnlyInline):
    model = CouponUse
    fields = readonly_fields = ("user", "kind", "reference", "amount_minor", "currency", "status", "created_at")
    ordering = ("-pk",)
    show_change_link = False


@admin.register(Coupon)
class CouponAdmin(EditableAdmin):
    """A change counts for later uses; each use keeps what it took off."""

    list_display = ("code", "kind", "percent", money_column(), "used", "max_uses", "valid_until", "is_active")
    list_filter = ("is_active", "kind")
    search_fields = ("code",)
    ordering = ("-id",)
    readonly_fields = ("used",)
    inlines = (CouponUseInline,)


class ChargeInline(ReadOnlyInline):
    model = Charge
    fields = readonly_fields = (
        *("created_at", "kind", "status", "version", "price_minor", "unused_minor"),
        *("discount_minor", "credit_minor", "due_minor", "starts_at", "ends_at"),
    )
    ordering = ("-pk",)
    show_change_link = False


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("user", "version", "status", "starts_at", "ends_at", "cancels_at_end", "ended_because")
    list_filter = ("status", "version__plan", "ended_because")
    search_fields = ("=id", "user__public_id", "user__phone")
    list_select_related = ("user", "version__plan")
    ordering = ("-id",)
    inlines = (ChargeInline,)


class GrantForm(ActionForm):
    """The boxes beside the action."""

    minor = forms.IntegerField(
        required=False, min_value=1, max_value=LARGEST, label="Minor units", widget=forms.NumberInput(attrs=BOX)
    )
    words = words_box("Why", max_length=120)


class CreditMoveInline(ReadOnlyInline):
    model = CreditMove
    fields = readonly_fields = ("created_at", "reason", "amount_minor", "reference", "note")
    ordering = ("-pk",)
    show_change_link = False


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    list_display = ("user", money_column("balance_minor", called="balance"), "currency")
    search_fields = ("user__public_id", "user__phone")
    list_select_related = ("user",)
    ordering = ("-id",)
    inlines = (CreditMoveInline,)
    action_form = GrantForm
    actions = ("grant",)

    def has_grant_permission(self, request: HttpRequest) -> bool:
        """Who may only look gives nothing away."""
        return request.user.has_perm("payments.change_wallet")

    @admin.action(description="Grant credits", permissions=["grant"])
    def grant(self, request: HttpRequest, chosen: QuerySet[Wallet]) -> None:
        """The same words and amount on the same day are one present, however often they are sent."""
        form = GrantForm(request.POST)
        del form.fields["action"]  # it was chosen on the page, whose choices this form does not know
        if not form.is_valid() or not form.cleaned_data["minor"] or not form.cleaned_data["words"]:
            self.message_user(request, "Say how much and why.", messages.ERROR)
            return
        minor, words = form.cleaned_data["minor"], form.cleaned_data["words"]
        for row in chosen:
            amount = Money(minor, Currency(row.currency))
            referring.grant_credit(user_id=row.user_id, amount=amount, words=words)
        self.message_user(request, f"{len(chosen)} done.", messages.SUCCESS)


@admin.register(Referral)
class ReferralAdmin(ReadOnlyAdmin):
    list_display = ("referee", "referrer", "created_at", "rewarded_at")
    search_fields = ("referrer__public_id", "referee__public_id")
    list_select_related = ("referee", "referrer")
    ordering = ("-created_at", "pk")


@admin.register(QuotaCounter)
class QuotaCounterAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "window", "used")
    list_filter = ("kind",)
    search_fields = ("user__public_id",)
    list_select_related = ("user",)
    ordering = ("-id",)


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    list_display = (
        *(
            "partner",
            "month",
            money_column("opening_minor", called="opening"),
            money_column("sold_minor", called="sold"),
        ),
        *(money_column("closing_minor", called="closing"), "payout"),
    )
    list_filter = ("month", "currency")
    search_fields = ("partner__name",)
    list_select_related = ("partner", "payout")
    ordering = ("-id",)
