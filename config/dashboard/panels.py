"""One panel for each question of the morning; each asks its app and knows where its figures lead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from appointments import figures as appointments
from common.blood import BloodGroup
from common.figures import Counted, Scope
from common.money import Money, in_words
from config.dashboard.charts import Bar, Series, bars, columns
from notifications import figures as notifications
from orders import figures as orders
from payments import figures as payments
from requests_app import figures as requests
from stock import figures as stock

GOOD, WAIT, BAD, QUIET, MORE = "good", "wait", "bad", "quiet", "more"
NOTHING: Final = SafeString("")
DASH: Final = "\N{EN DASH}"
Days = dict[dt.date, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure as it stands on the page."""

    label: str
    value: str
    link: str = ""
    tone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A question, its figures, and a chart where there is something to draw."""

    title: str
    question: str
    figures: Sequence[Shown]
    chart: SafeString = NOTHING
    note: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A panel that is still to be asked for, and the permission it takes to see it."""

    needs: str
    ask: Callable[[Scope], Panel]


def link_to(counted: Counted, part: str, scope: Scope, **more: str) -> str:
    """Return where the rows stand that the figure counts."""
    page = reverse(f"admin:{counted.model.replace('.', '_')}_changelist")
    return f"{page}?{urlencode({'figure': part, **scope.query(), **more})}"


def shown(counted: Counted, scope: Scope, counts: dict[str, int], *parts: str | tuple[str, str]) -> list[Shown]:
    """Return figures as the page shows them; one that is given with a tone has it unless it is zero."""
    found = []
    for given in parts:
        part, tone = given if isinstance(given, tuple) else (given, "")
        label = counted.label(part)
        link = link_to(counted, part, scope)
        found.append(Shown(label[:1].upper() + label[1:], f"{counts[part]:,}", link, tone if counts[part] else ""))
    return found


def duration(seconds: float | None) -> str:
    """Return a length of time as people say it, as in «2 h 05 min»."""
    if seconds is None:
        return DASH
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    hours, rest = divmod(minutes, 60)
    days, of_day = divmod(hours, 24)
    if days:
        return f"{days} d {of_day} h"
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def share(part: int, whole: int) -> str:
    """Return a share in percent, or a dash where there is nothing to share."""
    return f"{100 * part / whole:.0f} %" if whole else DASH


def sums(amounts: Iterable[Money]) -> str:
    """Return amounts of different currencies, each by itself."""
    return " + ".join(in_words(one) for one in amounts) or DASH


def _columns(counted: Counted, scope: Scope, by_day: Days, *series: tuple[str, str]) -> SafeString:
    """Return a chart of days whose columns are made of these figures, none of which counts a row of another."""
    if not any(day[part] for day in by_day.values() for part, _ in series):
        return NOTHING
    drawn = [
        Bar(
            f"{day.day} {day:%b}",
            [counts[part] for part, _ in series],
            link_to(counted, next(iter(counted.parts)), scope.on(day)),
        )
        for day, counts in by_day.items()
    ]
    return columns(drawn, [Series(counted.label(part), tone) for part, tone in series])


def _total(by_day: Days, counted: Counted) -> dict[str, int]:
    return {part: sum(day[part] for day in by_day.values()) for part in counted.parts}


def requests_filled(scope: Scope) -> Panel:
    """Are requests filled, and how soon?"""
    by_day = requests.REQUESTS.by_day(scope)
    counts = _total(by_day, requests.REQUESTS)
    times = requests.times_to_fill(scope)
    link = link_to(requests.REQUESTS, "filled", scope)
    return Panel(
        "Requests for donors",
        "Are they filled, and how soon?",
        [
            *shown(requests.REQUESTS, scope, counts, "posted", "filled", "fulfilled", ("waiting", WAIT)),
            *shown(requests.REQUESTS, scope, counts, ("critical_waiting", BAD), ("expired", BAD)),
            Shown("Time to fill, median", duration(times.half), link, note="posted → every unit promised"),
            Shown("Time to fill, 9 in 10", duration(times.most), link),
        ],
        _columns(
            requests.REQUESTS,
            scope,
            by_day,
            *(("fulfilled", GOOD), ("waiting", WAIT), ("expired", BAD), ("cancelled", QUIET)),
        ),
    )


