"""How the administration looks: the settings of django-unfold. Every file comes from the app itself."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

# A calm colour for what can be pressed: red is left for what is wrong.
TEAL: Final = {
    "50": "oklch(98.4% .014 180.72)",
    "100": "oklch(95.3% .051 180.801)",
    "200": "oklch(91% .096 180.426)",
    "300": "oklch(85.5% .138 181.071)",
    "400": "oklch(77.7% .152 181.912)",
    "500": "oklch(60% .118 184.704)",
    "600": "oklch(51.1% .096 186.391)",
    "700": "oklch(43.7% .078 188.216)",
    "800": "oklch(38.6% .063 188.416)",
    "900": "oklch(32% .05 188.9)",
    "950": "oklch(27.7% .046 192.524)",
}


def mark(request: HttpRequest) -> str:
    """Return the address of the product's mark."""
    return static("favicon.svg")


def styles(request: HttpRequest) -> str:
    """Return the address of the style of the pages that are our own."""
    return static("administration.css")


UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "JeevanSetu",
    "SITE_HEADER": "JeevanSetu",
    "SITE_SUBHEADER": "Administration",
    "SITE_URL": None,  # people and partners come by programs: there is no other site to show
    "SITE_ICON": mark,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": mark}],
    "SHOW_BACK_BUTTON": True,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {"primary": TEAL},
    "STYLES": [styles],
    "ACCOUNT": {
        "navigation": [
            {"title": "Second factor", "link": reverse_lazy("admin:second_factor")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ]
    },
    "SIDEBAR": {"show_search": True, "navigation": "config.navigation.groups"},
}
