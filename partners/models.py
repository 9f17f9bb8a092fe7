"""Organisations and the people who work for them."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any, cast

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from common import clock
from common.fields import E164Field, e164_check
from common.geo import Point
from common.ids import uuid7
from common.money import BASIS_POINTS, LARGEST, Currency
from common.points import place_column
from common.sessions import AbstractSession
from common.tokens import Realm
from partners import facility_codes
from partners.searching import SearchDocument
from partners.states import (
    UNDECIDED,
    ComplaintCategory,
    ComplaintStatus,
    PartnerKind,
    PartnerStatus,
    Role,
    SubjectKind,
)

SEARCHED = ("name", "city", "license_key")


class PartnerQuerySet(models.QuerySet["Partner"]):
    def public(self) -> PartnerQuerySet:
        """Those that the directory shows: live ones, and listings, also while a claim of them waits."""
        claimed = Q(status=PartnerStatus.PENDING, in_directory=True)
        return self.filter(Q(status__in=[PartnerStatus.LIVE, PartnerStatus.LISTED]) | claimed)

    def of_kind(self, kind: PartnerKind) -> PartnerQuerySet:
        """A partner that is both a hospital and a blood bank is one of each."""
        return self.filter(kind__in={kind, PartnerKind.BOTH})


class Partner(models.Model):
    """A hospital, a blood bank, or both; one from the directory is only listed until it is claimed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    status = models.CharField(max_length=10, choices=[(s, s) for s in PartnerStatus], default=PartnerStatus.PENDING)
    kind = models.CharField(max_length=10, choices=[(k, k.replace("_", " ")) for k in PartnerKind])
    name = models.CharField(max_length=200)
    license_number = models.CharField(max_length=80)
    license_key = models.CharField(max_length=80, help_text="The licence in the form in which two are compared.")
    category = models.CharField(max_length=12, default="unknown")
    phone = E164Field(blank=True)
    email = models.EmailField(blank=True)
    website = models.URLField(blank=True)
    address = models.TextField(blank=True)
    city = models.CharField(max_length=80)
    district = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=80)
    pincode = models.CharField(max_length=6, blank=True)
    lat = models.DecimalField(max_digits=9, decimal_places=6)
    lng = models.DecimalField(max_digits=9, decimal_places=6)
    place = place_column()
    zone = models.CharField(max_length=40, default="Asia/Kolkata", help_text="IANA time zone")
    service_hours = models.CharField(max_length=80, blank=True)
    has_components = models.BooleanField(null=True)
    has_apheresis = models.BooleanField(null=True)
    in_directory = models.BooleanField(default=False, help_text="Came from the national directory.")
    claimed_profile = models.JSONField(null=True, blank=True, help_text="What a claimant says; applied on approval.")
    facility_code = models.CharField(  # noqa: DJ001 - several partners have none, and «none» is not a code
        max_length=5,
        null=True,
        blank=True,
        help_text="ISBT 128 facility code; «9» and four letters is a placeholder.",
    )
    rating_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    rating_stars = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="Of all ratings together."
    )
    flagged_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when many complaints wait for a review."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PartnerQuerySet.as_manager()

    # Filled by the search around a place only.
    distance_km: float

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["license_key"], name="partner_license_unique"),
            models.UniqueConstraint(fields=["facility_code"], name="partner_facility_code_unique"),
            models.CheckConstraint(
                condition=Q(facility_code=None) | Q(facility_code__regex=facility_codes.PATTERN),
                name="partner_facility_code_is_isbt",
            ),
            models.CheckConstraint(condition=Q(status__in=list(PartnerStatus)), name="partner_status_is_known"),
            models.CheckConstraint(
                condition=Q(rating_stars__gte=models.F("rating_count"), rating_stars__lte=models.F("rating_count") * 5),
                name="partner_stars_are_one_to_five_each",
            ),
            models.CheckConstraint(condition=Q(kind__in=list(PartnerKind)), name="partner_kind_is_known"),
            models.CheckConstraint(
                condition=Q(claimed_profile=None) | Q(status=PartnerStatus.PENDING),
                name="partner_claim_only_while_pending",
            ),
            models.CheckConstraint(
                condition=Q(lat__gte=-90, lat__lte=90, lng__gte=-180, lng__lte=180),
                name="partner_place_is_on_earth",
            ),
        ]
        indexes = [
            GistIndex(fields=["place"], name="partner_place"),
            GinIndex(SearchDocument(*SEARCHED), name="partner_search"),
            models.Index(Lower("city"), "id", name="partner_city"),
            models.Index(Lower("state"), "id", name="partner_state"),
            models.Index(fields=["status", "id"], name="partner_by_status"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rating_average(self) -> float | None:
        """To a tenth of a star; None where nobody rated."""
        return round(self.rating_stars / self.rating_count, 1) if self.rating_count else None

    @property
    def is_live(self) -> bool:
        return self.status == PartnerStatus.LIVE

    @property
    def is_claimed(self) -> bool:
        return self.status != PartnerStatus.LISTED

    @property
    def location(self) -> Point:
        return Point(float(self.lat), float(self.lng))

    def as_claimed(self) -> Partner:
        """The partner as its claimant describes it; itself when no claim is waiting."""
        shown = copy.copy(self)
        shown.take_profile(self.claimed_profile or {})
        return shown

    def take_profile(self, profile: dict[str, str | None]) -> None:
        """Set the columns that a claimed profile names."""
        for name, text in profile.items():
            column = cast("models.Field[Any, Any]", self._meta.get_field(name))
            setattr(self, name, column.to_python(text))


class PartnerEvent(models.Model):
    """Who did what to a partner, and why. Never changed."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=20)
    actor = models.CharField(max_length=120)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)


class Member(models.Model):
    """Somebody who works for a partner; a different account from the same person's own."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="members")
    name = models.CharField(max_length=120)
    phone = E164Field()
    password = models.CharField(max_length=128)
    role = models.CharField(max_length=12, choices=[(r, r) for r in Role])
    language = models.CharField(max_length=5, default="en")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    is_authenticated = True

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["phone"], condition=Q(is_active=True), name="member_phone_unique"),
            e164_check("phone", name="member_phone_is_e164"),
            models.CheckConstraint(condition=Q(role__in=list(Role)), name="member_role_is_known"),
        ]
        indexes = [models.Index(fields=["partner", "id"], name="members_of_partner")]

    def __str__(self) -> str:
        return f"{self.name}, {self.role}"

    def set_password(self, password: str) -> None:
        self.password = make_password(password)

    def check_password(self, password: str) -> bool:
        return check_password(password, self.password)