def donors_answering(scope: Scope) -> Panel:
    """Do donors answer and come?"""
    asked, waves = requests.asking(scope), requests.WAVES.count(scope)["began"]
    by_day = requests.PROMISES.by_day(scope)
    counts = _total(by_day, requests.PROMISES)
    link = link_to(requests.WAVES, "began", scope)
    return Panel(
        "Donors",
        "Do they answer, and do they come?",
        [
            Shown("Asked", f"{asked.asked:,}", link, note=f"in {waves:,} waves"),
            Shown("Answered", f"{asked.answered:,}", link, note=f"{share(asked.answered, asked.asked)} of the asked"),
            *shown(requests.PROMISES, scope, counts, "promised", "expected", "donated", ("missed", BAD)),
            *shown(requests.PROMISES, scope, counts, ("cancelled", WAIT), "deferred"),
        ],
        _columns(
            requests.PROMISES,
            scope,
            by_day,
            *(("donated", GOOD), ("expected", WAIT), ("missed", BAD), ("cancelled", QUIET), ("deferred", MORE)),
        ),
    )


def stock_by_group(scope: Scope) -> Panel:
    """What lies on the shelves, and how long does it live?"""
    found = {row["blood_group"]: row for row in stock.by_group_and_life(scope)}
    rows = [
        Bar(
            str(group),
            [row["d3"], row["d7"] - row["d3"], row["d14"] - row["d7"], row["units"] - row["d14"]],
            link_to(stock.SHELF, "available", scope, blood_group__exact=str(group)),
        )
        for group in BloodGroup
        if (row := found.get(str(group)))
    ]
    series = [
        *(Series("expires in 3 days", BAD), Series("in 7 days", WAIT)),
        *(Series("in 14 days", MORE), Series("later", GOOD)),
    ]
    shelf, expiring = stock.SHELF.count(scope), stock.EXPIRING.count(scope)
    return Panel(
        "Stock now",
        "What may be given, of which group, and how long does it live?",
        [
            *shown(stock.SHELF, scope, shelf, "available", "reserved", "quarantined", "in_transit"),
            *shown(stock.EXPIRING, scope, expiring, ("expires_in_3_days", BAD), ("expires_in_7_days", WAIT)),
        ],
        bars(rows, series, label_wide=40) if rows else NOTHING,
        "Bags at this moment, whatever the days above.",
    )


def wastage(scope: Scope) -> Panel:
    """What was lost, and why?"""
    counts = stock.LOST.count(scope)
    reasons = [
        Bar(part.removeprefix("discarded_").replace("_", " "), [n], link_to(stock.LOST, part, scope))
        for part, n in sorted(counts.items(), key=lambda pair: -pair[1])
        if n and part != "lost"
    ]
    return Panel(
        "Wastage",
        "What was lost, and why?",
        shown(stock.LOST, scope, counts, ("lost", BAD), "expired", "discarded_reactive", "discarded_cold_chain"),
        bars(reasons, [Series("bags", BAD)], label_wide=90) if reasons else NOTHING,
    )


def orders_moving(scope: Scope) -> Panel:
    """Are orders on the way, and on time?"""
    by_day, road = orders.ORDERS.by_day(scope), orders.ROAD.count(scope)
    counts = _total(by_day, orders.ORDERS)
    return Panel(
        "Orders",
        "What is on the road, and what is late?",
        [
            *shown(orders.ROAD, scope, road, "on_the_way", ("late", BAD)),
            *shown(orders.ORDERS, scope, counts, "placed", ("waiting", WAIT), "delivered", ("failed", BAD)),
        ],
        _columns(
            orders.ORDERS,
            scope,
            by_day,
            *(("delivered", GOOD), ("waiting", WAIT), ("failed", BAD), ("cancelled", QUIET)),
        ),
        "On the way and late: at this moment.",
    )


