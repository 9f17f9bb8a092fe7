"""Organisations and the people who work for them."""

from __future__ import annotations

import copy
import uuid
from typing import Any, cast

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from common import clock
from common.fields import E164Field
from common.geo import Point
from common.ids import uuid7
from common.phone import E164_PATTERN
from common.points import place_column
from common.sessions import AbstractSession
from common.tokens import Realm
from partners import facility_codes
from partners.searching import SearchDocument
from partners.states import PartnerKind, PartnerStatus, Role, TestPart

SEARCHED = ("name", "city", "license_key")


class PartnerQuerySet(models.QuerySet["Partner"]):
    def real(self) -> PartnerQuerySet:
        """Those that are no part of anybody's test data."""
        return self.filter(test_world=None)

    def public(self, world: uuid.UUID | None = None) -> PartnerQuerySet:
        """Those that the directory shows: live ones, and listings, also while a claim of them waits.

        No test data, unless `world` says which: then nothing else.
        """
        claimed = Q(status=PartnerStatus.PENDING, in_directory=True)
        shown = self.filter(Q(status__in=[PartnerStatus.LIVE, PartnerStatus.LISTED]) | claimed)
        return shown.filter(test_world=world)

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
    test_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="Whose test world it is part of; empty for every real partner.",
    )
    test_part = models.CharField(
        max_length=12, blank=True, db_default="", editable=False, help_text="Its part in that world."
    )
    test_world = models.UUIDField(
        null=True, blank=True, editable=False, help_text="What all parts of one world have in common."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PartnerQuerySet.as_manager()

    # Filled by the search around a place only.
    distance_km: float
    # Filled for a twin only: the part and the key of each in its world.
    parts: list[tuple[str, uuid.UUID]]

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
                condition=Q(rating_stars__gte=F("rating_count"), rating_stars__lte=F("rating_count") * 5),
                name="partner_stars_are_one_to_five_each",
            ),
            models.CheckConstraint(condition=Q(kind__in=list(PartnerKind)), name="partner_kind_is_known"),
            models.CheckConstraint(
                condition=Q(test_of=None, test_part="", test_world=None)
                | Q(test_of__isnull=False, test_part__in=list(TestPart), test_world__isnull=False)
                & ~Q(test_of=F("id")),
                name="partner_test_part_is_whole",
            ),
            models.UniqueConstraint(
                fields=["test_of", "test_part"],
                condition=Q(status=PartnerStatus.LIVE),
                name="partner_test_part_once",
            ),
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
    def is_test(self) -> bool:
        return self.test_of_id is not None

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


class MemberQuerySet(models.QuerySet["Member"]):
    def people(self) -> MemberQuerySet:
        """Those who are somebody: they sign in, are told things, and are shown among the members."""
        return self.filter(is_system=False)


class Member(models.Model):
    """Somebody who works for a partner; a different account from the same person's own.

    An API key acts as one too, which has no number and no password.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="members")
    name = models.CharField(max_length=120)
    phone = E164Field(blank=True)
    password = models.CharField(max_length=128)
    role = models.CharField(max_length=12, choices=[(r, r) for r in Role])
    language = models.CharField(max_length=5, default="en")
    is_active = models.BooleanField(default=True)
    is_system = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="As whom an API key acts; nobody signs in as it."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = MemberQuerySet.as_manager()

    is_authenticated = True

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone"], condition=Q(is_active=True, is_system=False), name="member_phone_unique"
            ),
            models.CheckConstraint(
                condition=Q(is_system=True, phone="") | Q(is_system=False, phone__regex=E164_PATTERN),
                name="member_phone_is_e164",
            ),
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
