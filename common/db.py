"""Who may open a transaction, and in which order rows are locked."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from django.db import IntegrityError, InterfaceError, OperationalError, connection, models, transaction

from common.errors import Busy, DomainError, NotFound, refusal_for_constraint

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)

# Climbed upwards, each rung once: two transactions that do so cannot wait for each other in a ring.
LOCK_ORDER = (
    "notifications.TapLink",  # a link is spent before what it answers, whatever that is
    "users.OtpChallenge",
    "users.User",
    "users.Session",
    "users.SecondFactor",
    "users.IdentityAttestation",
    "users.Donor",
    "users.Document",
    "partners.Partner",
    "partners.Member",
    "partners.MemberSession",
    "partners.ApiKey",
    "orders.Order",
    "orders.CourierBooking",
    "orders.Box",
    "orders.Rider",
    "orders.ContractBill",
    "appointments.Doctor",
    "appointments.Appointment",
    "appointments.Waiting",
    "appointments.Meeting",
    "appointments.Reminder",
    "appointments.CalendarFeed",
    "appointments.Prescription",
    "appointments.DoctorReferral",
    "appointments.RecordGrant",
    "partners.Complaint",
    "requests_app.AttenderRequest",  # before the bags, transfers and requests that are found for it
    "stock.Transfer",
    "stock.Collection",
    "stock.Unit",
    "stock.DinCounter",
    "requests_app.BloodRequest",
    "requests_app.Assignment",
    "donations.Camp",
    "donations.Enrolment",
    "donations.Donation",
    "donations.Invitation",
    "appointments.MedicalFile",
    "appointments.FileVersion",
    "appointments.Analysis",
    "chat.Conversation",
    "chat.Report",
    "chat.ChatBlock",
    # Whoever sells holds its own rows first and settles the money last; payments never lock what was bought.
    # What is subscribed to, taken off prices and counted; then the money itself.
    "payments.PayoutAccount",
    "payments.Subscription",
    "payments.Coupon",
    "payments.Wallet",
    "payments.QuotaCounter",
    "payments.Purchase",
    "payments.Payment",
    "payments.Refund",
    "payments.Payout",
    "payments.Account",
    "payments.InvoiceCounter",
    "payments.ProviderToken",
    "notifications.SupportTicket",
    "notifications.Announcement",
    "notifications.ChannelSpend",
    "notifications.WebhookEndpoint",
    "notifications.WebhookDelivery",
    "notifications.Notification",
    "notifications.Delivery",
    "common.PrivateFile",  # the kernel's, and last: whoever owns a file holds its own row before
)

DELETE_BATCH = 5000  # rows in one statement, so that pruning never holds a table for long
LOCK_TIMEOUT = "3s"  # then the caller is told to try again, and no thread waits for ever
# SQLSTATE: lock_not_available, deadlock_detected, serialization_failure
RETRYABLE = frozenset({"55P03", "40P01", "40001"})
# SQLSTATE: connection exceptions, too many connections, shut down or crashed or not up yet
AWAY = ("08", "53300", "57P")

# What is told of every command inside its transaction: its name, what it was given, what it returned, how it ended.
Witness = Callable[[str, Mapping[str, Any], Any, str], None]
DONE = "done"
_witnesses: list[Witness] = []
_joinable: ContextVar[bool] = ContextVar("joinable", default=False)
_same_rung: ContextVar[str] = ContextVar("same_rung", default="")


def sqlstate(exc: Exception) -> str:
    """Return the SQLSTATE behind a Django database error, or an empty string."""
    return getattr(exc.__cause__, "pgcode", None) or ""


def is_away(exc: Exception) -> bool:
    """Whether the error means that the database is not to be had, which says nothing of what was asked of it."""
    if isinstance(exc, InterfaceError):  # the connection was closed under it
        return True
    return isinstance(exc, OperationalError) and (not sqlstate(exc) or sqlstate(exc).startswith(AWAY))


@contextmanager
def unit_of_work() -> Iterator[None]:
    """One durable transaction with a bounded wait for locks, whose database errors become refusals.

    A refusal with `keeps_writes` commits before it is raised; every other exception rolls back.
    Raises: Busy when a lock was not to be had; the refusal that a violated constraint is named by.
    """
    kept: DomainError | None = None
    try:
        with transaction.atomic(durable=True):
            _lock_rank(-1)
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            try:
                yield
            except DomainError as exc:
                if not exc.keeps_writes:
                    raise
                kept = exc
    except OperationalError as exc:
        if sqlstate(exc) in RETRYABLE:
            raise Busy from exc
        raise
    except IntegrityError as exc:
        refusal = refusal_for_constraint(_constraint(exc))
        if refusal is None:
            raise
        raise refusal from exc
    if kept is not None:
        raise kept


@contextmanager
def shared_unit_of_work() -> Iterator[None]:
    """A unit of work that the one command called inside joins, so that both commit together."""
    token = _joinable.set(True)
    try:
        with unit_of_work():
            yield
    finally:
        _joinable.reset(token)


def command(func: Callable[P, R]) -> Callable[P, R]:
    """Run `func` as one whole transaction; refuse to run inside another one."""

    @functools.wraps(func)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _joinable.get():
            _joinable.set(False)
            return _witnessed(func, *args, **kwargs)
        with unit_of_work():
            return _witnessed(func, *args, **kwargs)

    return run


def witness(told: Witness) -> Witness:
    """Have `told` called at the end of every command, in its transaction: what it writes commits with the deed."""
    _witnesses.append(told)
    return told


def _witnessed(func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    name = f"{func.__module__}.{func.__name__}"
    try:
        result = func(*args, **kwargs)
    except DomainError as exc:
        if exc.keeps_writes:  # of every other refusal nothing will have happened
            for told in _witnesses:
                told(name, kwargs, None, exc.code)
        raise
    for told in _witnesses:
        told(name, kwargs, result, DONE)
    return result


def step(func: Callable[P, R]) -> Callable[P, R]:
    """Mark a write that only makes sense inside a caller's transaction."""

    @functools.wraps(func)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _in_transaction():
            raise RuntimeError(f"{func.__qualname__} must run inside a command.")
        return func(*args, **kwargs)

    return run