def money(scope: Scope) -> Panel:
    """What came in, what is ours, and what goes out?"""
    by_day = payments.PAYMENTS.by_day(scope)
    counts = _total(by_day, payments.PAYMENTS)
    takings = payments.takings(scope)
    back, out = payments.outgoing(scope, payments.REFUNDS), payments.outgoing(scope, payments.PAYOUTS)
    succeeded = link_to(payments.PAYMENTS, "succeeded", scope)
    refunds = payments.REFUNDS
    payouts, failed = payments.PAYOUTS, out["failed"]
    return Panel(
        "Money",
        "What came in, what is the platform's, what goes out?",
        [
            Shown("Received", sums(one.received for one in takings), succeeded, note=f"{counts['succeeded']:,} times"),
            Shown("Platform's share", sums(one.share for one in takings), succeeded, note="before refunds"),
            Shown("Given back", sums(back["given_back"]), link_to(refunds, "given_back", scope)),
            Shown("Paid out", sums(out["paid_out"]), link_to(payouts, "paid_out", scope)),
            Shown("Payouts on their way", sums(out["on_its_way"]), link_to(payouts, "on_its_way", scope)),
            Shown("Payouts failed", sums(failed), link_to(payouts, "failed", scope), BAD if failed else ""),
            *shown(payments.PAYMENTS, scope, counts, ("held", BAD), "unpaid"),
        ],
        _columns(
            payments.PAYMENTS,
            scope,
            by_day,
            *(("succeeded", GOOD), ("waiting", WAIT), ("held", BAD), ("unpaid", QUIET)),
        ),
        "With a city: payments to partners there.",
    )


def visits(scope: Scope) -> Panel:
    """Do patients see their doctors?"""
    by_day = appointments.BOOKED.by_day(scope)
    counts, soon = _total(by_day, appointments.BOOKED), appointments.AHEAD.count(scope)
    return Panel(
        "Appointments",
        "Do patients see their doctors?",
        [
            *shown(appointments.AHEAD, scope, soon, "next_24_hours"),
            *shown(appointments.BOOKED, scope, counts, "booked", "completed", "cancelled", ("missed", BAD), "lapsed"),
        ],
        _columns(
            appointments.BOOKED,
            scope,
            by_day,
            *(("completed", GOOD), ("to_come", WAIT), ("missed", BAD), ("cancelled", QUIET), ("lapsed", MORE)),
        ),
        "By the day of booking. With a city: visits in person there.",
    )


def messages(scope: Scope) -> Panel:
    """Do messages arrive?"""
    found = notifications.by_channel(scope)
    counts = {part: sum(row[part] for row in found) for part in notifications.MESSAGES.parts}
    series = (("arrived", GOOD), ("sent", MORE), ("waiting", WAIT), ("dead", BAD), ("skipped", QUIET))
    rows = [
        Bar(
            row["channel"],
            [row[part] for part, _ in series],
            link_to(notifications.MESSAGES, "all", scope, channel__exact=row["channel"]),
        )
        for row in found
    ]
    return Panel(
        "Messages",
        "Do they arrive, and by which channel not?",
        shown(notifications.MESSAGES, scope, counts, "all", "arrived", ("waiting", WAIT), ("dead", BAD), "skipped"),
        bars(rows, [Series(notifications.MESSAGES.label(part), tone) for part, tone in series]) if rows else NOTHING,
        "Every city: a message knows none." if scope.city else "",
    )


def webhooks(scope: Scope) -> Panel:
    """Do partners' systems take what they are sent?"""
    counted = notifications.WEBHOOKS
    by_day, now = counted.by_day(scope), notifications.ENDPOINTS.count(scope)
    return Panel(
        "Webhooks",
        "Do partners' systems take what they are sent?",
        [
            *shown(notifications.ENDPOINTS, scope, now, "enabled", ("failing", BAD), ("switched_off", WAIT)),
            *shown(counted, scope, _total(by_day, counted), "all", "succeeded", ("retried", WAIT), ("failed", BAD)),
        ],
        _columns(counted, scope, by_day, ("succeeded", GOOD), ("on_its_way", WAIT), ("failed", BAD)),
        "Addresses: at this moment.",
    )
