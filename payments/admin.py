"""Money for administrators: everything to read; what needs a person goes through the services."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from common.admin import ActionForm, ReadOnlyAdmin, ReadOnlyInline, money_column, words_box
from common.errors import DomainError
from common.money import Currency, Money, in_words
from payments import errands, plan_admin, selectors  # noqa: F401 - registers the admin of plans
from payments.models import (
    Account,
    Dispute,
    Entry,
    Invoice,
    Payment,
    PaymentEvent,
    Payout,
    PayoutAccount,
    Posting,
    ProviderDecision,
    ProviderNotice,
    ProviderToken,
    Purchase,
    Refund,
)
from payments.services import paying_out, refunding

AMOUNT: Final = money_column()
AT_ONCE: Final = 5  # payments that one click asks about: a provider may take ten seconds for each


def actor_of(request: HttpRequest) -> str:
    return f"admin {request.user.pk}"


class WordsForm(ActionForm):
    """The box beside the actions: a reason, or the bank's reference."""

    words = words_box("Reason or reference", max_length=120)


class Acting(ReadOnlyAdmin):
    """Rows on which an administrator may act, one by one, by a service."""

    action_form = WordsForm

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may only look moves no money."""
        return request.user.has_perm(f"payments.change_{self.opts.model_name}")

    def act_on(self, request: HttpRequest, chosen: QuerySet[Any], act: Callable[[uuid.UUID, str], Any]) -> None:
        """Act on each row; a refusal of one is said and stops no other."""
        words = str(request.POST.get("words", "")).strip()
        if not words:
            self.message_user(request, "Write a reason or reference.", messages.ERROR)
            return
        done = 0
        for pk in chosen.values_list("pk", flat=True):
            try:
                act(pk, words)
                done += 1
            except DomainError as exc:
                self.message_user(request, f"{pk}: {exc.message}", messages.ERROR)
        self.message_user(request, f"{done} done.", messages.SUCCESS)


class PaymentEventInline(ReadOnlyInline):
    model = PaymentEvent
    fields = readonly_fields = ("created_at", "verb", "status", "actor", "facts")
    ordering = ("pk",)
    show_change_link = False


class RefundInline(ReadOnlyInline):
    model = Refund
    fields = readonly_fields = ("created_at", "amount_minor", "currency", "status", "reason", "actor", "failure")
    ordering = ("pk",)


@admin.register(Payment)
class PaymentAdmin(Acting):
    list_display = ("created_at", "status", AMOUNT, "provider", "purchase", "failure", "is_late")
    list_filter = ("status", "provider", "is_late", "currency")
    search_fields = ("=id", "=provider_ref", "=payment_ref", "=purchase__reference")
    list_select_related = ("purchase",)
    exclude = ("client_token", "client_key", "client_body", "action_url")
    ordering = ("-id",)
    inlines = (PaymentEventInline, RefundInline)
    actions = ("ask_again", "send_back_held", "give_back")

    @admin.action(description="Ask the provider again", permissions=["act"])
    def ask_again(self, request: HttpRequest, chosen: QuerySet[Payment]) -> None:
        some = list(chosen.values_list("pk", flat=True)[:AT_ONCE])
        for pk in some:
            errands.ask(pk)
        self.message_user(request, f"Asked about {len(some)}.", messages.SUCCESS)

    @admin.action(description="Send back what is held", permissions=["act"])
    def send_back_held(self, request: HttpRequest, chosen: QuerySet[Payment]) -> None:
        def act(pk: uuid.UUID, words: str) -> Refund:
            return refunding.return_held(payment_id=pk, actor=actor_of(request), reason=words)

        self.act_on(request, chosen, act)

    @admin.action(description="Give back all that is left", permissions=["act"])
    def give_back(self, request: HttpRequest, chosen: QuerySet[Payment]) -> None:
        def act(pk: uuid.UUID, words: str) -> Refund:
            return refunding.refund_all(payment_id=pk, actor=actor_of(request), reason=words)

        self.act_on(request, chosen, act)


@admin.register(Payout)
class PayoutAdmin(Acting):
    list_display = ("created_at", "status", "provider", AMOUNT, "payee_partner", "payee_user", "failure")
    list_filter = ("status", "provider", "currency")
    search_fields = ("=id", "=provider_ref", "payee_partner__name")
    list_select_related = ("payee_partner", "payee_user")
    ordering = ("-id",)
    actions = ("has_left", "has_failed", "pay_again")

    @admin.action(description="Has left the bank (with its reference)", permissions=["act"])
    def has_left(self, request: HttpRequest, chosen: QuerySet[Payout]) -> None:
        def act(pk: uuid.UUID, words: str) -> Payout:
            return paying_out.record_payout(payout_id=pk, bank_reference=words, actor=actor_of(request))

        self.act_on(request, chosen, act)

    @admin.action(description="Has failed (with the reason)", permissions=["act"])
    def has_failed(self, request: HttpRequest, chosen: QuerySet[Payout]) -> None:
        def act(pk: uuid.UUID, words: str) -> Payout:
            return paying_out.fail_payout(payout_id=pk, reason=words, actor=actor_of(request))

        self.act_on(request, chosen, act)

    @admin.action(description="Pay again what has failed (with the reason)", permissions=["act"])
    def pay_again(self, request: HttpRequest, chosen: QuerySet[Payout]) -> None:
        def act(pk: uuid.UUID, words: str) -> Payout:
            return paying_out.repeat_payout(payout_id=pk, actor=f"{actor_of(request)}: {words}")

        self.act_on(request, chosen, act)


@admin.register(PayoutAccount)
class PayoutAccountAdmin(ReadOnlyAdmin):
    list_display = ("changed_at", "status", "provider", "ending", "owner_partner", "owner_user", "failure")
    list_filter = ("status", "provider")
    search_fields = ("=id", "owner_partner__name")
    list_select_related = ("owner_partner", "owner_user")
    exclude = ("fingerprint",)
    ordering = ("-id",)


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """What payers' banks want back. It is answered at the provider."""

    list_display = ("created_at", "status", AMOUNT, "provider", "reason", "answer_by")
    list_filter = ("status", "provider")
    search_fields = ("=id", "=provider_ref", "=payment__id")
    ordering = ("-id",)


