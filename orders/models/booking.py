"""Couriers that the logistics provider was asked for, and what it has told of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute
from common.notices import StoredNotice
from orders.states import LIVE_BOOKING, BookingStatus, NoticeOutcome

UNBOOKED = frozenset({BookingStatus.REQUESTED, BookingStatus.CANCELLED, BookingStatus.FAILED})


class CourierBooking(models.Model):
    """One courier asked for; its id is our reference at the provider.

    `ask_at` is when the provider is asked next: for the courier, to call it off, or how it stands. `heard_at` is the
    provider's moment of the latest news: older ones change nothing. A booking that has ended here and may live there
    is asked about until the provider has called it off.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="bookings")
    status = models.CharField(max_length=10, choices=[(s, s) for s in BookingStatus], default=BookingStatus.REQUESTED)
    provider_ref = models.CharField(max_length=120, blank=True, help_text="What the provider calls it.")
    courier = models.CharField(max_length=120, blank=True)
    vehicle = models.CharField(max_length=40, blank=True)
    tracking_url = models.CharField(max_length=500, blank=True)
    failure = models.CharField(max_length=60, blank=True)
    is_cancel_wanted = models.BooleanField(default=False)
    ask_at = models.DateTimeField(null=True)
    asked = models.PositiveSmallIntegerField(default=0, help_text="In vain, one after another.")
    heard_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(BookingStatus)), name="booking_status_is_known"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(status__in=sorted(LIVE_BOOKING)), name="booking_one_live_per_order"
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(UNBOOKED)) | ~Q(provider_ref=""), name="booking_booked_has_ref"
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(LIVE_BOOKING), ended_at=None)
                | ~Q(status__in=sorted(LIVE_BOOKING)) & Q(ended_at__isnull=False),
                name="booking_end_has_a_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["order", "-id"], name="bookings_of_order"),
            models.Index(fields=["ask_at"], name="booking_due", condition=Q(ask_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Booking of {minute(self.created_at)}"

    @property
    def state(self) -> BookingStatus:
        return BookingStatus(self.status)

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_BOOKING


class BookingEvent(models.Model):
    """One step of a booking, and the state after it. Never changed: a trigger refuses it."""

    id = models.BigAutoField(primary_key=True)
    booking = models.ForeignKey(CourierBooking, on_delete=models.CASCADE, related_name="events")
    verb = models.CharField(max_length=16)
    status = models.CharField(max_length=10)
    actor = models.CharField(max_length=60, help_text="member:…, provider or system")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["booking", "id"], name="events_of_booking")]


class CourierNotice(StoredNotice):
    """What the provider has told us of one booking, until it is pruned. The receiver's code is sealed, and wiped when
    it was tried."""

    id = models.BigAutoField(primary_key=True)
    reference = models.CharField(max_length=60, help_text="The booking's id, if it is ours.")
    said = models.JSONField(default=dict)
    code = EncryptedTextField(null=True)
    outcome = models.CharField(max_length=10, choices=[(o, o) for o in NoticeOutcome], default=NoticeOutcome.WAITING)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id"], name="courier_notice_once"),
            models.CheckConstraint(condition=Q(outcome__in=list(NoticeOutcome)), name="courier_notice_is_known"),
        ]
        indexes = [models.Index(fields=["received_at"], name="courier_notice_by_age")]
