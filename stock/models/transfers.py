"""Bags that go from one partner to another."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from common import clock
from common.blood import BloodGroup
from common.ids import uuid7
from common.labels import day, units
from common.money import Currency, Money
from stock.compatibility import UNKNOWN
from stock.components import Component
from stock.models.units import Unit
from stock.states import BEFORE_DISPATCH, SENDS, UNSERVED, Answer, Fate, TransferEnd, TransferStatus, Urgency


class TransferQuerySet(models.QuerySet["Transfer"]):
    def standing(self, status: TransferStatus, now: dt.datetime) -> TransferQuerySet:
        """Those in this state at the moment, also where no sweep has written it down yet."""
        unmet = Q(status=TransferStatus.REQUESTED, needed_by__lte=now)
        late = unmet | Q(status__in=[TransferStatus.OFFERED, TransferStatus.CONFIRMED], due_at__lte=now)
        if status is TransferStatus.EXPIRED:
            return self.filter(Q(status=status) | late)
        return self.filter(status=status).exclude(late) if status in BEFORE_DISPATCH else self.filter(status=status)


class Transfer(models.Model):
    """Bags that one partner asks for and another sends.

    Transfers that belong to one need share `need`, the id of the first, whose row is the lock for all of them. Whose
    turn it is to act, the state says; `due_at` is the moment at which time acts, and none may act after it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    need = models.UUIDField(help_text="The first transfer of the same need.")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    sender = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=[(s, s) for s in TransferStatus], default=TransferStatus.REQUESTED)
    blood_group = models.CharField(max_length=8, help_text="The recipient's, or «unknown».")
    component = models.CharField(max_length=24, choices=[(c, c.replace("_", " ")) for c in Component])
    units = models.PositiveSmallIntegerField()
    urgency = models.CharField(max_length=8, choices=[(u, u) for u in Urgency])
    needed_by = models.DateTimeField()
    radius_km = models.DecimalField(max_digits=5, decimal_places=2)
    irradiated = models.BooleanField(default=False)
    leukoreduced = models.BooleanField(default=False)
    cmv_negative = models.BooleanField(default=False)
    k_negative = models.BooleanField(default=False)
    recipient_sex = models.CharField(max_length=6, blank=True)
    recipient_age = models.PositiveSmallIntegerField(null=True)
    purpose = models.CharField(max_length=60, blank=True, help_text="What it is for, as in «attender_request:<id>».")
    note = models.CharField(max_length=300, blank=True)
    holding = models.UUIDField(null=True, help_text="Of the bags that the sender keeps for it.")
    units_offered = models.PositiveSmallIntegerField(default=0)
    units_received = models.PositiveSmallIntegerField(default=0, help_text="Sound on arrival.")
    fee_minor = models.PositiveIntegerField(null=True, help_text="The sender's, for each bag, in minor units.")
    fee_currency = models.CharField(max_length=3, blank=True)
    fee_agreed_at = models.DateTimeField(null=True)
    courier = models.CharField(max_length=120, blank=True)
    box = models.CharField(max_length=60, blank=True)
    vehicle = models.CharField(max_length=40, blank=True)
    expected_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=16, blank=True, choices=[(e, e) for e in TransferEnd])
    due_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True, help_text="Of bags on the road: when both sides are asked for them.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = TransferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(TransferStatus)), name="transfer_status_is_known"),
            models.CheckConstraint(condition=Q(component__in=list(Component)), name="transfer_component_is_known"),
            models.CheckConstraint(condition=Q(blood_group__in=[*BloodGroup, UNKNOWN]), name="transfer_group_is_known"),
            models.CheckConstraint(condition=Q(urgency__in=list(Urgency)), name="transfer_urgency_is_known"),
            models.CheckConstraint(condition=Q(units__gt=0, radius_km__gt=0), name="transfer_asks_for_units"),
            models.CheckConstraint(
                condition=Q(units__gte=F("units_offered")) & Q(units_offered__gte=F("units_received")),
                name="transfer_gives_no_more_than_asked",
            ),
            models.CheckConstraint(condition=~Q(sender=F("partner")), name="transfer_is_between_two"),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(SENDS))
                | Q(sender__isnull=False, holding__isnull=False, units_offered__gt=0),
                name="transfer_offered_has_sender",
            ),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False, status__in=sorted(BEFORE_DISPATCH), end_reason="")
                | Q(due_at=None) & ~Q(status__in=sorted(BEFORE_DISPATCH)),
                name="transfer_waits_until_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(end_reason="") & ~Q(status__in=sorted(UNSERVED))
                | Q(end_reason__in=sorted(TransferEnd), status__in=sorted(UNSERVED)),
                name="transfer_end_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(fee_minor=None, fee_currency="", fee_agreed_at=None)
                | Q(fee_minor__isnull=False, fee_currency__regex=r"\A[A-Z]{3}\Z"),
                name="transfer_fee_has_currency",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-id"], name="transfers_of_asker"),
            models.Index(fields=["sender", "-id"], name="transfers_of_sender"),
            models.Index(fields=["need", "id"], name="transfers_of_need"),
            models.Index(fields=["due_at", "id"], name="transfer_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["overdue_at", "id"], name="transfer_overdue", condition=Q(overdue_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Transfer of {day(self.created_at)}, {self.blood_group}, {units(self.units)}"

    @property
    def state(self) -> TransferStatus:
        return TransferStatus(self.status)

    @property
    def is_late(self) -> bool:
        """Whether its moment has passed, swept or not."""
        return self.due_at is not None and self.due_at <= clock.now()

    @property
    def fee(self) -> Transfer | None:
        """Itself when the sender has stated a fee."""
        return None if self.fee_minor is None else self

    @property
    def fee_due(self) -> Money | None:
        """What the asker owes for the sound bags, at the fee that it agreed to; None when that is nothing."""
        if self.fee_agreed_at is None or not self.fee_minor or not self.units_received:
            return None
        return Money(self.fee_minor * self.units_received, Currency(self.fee_currency))

    @property
    def stands(self) -> TransferStatus:
        """The state at the moment; an unanswered one goes on to the next partner until its hour has passed."""
        if self.is_late and (self.state is not TransferStatus.REQUESTED or self.needed_by <= clock.now()):
            return TransferStatus.EXPIRED
        return self.state


class TransferAsk(models.Model):
    """One partner asked for a transfer: until when it may answer, and what came of it."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="asks")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    distance_km = models.DecimalField(max_digits=7, decimal_places=3)
    asked_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answer = models.CharField(max_length=10, blank=True, choices=[(a, a) for a in Answer])
    answered_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transfer", "partner"], name="asked_once_for_a_transfer"),
            models.UniqueConstraint(
                fields=["transfer"], condition=Q(answer=Answer.OFFERED), name="one_offer_for_a_transfer"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | Q(answer__in=sorted(Answer), answered_at__isnull=False),
                name="ask_answer_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "transfer"], name="asks_of_partner", condition=Q(answer="")),
        ]

    @property
    def is_open(self) -> bool:
        """Whether the partner may still answer."""
        return not self.answer and clock.now() < self.answer_by


class TransferUnit(models.Model):
    """One bag of a transfer, and what became of it."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="bags")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    fate = models.CharField(max_length=12, choices=[(f, f) for f in Fate], default=Fate.OFFERED)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transfer", "unit"], name="unit_once_in_a_transfer"),
            models.UniqueConstraint(fields=["unit"], condition=Q(fate=Fate.SENT), name="unit_in_one_box_at_a_time"),
            models.CheckConstraint(condition=Q(fate__in=list(Fate)), name="transfer_unit_fate_is_known"),
        ]


class TransferEvent(models.Model):
    """Who did what to a transfer. Never changed: a trigger refuses it."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=12)
    status = models.CharField(max_length=10)
    actor = models.CharField(max_length=60, help_text="member:… or system")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, null=True, related_name="+")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["transfer", "id"], name="events_of_transfer")]
