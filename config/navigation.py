"""What stands beside every page of the administration, in groups, for whoever may see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from config import operating_page
from config.dashboard.map_views import MAPS
from config.reports.registry import reports_for
from config.waiting.registry import DESKS, address, in_words, seen_by, waiting


class Group(NamedTuple):
    """Lists that are worked with together: those named, in order, then what else is registered of the apps."""

    title: str
    icon: str
    models: tuple[str, ...]
    rest_of: tuple[str, ...] = ()


GROUPS: Final = (
    Group(
        "People",
        "group",
        (
            *("users.user", "users.donor", "users.identityassurance", "users.identityattestation", "users.document"),
            *("users.visitanswers", "users.eligibilityrule"),
        ),
        ("users",),
    ),
    Group(
        "Partners",
        "domain",
        ("partners.partner", "partners.member", "partners.complaint", "partners.pricelist", "partners.contract"),
        ("partners",),
    ),
    Group(
        "Requests",
        "emergency",
        ("requests_app.bloodrequest", "requests_app.attenderrequest", "requests_app.assignment", "requests_app.wave"),
        ("requests_app",),
    ),
    Group(
        "Donations and camps",
        "volunteer_activism",
        ("donations.donation", "donations.camp", "donations.enrolment", "donations.invitation", "donations.rating"),
        ("donations",),
    ),
    Group(
        "Stock",
        "bloodtype",
        ("stock.unit", "stock.collection", "stock.transfer", "stock.threshold", "stock.stockpolicy"),
        ("stock",),
    ),
    Group(
        "Orders",
        "local_shipping",
        ("orders.order", "orders.box", "orders.rider", "orders.courierbooking", "orders.contractbill"),
        ("orders",),
    ),
    Group(
        "Appointments",
        "stethoscope",
        (
            *("appointments.doctor", "appointments.appointment", "appointments.waiting", "appointments.meeting"),
            *("appointments.meetingsitting", "appointments.meetingnotice", "appointments.reminder"),
            *("appointments.calendarfeed", "appointments.doctorrating", "appointments.specialisation"),
        ),
    ),
    Group(
        "Records",
        "clinical_notes",
        ("appointments.breakglass", "appointments.recordgrant", "appointments.recordread", "appointments.prescription"),
        ("appointments",),
    ),
    Group(
        "Money",
        "payments",
        (
            *("payments.payment", "payments.refund", "payments.payout", "payments.dispute", "payments.invoice"),
            *("payments.settlement", "payments.entry", "payments.account"),
        ),
    ),
    Group(
        "Plans and credits",
        "loyalty",
        ("payments.plan", "payments.planversion", "payments.subscription", "payments.coupon", "payments.wallet"),
        ("payments",),
    ),
    Group("Chats", "forum", (), ("chat",)),
    Group(
        "Messages",
        "sms",
        (
            *("notifications.notification", "notifications.delivery", "notifications.optout"),
            *("notifications.webhookendpoint", "notifications.webhookdelivery"),
        ),
        ("notifications",),
    ),
    Group(
        "Running",
        "settings",
        (
            *("django_apscheduler.djangojob", "django_apscheduler.djangojobexecution", "common.outboxevent"),
            *("common.privatefile", "auth.group"),
        ),
        ("common", "django_apscheduler", "auth"),
    ),
)


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups as the sidebar takes them, with nothing that the administrator may not see."""
    pages = (admin.site.get_model_admin(model) for model in apps.get_models() if admin.site.is_registered(model))
    seen = {page.opts.label_lower: page for page in pages if page.has_view_permission(request)}
    named = {key for group in GROUPS for key in group.models}
    return [
        {
            "title": "",
            "items": [
                {"title": "Dashboard", "icon": "monitoring", "link": reverse("admin:index")},
                *_maps(request),
                *_boards(request),
            ],
        },
        {"title": "Waiting for a person", "items": _desks(request)},
        *_tables(seen, named),
    ]


def _maps(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {"title": one.title, "icon": "map", "link": reverse("admin:map", args=[one.key])}
        for one in MAPS
        if request.user.has_perm(one.needs)
    ]


def _boards(request: HttpRequest) -> list[dict[str, Any]]:
    found = []
    if reports_for(request.user):
        found.append({"title": "Reports", "icon": "description", "link": reverse("admin:reports")})
    if request.user.has_perm(operating_page.SEES):
        found.append({"title": "Operating settings", "icon": "tune", "link": reverse("admin:operating")})
    return found


def _desks(request: HttpRequest) -> list[dict[str, Any]]:
    found = []
    for desk in DESKS:
        if queues := seen_by(request, desk):
            count = sum(waiting(queue) for queue in queues)
            badge = {"badge": in_words(count), "badge_variant": "warning"} if count else {}
            found.append({"title": desk.title, "icon": desk.icon, "link": address(desk), **badge})
    return found


def _tables(seen: dict[str, Any], named: set[str]) -> list[dict[str, Any]]:
    return [
        {"title": group.title, "collapsible": True, "items": items}
        for group in GROUPS
        if (items := [_item(seen[key], group.icon) for key in _keys(group, seen, named)])
    ]


def _keys(group: Group, seen: dict[str, Any], named: set[str]) -> Iterator[str]:
    yield from (key for key in group.models if key in seen)
    yield from (key for key in seen if key not in named and key.partition(".")[0] in group.rest_of)


def _item(page: Any, icon: str) -> dict[str, Any]:
    name = str(page.opts.verbose_name_plural)
    link = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
    return {"title": name[:1].upper() + name[1:], "icon": icon, "link": link}
