"""The pages of maps: open requests, and stock by partner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from common import clock
from common.blood import BloodGroup
from common.figures import Scope
from config.dashboard.maps import Spot, draw
from config.dashboard.panels import link_to
from config.dashboard.views import scope_of
from partners import selectors as partners
from requests_app import figures as requests
from requests_app.states import Urgency
from stock import figures as stock
from stock.components import Component

MOST: Final = 5000  # spots: more would be one colour
LITTLE: Final = 10  # bags
TONES: Final = {Urgency.CRITICAL: "bad", Urgency.URGENT: "wait", Urgency.ROUTINE: "more"}


@dataclass(frozen=True, slots=True)
class Map:
    """One map: who may see it, what it asks by, and the spots of what was asked."""

    key: str
    title: str
    about: str
    needs: str
    legend: tuple[tuple[str, str], ...]
    has_urgency: bool
    spots: Callable[[Scope, dict[str, str]], list[Spot]]
    several: Callable[[Scope, dict[str, str]], str]


def request_spots(scope: Scope, kind: dict[str, str]) -> list[Spot]:
    """Return a spot for each open request, which weighs the units that nobody has promised."""
    return [
        Spot(
            float(row["lat"]),
            float(row["lng"]),
            left := row["units"] - row["units_promised"] - row["units_fulfilled"],
            TONES[row["urgency"]],
            f"{left} of {row['units']} units {row['blood_group']} {row['component'].replace('_', ' ')} open,"
            f" {row['urgency']}: {row['partner__name']},"
            f" needed by {timezone.localtime(row['needed_by']):%d %b %H:%M}",
            reverse("admin:requests_app_bloodrequest_change", args=[row["pk"]]),
            row["partner__city"],
        )
        for row in requests.places(scope, most=MOST, **kind)
    ]


def stock_spots(scope: Scope, kind: dict[str, str]) -> list[Spot]:
    """Return a spot for each partner that has bags to give, which weighs them."""
    found = stock.available_by_partner(scope, component=kind["component"], blood_group=kind["blood_group"])
    page = reverse("admin:stock_unit_changelist")
    return [
        Spot(
            card.lat,
            card.lng,
            found[pk],
            "good" if found[pk] >= LITTLE else "wait",
            f"{found[pk]} bags: {card.name}, {card.city}",
            f"{page}?{urlencode({'status__exact': 'available', 'partner': str(pk), **_narrow(kind)})}",
            card.city,
        )
        for pk, card in partners.cards(found).items()
    ]


def _requests_of(scope: Scope, kind: dict[str, str]) -> str:
    return link_to(requests.OPEN, "open_now", scope, **_narrow(kind))


def _bags_of(scope: Scope, kind: dict[str, str]) -> str:
    return link_to(stock.SHELF, "available", scope, **_narrow(kind))


def _narrow(kind: dict[str, str]) -> dict[str, str]:
    return {f"{name}__exact": value for name, value in kind.items() if value}


MAPS: Final = (
    Map(
        "requests",
        "Map of requests",
        "Requests that wait for donors at this moment. The size is the units that nobody has promised.",
        "requests_app.view_bloodrequest",
        (("bad", "critical"), ("wait", "urgent"), ("more", "routine")),
        has_urgency=True,
        spots=request_spots,
        several=_requests_of,
    ),
    Map(
        "stock",
        "Map of stock",
        "Partners with bags that may be given away at this moment. The size is the number of bags.",
        "stock.view_unit",
        (("good", f"{LITTLE} bags or more"), ("wait", f"fewer than {LITTLE}")),
        has_urgency=False,
        spots=stock_spots,
        several=_bags_of,
    ),
)


def show(request: HttpRequest, site: dict[str, Any], key: str) -> HttpResponse:
    """Show the map of what the address asks for."""
    one = next((one for one in MAPS if one.key == key), None)
    if one is None:
        raise Http404
    if not request.user.has_perm(one.needs):
        raise PermissionDenied
    scope = scope_of(request)
    kind = {
        "blood_group": _one_of(request, "group", BloodGroup),
        "component": _one_of(request, "component", Component),
        **({"urgency": _one_of(request, "urgency", Urgency)} if one.has_urgency else {}),
    }
    spots = one.spots(scope, kind)
    somewhere = Scope(scope.first, scope.last, scope.zone, "{city}")
    several = one.several(somewhere, kind).replace("%7Bcity%7D", "{city}")
    context = {
        **site,
        "title": one.title,
        "map": one,
        "drawing": draw(spots, several=several),
        "spots": len(spots),
        "weight": sum(spot.weight for spot in spots),
        "list": one.several(scope, kind),
        "is_cut": len(spots) >= MOST,
        "scope": scope,
        "kind": kind,
        "cities": partners.cities(),
        "groups": list(BloodGroup),
        "components": [(str(name), name.replace("_", " ")) for name in Component],
        "urgencies": list(Urgency),
        "as_of": clock.now(),
    }
    return TemplateResponse(request, "admin/map.html", context)


def _one_of(request: HttpRequest, name: str, known: Any) -> str:
    given = request.GET.get(name, "")
    return given if given in list(known) else ""
