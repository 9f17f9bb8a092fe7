"""The groups that administrators belong to: what each may see and do. Written at every `migrate`, by name.

Whoever needs another mixture gets a group of another name, which nothing here touches. Superusers need no group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection


@dataclass(frozen=True)
class Role:
    """A group. `works` on tables by their actions and forms, `adds` rows to some by hand, and `sees` others."""

    name: str
    about: str
    works: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()
    sees_all: bool = False

    def permissions(self) -> set[str]:
        """Return what the group may, as in `partners.change_partner`."""
        seen = {*self.works, *self.sees, *(every_page() if self.sees_all else ())}
        return {
            *(_named("view", label) for label in seen),
            *(_named("change", label) for label in self.works),
            *(_named("add", label) for label in self.adds),
        }


ROLES: Final = (
    Role(
        "Approvers",
        "decide about partners and doctors, and help those whose identity could not be proven",
        works=("partners.partner", "appointments.doctor"),
        sees=(
            *("partners.member", "partners.complaint", "users.user", "users.document", "users.identityassurance"),
            *("users.identityattestation", "appointments.specialisation"),
        ),
    ),
    Role(
        "Support",
        "answer complaints and questions, and what people report of chats",
        works=("partners.complaint", "notifications.supportticket", "chat.report", "chat.chatblock"),
        sees=(
            *("users.user", "users.donor", "partners.partner", "partners.member", "requests_app.bloodrequest"),
            *("requests_app.attenderrequest", "requests_app.assignment", "donations.donation", "donations.camp"),
            *("donations.enrolment", "donations.rating", "orders.order", "appointments.appointment"),
            *("appointments.doctor", "notifications.notification", "notifications.delivery", "notifications.optout"),
        ),
    ),
    Role(
        "Finance",
        "look after payments, refunds held, payouts, plans and mismatches; read the books",
        works=(
            *("payments.payment", "payments.payout", "payments.wallet", "payments.plan", "payments.planversion"),
            "payments.coupon",
        ),
        adds=("payments.planversion", "payments.coupon"),
        sees=(
            *("payments.account", "payments.dispute", "payments.entry", "payments.invoice", "payments.payoutaccount"),
            *("payments.providerdecision", "payments.providernotice", "payments.providertoken", "payments.purchase"),
            *("payments.quotacounter", "payments.referral", "payments.refund", "payments.settlement"),
            *("payments.subscription", "orders.order", "orders.contractbill", "appointments.appointment"),
            *("partners.partner", "partners.contract", "partners.pricelist", "users.user"),
        ),
    ),
    Role(
        "Operations",
        "keep the product running: messages, announcements, webhooks, events, jobs, operating settings",
        works=(
            *("notifications.delivery", "notifications.webhookdelivery", "common.outboxevent", "common.setting"),
            *("orders.order", "notifications.announcement", "notifications.channelterms", "notifications.wording"),
        ),
        adds=("notifications.announcement", "notifications.channelterms", "notifications.wording"),
        sees=(
            *("notifications.notification", "notifications.optout", "notifications.webhookendpoint"),
            *("notifications.messagesettings", "notifications.mute", "notifications.pushdevice"),
            *("notifications.channelspend", "notifications.taplink", "partners.apikey", "common.retentionrun"),
            *("django_apscheduler.djangojob", "django_apscheduler.djangojobexecution", "common.privatefile"),
            *("common.settingchange", "orders.box", "orders.rider", "orders.courierbooking", "orders.couriernotice"),
            *("requests_app.bloodrequest", "requests_app.assignment", "requests_app.wave", "partners.partner"),
            *("stock.unit", "stock.transfer", "appointments.appointment", "appointments.meeting"),
            *("appointments.meetingnotice", "appointments.reminder", "donations.camp", "donations.reminder"),
        ),
    ),
    Role(
        "Medical officers",
        "review records that were opened in emergencies, and keep the rules of eligibility",
        works=("appointments.breakglass", "appointments.doctorrating", "users.eligibilityrule"),
        adds=("users.eligibilityrule",),
        sees=(
            *("appointments.recordgrant", "appointments.recordread", "appointments.doctor", "users.donor"),
            *("stock.unit", "stock.collection", "stock.transfer", "stock.threshold", "stock.stockpolicy"),
            *("donations.donation", "donations.certificate", "donations.camp", "orders.box", "orders.order"),
            *("requests_app.bloodrequest", "partners.partner"),
        ),
    ),
    Role(
        "Auditors",
        "read everything that administrators may read, and change nothing",
        sees=("common.setting",),
        sees_all=True,
    ),
)


def every_page() -> list[str]:
    """Return every table that has a page."""
    return [page.opts.label_lower for page in _pages()]


def install(**_: Any) -> None:
    """Let every group be there with exactly what it may; safe to run again. Called after each `migrate`.

    Where only some apps have been migrated there may be no groups yet.
    """
    if Group._meta.db_table not in connection.introspection.table_names():
        return
    found = {
        f"{row.content_type.app_label}.{row.codename}": row
        for row in Permission.objects.select_related("content_type").all()
    }
    for role in ROLES:
        group, _made = Group.objects.get_or_create(name=role.name)
        group.permissions.set([found[name] for name in sorted(role.permissions()) if name in found])


def pages_of(role: Role) -> Iterator[tuple[str, bool, list[str]]]:
    """Yield the tables whose pages open to the group, whether its forms may be saved, and the actions it is offered."""
    request: Any = _Request(role)
    for page in _pages():
        if page.has_view_permission(request):
            writes = page.has_change_permission(request) or page.has_add_permission(request)
            yield page.opts.label_lower, bool(writes), [name for name in page.get_actions(request) if name]


def _pages() -> list[Any]:
    models = (model for model in apps.get_models() if admin.site.is_registered(model))
    return sorted(map(admin.site.get_model_admin, models), key=lambda page: page.opts.label_lower)


class _Somebody:
    """A member of one group, for asking pages what they would offer."""

    pk, is_superuser, is_active, is_staff, is_authenticated = None, False, True, True, True

    def __init__(self, permissions: set[str]) -> None:
        self.permissions = permissions

    def has_perm(self, name: str, obj: object = None) -> bool:
        return name in self.permissions

    def has_perms(self, names: list[str]) -> bool:
        return self.permissions.issuperset(names)


class _Request:
    def __init__(self, role: Role) -> None:
        self.user = _Somebody(role.permissions())
        self.GET: dict[str, str] = {}
        self.method = "GET"


def _named(verb: str, label: str) -> str:
    app, _, model = label.partition(".")
    return f"{app}.{verb}_{model}"
