"""Which reports there are, who may read each, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from appointments import figures as appointments
from common.figures import Scope
from common.money import in_code
from config.dashboard.panels import duration
from config.reports.tables import Table, by_day, in_one
from notifications import figures as notifications
from orders import figures as orders
from payments import figures as payments
from payments import selectors as books
from requests_app import figures as requests
from stock import figures as stock


@dataclass(frozen=True)
class Report:
    """A report: `needs` are the permissions, all of them, of whoever reads it."""

    key: str
    title: str
    about: str
    needs: tuple[str, ...]
    tables: Callable[[Scope], list[Table]]


def donors(scope: Scope) -> list[Table]:
    times, asking = requests.times_to_fill(scope), requests.asking(scope)
    posted, filled = requests.REQUESTS.count(scope)["posted"], times.requests
    return [
        in_one(
            "In one",
            {
                "requests posted": posted,
                "filled": filled,
                "share that was filled": f"{filled / posted:.1%}" if posted else "none was posted",
                "time to fill, median": duration(times.half),
                "time to fill, nine in ten": duration(times.most),
                "donors asked": asking.asked,
                "donors who answered": asking.answered,
            },
        ),
        by_day("Requests by the day they were posted", requests.REQUESTS, scope),
        by_day("Promises by the day they were given", requests.PROMISES, scope),
    ]


def shelves(scope: Scope) -> list[Table]:
    lost = stock.LOST.count(scope)
    life = [
        (str(row["blood_group"]), row["units"], row["d3"], row["d7"], row["d14"])
        for row in stock.by_group_and_life(scope)
    ]
    return [
        in_one(
            "Bags now",
            {
                **stock.SHELF.count(scope),
                **{name.replace("_", " "): n for name, n in stock.EXPIRING.count(scope).items()},
            },
        ),
        Table("Bags that may be given now", ["Group", "Bags", "3 days", "7 days", "14 days"], sorted(life)),
        in_one("Lost in these days", {stock.LOST.label(name): n for name, n in lost.items() if n or name == "lost"}),
        by_day("Lost, by the day a bag came into being", stock.LOST, scope),
    ]


def deliveries(scope: Scope) -> list[Table]:
    found = orders.punctuality(scope)
    return [
        in_one(
            "Of the orders placed in these days",
            {
                "delivered": found.delivered,
                "delivered late": found.late,
                "share in time": f"{1 - found.late / found.delivered:.1%}" if found.delivered else "none was delivered",
                "boxes packed": found.boxes,
                "boxes out of their band": found.breached,
            },
        ),
        by_day("Orders by the day they were placed", orders.ORDERS, scope),
    ]


def money(scope: Scope) -> list[Table]:
    back, out = payments.outgoing(scope, payments.REFUNDS), payments.outgoing(scope, payments.PAYOUTS)
    sums = [
        *(("Received", one.received) for one in payments.takings(scope)),
        *(("Platform's share before refunds", one.share) for one in payments.takings(scope)),
        *((f"Refunds {name.replace('_', ' ')}", one) for name, many in back.items() for one in many),
        *((f"Payouts {name.replace('_', ' ')}", one) for name, many in out.items() for one in many),
    ]
    return [
        Table("In these days", ["What", "Amount"], [[name, in_code(amount)] for name, amount in sums]),
        by_day("Payments by the day they were begun", payments.PAYMENTS, scope),
        Table(
            "Trial balance now, every city, in minor units",
            ["Currency", "Debits less credits"],
            [[currency, total] for currency, total in sorted(books.trial_balance().items())],
            "Zero in each currency, or the ledger is wrong.",
        ),
        Table(
            "Accounts now, every city, in minor units",
            ["Account", "Detail", "Currency", "Debits less credits"],
            [list(row) for row in books.account_totals()],
        ),
    ]


def visits(scope: Scope) -> list[Table]:
    return [by_day("Appointments by the day they were booked", appointments.BOOKED, scope)]


def messages(scope: Scope) -> list[Table]:
    parts = list(notifications.MESSAGES.parts)
    rows: list[list[str | int]] = [
        [str(row["channel"]), *(int(row[part]) for part in parts)] for row in notifications.by_channel(scope)
    ]
    heads = [notifications.MESSAGES.label(part) for part in parts]
    spent = [
        [row["channel"], row["messages"], in_code(row["spent"]), row["held"]] for row in notifications.spent(scope)
    ]
    return [
        Table("By channel, every city", ["Channel", *heads], rows, "A message knows no city."),
        Table("What they cost", ["Channel", "Messages", "Cost", "Put off for the budget"], spent),
        by_day("By day", notifications.MESSAGES, scope),
    ]


REPORTS: Final = (
    Report(
        "donors",
        "Requests and promises",
        "Fill rate, time to fill, donors asked and coming.",
        ("requests_app.view_bloodrequest", "requests_app.view_assignment"),
        donors,
    ),
    Report(
        "stock", "Stock and wastage", "What lies on the shelves, and what was lost why.", ("stock.view_unit",), shelves
    ),
    Report("orders", "Orders", "Lateness and cold chain.", ("orders.view_order",), deliveries),
    Report(
        "money",
        "Money",
        "What came in, fees, refunds, payouts, with the trial balance.",
        ("payments.view_payment", "payments.view_payout", "payments.view_entry"),
        money,
    ),
    Report("appointments", "Appointments", "Booked, completed, missed.", ("appointments.view_appointment",), visits),
    Report(
        "messages", "Messages", "By channel and fate, and what they cost.", ("notifications.view_delivery",), messages
    ),
)


def reports_for(user: Any) -> list[Report]:
    """Return the reports that the administrator may read."""
    return [report for report in REPORTS if user.has_perms(report.needs)]