class MemberSession(AbstractSession):
    """A device on which a member is signed in."""

    realm = Realm.PARTNER
    account = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="sessions")

    class Meta:
        indexes = [
            models.Index(fields=["account", "-last_used_at"], name="member_open_sessions", condition=Q(ended_at=None))
        ]


class Complaint(models.Model):
    """A case that an administrator works on: of a person about a partner, or of a partner about a person it met.

    One of the two authors, and one of the two it is about; `note` is for administrators alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    status = models.CharField(max_length=10, choices=[(s, s) for s in ComplaintStatus], default=ComplaintStatus.OPEN)
    category = models.CharField(max_length=16, choices=[(c, c.replace("_", " ")) for c in ComplaintCategory])
    text = models.TextField()
    by_person = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    by_partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="+")
    by_member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    about_partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="complaints")
    about_person = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    subject_kind = models.CharField(max_length=16, blank=True, choices=[(k, k) for k in SubjectKind])
    subject_id = models.UUIDField(null=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    taken_by = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(ComplaintStatus)), name="complaint_status_is_known"),
            models.CheckConstraint(
                condition=Q(category__in=list(ComplaintCategory)), name="complaint_category_is_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    by_person__isnull=False,
                    about_partner__isnull=False,
                    by_partner=None,
                    by_member=None,
                    about_person=None,
                )
                | Q(
                    by_partner__isnull=False,
                    by_member__isnull=False,
                    about_person__isnull=False,
                    by_person=None,
                    about_partner=None,
                ),
                name="complaint_has_two_sides",
            ),
            models.CheckConstraint(
                condition=Q(subject_kind="", subject_id=None)
                | Q(subject_kind__in=list(SubjectKind), subject_id__isnull=False),
                name="complaint_subject_is_whole",
            ),
            models.UniqueConstraint(
                fields=["by_person", "by_partner", "about_partner", "about_person"],
                condition=Q(status__in=[str(state) for state in sorted(UNDECIDED)]),
                nulls_distinct=False,
                name="one_open_complaint_each",
            ),
        ]
        indexes = [
            models.Index(fields=["by_person", "-id"], name="complaints_of_person"),
            models.Index(fields=["by_partner", "-id"], name="complaints_of_partner"),
            models.Index(fields=["about_partner", "created_at"], name="complaints_about_partner"),
            models.Index(fields=["status", "id"], name="complaints_by_status"),
        ]

    @property
    def subject(self) -> dict[str, Any] | None:
        """What it happened at, by kind and id."""
        return {"kind": self.subject_kind, "id": self.subject_id} if self.subject_kind else None


class ComplaintEvent(models.Model):
    """Who did what to a case. Never changed."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=12)
    actor = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)