@admin.register(Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "kind", "reference", "status", AMOUNT)
    list_filter = ("kind", "status")
    search_fields = ("=id", "=reference")
    ordering = ("-id",)


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "status", AMOUNT, "payment", "reason", "failure")
    list_filter = ("status",)
    search_fields = ("=id", "=payment__id", "=provider_ref")
    list_select_related = ("payment",)
    ordering = ("-id",)


@admin.register(ProviderNotice)
class ProviderNoticeAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "provider", "kind", "outcome", "event_id")
    list_filter = ("provider", "outcome")
    search_fields = ("=event_id", "=our_id")
    ordering = ("-id",)
    exclude = ("digest",)


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ("code", "kind", "seller_partner", AMOUNT, "issued_on")
    list_filter = ("kind", "year")
    search_fields = ("=code", "=payment__id", "seller_partner__name")
    list_select_related = ("seller_partner",)
    ordering = ("-id",)


class PostingInline(ReadOnlyInline):
    model = Posting
    fields = readonly_fields = ("account", "amount_minor", "currency")
    ordering = ("pk",)
    show_change_link = False


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """The ledger, and beside it what a person has to look at."""

    list_display = ("created_at", "kind", "reference")
    list_filter = ("kind",)
    search_fields = ("=reference",)
    ordering = ("-id",)
    inlines = (PostingInline,)
    change_list_template = "admin/ledger.html"

    def get_urls(self) -> list[Any]:
        report = path("report/", self.admin_site.admin_view(self.report), name="payments_report")
        return [report, *super().get_urls()]

    def report(self, request: HttpRequest) -> HttpResponse:
        """The trial balance and every mismatch."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Money: trial balance and mismatches",
            "trial": _table("Currency", "Total", rows=_balances(sorted(selectors.trial_balance().items()))),
            "accounts": _table("Kind", "Which", "Currency", "Balance", rows=_balances(selectors.account_totals())),
            "mismatches": _table(
                "What", "Which", "Why", rows=[(one.kind, one.subject, one.detail) for one in selectors.mismatches()]
            ),
        }
        return TemplateResponse(request, "admin/money_report.html", context)


def _balances(rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Show what ends with a currency and minor units as people write it."""
    return [[*row[:-1], in_words(Money(row[-1], Currency(row[-2])))] for row in rows]


def _table(*headers: str, rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
    return {"headers": headers, "rows": [list(row) for row in rows]}


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("kind", "detail", "owner_partner", "owner_user", "currency")
    list_filter = ("kind", "currency")
    search_fields = ("owner_partner__name", "=id")
    list_select_related = ("owner_partner", "owner_user")
    ordering = ("kind", "id")


@admin.register(ProviderToken)
class ProviderTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "issued_at", "expires_at", "renewing_until", "asked_at")
    exclude = ("token",)
    ordering = ("name",)


@admin.register(ProviderDecision)
class ProviderDecisionAdmin(ReadOnlyAdmin):
    list_display = ("provider", "ref", "decided", "decided_at", "theirs")
    list_filter = ("provider", "decided")
    search_fields = ("=ref", "=theirs", "=about")
    ordering = ("-pk",)