def joined(func: Callable[P, R]) -> Callable[P, R]:
    """Run `func` inside the caller's transaction, or as a whole one where there is none.

    For what belongs to a read as well as to a command, such as a line in a log.
    """

    @functools.wraps(func)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _in_transaction():
            return func(*args, **kwargs)
        with unit_of_work():
            return func(*args, **kwargs)

    return run


def lock(model: type[M], ids: Iterable[object]) -> list[M]:
    """Lock the rows in primary-key order and return them fresh; absent ids are left out.

    `no_key`, because a plain FOR UPDATE also waits for every insert that merely points at the row, and those
    hidden waits are not on the ladder.
    """
    _climb(model)
    rows = model._default_manager.select_for_update(of=("self",), no_key=True)
    return list(rows.filter(pk__in=list(ids)).order_by("pk"))


def lock_one(model: type[M], pk: object) -> M:
    """Lock one row and return it fresh. Raises: NotFound."""
    found = lock(model, [pk])
    if not found:
        raise NotFound
    return found[0]


def lock_free(rows: models.QuerySet[M], *, limit: int) -> list[M]:
    """Lock up to `limit` of the rows, passing over those that somebody else holds: for sweeps and queues."""
    _climb(rows.model)
    return list(rows.select_for_update(of=("self",), no_key=True, skip_locked=True)[:limit])


def delete_in_batches(rows: models.QuerySet[Any]) -> int:
    """Delete what matches, a few thousand rows a statement; return how many went.

    The condition is asked again of each row as it goes: one that has changed meanwhile and no longer matches stays.
    """
    gone = 0
    while ids := list(rows.order_by().values_list("pk", flat=True)[:DELETE_BATCH]):
        rows.filter(pk__in=ids).delete()
        gone += len(ids)
    return gone


def lock_in_sql(model: type[M], sql: str, params: Mapping[str, Any], *, at_least: int = 0) -> list[tuple[Any, ...]]:
    """Run a statement that locks rows of the model by itself, in an order and with conditions only SQL can say.

    Fewer than `at_least` are let go again, so that asking once more, on the same rung, waits with empty hands.
    """
    rank = getattr(connection, "lock_rank", -1)
    _climb(model)
    before = transaction.savepoint()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = list(cursor.fetchall())
    if len(rows) < at_least:
        transaction.savepoint_rollback(before)
        _lock_rank(rank)
    else:
        transaction.savepoint_commit(before)
    return rows


@contextmanager
def on_one_rung(model: type[models.Model]) -> Iterator[None]:
    """Let what is called inside lock rows of the model more than once.

    For a step whose statements depend on each other, and which has taken a turn so that its like do not wait for each
    other in a ring; with anybody else the database sees the ring, and one of them is Busy.
    """
    token = _same_rung.set(model._meta.label)
    try:
        yield
    finally:
        _same_rung.reset(token)


@contextmanager
def attempt() -> Iterator[None]:
    """Undo what is done inside when it raises, its locks included; the transaction goes on for whoever catches it.

    Raises: what is raised inside; the refusal that a violated constraint is named by.
    """
    rank = getattr(connection, "lock_rank", -1)
    try:
        with transaction.atomic():
            yield
    except DomainError:
        _lock_rank(rank)
        raise
    except IntegrityError as exc:
        _lock_rank(rank)
        refusal = refusal_for_constraint(_constraint(exc))
        if refusal is None:
            raise
        raise refusal from exc


@contextmanager
def advisory_lock(name: str) -> Iterator[bool]:
    """Hold the named lock of this database session, or yield False at once when another session has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


@step
def take_turn(name: str) -> None:
    """Wait until nobody else is between `take_turn(name)` and the end of their transaction.

    For what no row can be locked for, such as a limit over rows that are not there yet. Raises: Busy
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _in_transaction() -> bool:
    return not all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def _climb(model: type[models.Model]) -> None:
    rank = LOCK_ORDER.index(model._meta.label)
    current: int = getattr(connection, "lock_rank", -1)
    again = rank == current and _same_rung.get() == model._meta.label
    if rank <= current and not again:
        raise RuntimeError(f"{model._meta.label} locked after {LOCK_ORDER[current]}.")
    _lock_rank(rank)


def _lock_rank(rank: int) -> None:
    setattr(connection, "lock_rank", rank)  # noqa: B010  (the wrapper's class does not declare it)


def _constraint(exc: IntegrityError) -> str:
    diagnostics: Any = getattr(exc.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


@contextmanager
def hurried(*, seconds: int) -> Iterator[None]:
    """Let the database give up on each statement inside after so many seconds.

    Raises: django.db.OperationalError, when it does
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        yield