class PriceList(models.Model):
    """What a bank charges: for processing by component, for delivery by distance, and for cancelling late.

    Blood itself is never sold (India: Drugs Rules; only a processing charge is allowed). Taxes are in basis points.
    """

    partner = models.OneToOneField(Partner, on_delete=models.PROTECT, primary_key=True, related_name="+")
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    tax_name = models.CharField(max_length=20, default="GST")
    processing_tax_bp = models.PositiveIntegerField(default=0)
    delivery_tax_bp = models.PositiveIntegerField(default=0)
    cancel_accepted_minor = models.PositiveBigIntegerField(default=0, help_text="Kept when bags were reserved.")
    cancel_packed_minor = models.PositiveBigIntegerField(default=0, help_text="Kept when bags were packed.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(currency__in=list(Currency)), name="price_list_currency_is_known"),
            models.CheckConstraint(
                condition=Q(processing_tax_bp__lte=BASIS_POINTS, delivery_tax_bp__lte=BASIS_POINTS),
                name="price_list_taxes_are_shares",
            ),
            models.CheckConstraint(
                condition=Q(cancel_accepted_minor__lte=LARGEST, cancel_packed_minor__lte=LARGEST),
                name="price_list_fees_are_payable",
            ),
        ]


class ProcessingCharge(models.Model):
    """What one bag of a component costs."""

    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="processing")
    component = models.CharField(max_length=24)
    charge_minor = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["price_list", "component"], name="processing_charge_once"),
            models.CheckConstraint(condition=Q(charge_minor__lte=LARGEST), name="processing_charge_is_payable"),
        ]


class DeliveryBand(models.Model):
    """What a delivery costs up to a distance; beyond the farthest band there is none."""

    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="delivery")
    up_to_km = models.DecimalField(max_digits=6, decimal_places=2)
    charge_minor = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["price_list", "up_to_km"], name="delivery_band_once"),
            models.CheckConstraint(
                condition=Q(up_to_km__gt=0, charge_minor__lte=LARGEST), name="delivery_band_is_payable"
            ),
        ]


class Contract(models.Model):
    """A bank's own prices for one hospital, which pays once a month instead of before each delivery."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bank = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    hospital = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, help_text="The last day; empty: until it is ended.")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=60, blank=True)
    made_by = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bank", "hospital"], condition=Q(ended_at=None), name="one_contract_between_two"
            ),
            models.CheckConstraint(condition=~Q(bank=F("hospital")), name="contract_is_between_two"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="contract_ends_after_start"
            ),
        ]
        indexes = [
            models.Index(fields=["hospital", "-id"], name="contracts_of_hospital"),
            models.Index(fields=["bank", "-id"], name="contracts_of_bank"),
        ]

    def is_in_force(self, day: dt.date) -> bool:
        return self.ended_at is None and self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


class ContractCharge(models.Model):
    """What one bag of a component costs this hospital; other components cost what the price list says."""

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="processing")
    component = models.CharField(max_length=24)
    charge_minor = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "component"], name="contract_charge_once"),
            models.CheckConstraint(condition=Q(charge_minor__lte=LARGEST), name="contract_charge_is_payable"),
        ]
