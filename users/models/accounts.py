"""Accounts of people: who signs in, from where, with which one-time codes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q

from common import clock
from common.geo import Point
from common.ids import uuid7
from common.public_id import new_public_id
from common.sessions import AbstractSession
from common.tokens import Realm
from users.models.columns import LATITUDE, LONGITUDE, NO_PLACE, choices
from users.states import EmailStatus, Purpose

SEALED_CODE = "users.otpchallenge.code_sealed"  # what a sealed code is encrypted for
# ITU-T keeps country code 999 free: a number behind it can never ring.
NOBODY = Q(name="", email="", city="", phone__startswith="+999", is_active=False, is_staff=False) & NO_PLACE


class UserManager(BaseUserManager["User"]):
    def create_user(self, phone: str, password: str | None = None, **values: Any) -> User:
        """Create an account; without a password nobody can sign in with one."""
        user = self.model(phone=phone, **values)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, phone: str, password: str | None = None, **values: Any) -> User:
        """Create an administrator."""
        return self.create_user(phone, password, is_staff=True, is_superuser=True, **values)


class User(AbstractBaseUser, PermissionsMixin):
    """A person; administrators are the staff among them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    public_id = models.CharField(max_length=20, default=new_public_id, editable=False)
    phone = models.CharField(max_length=16, help_text="E.164")
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    email_verified_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when the address is known to be the person's."
    )
    email_refused_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when the mail server knows no such mailbox."
    )
    language = models.CharField(max_length=5, default="en")
    zone = models.CharField(max_length=40, default="Asia/Kolkata", help_text="IANA time zone")
    city = models.CharField(max_length=80, blank=True)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    lng = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    located_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True, help_text="Untick to suspend; every session ends at once.")
    is_staff = models.BooleanField(default=False)
    test_world = models.UUIDField(
        null=True, editable=False, help_text="The test data that this person is part of; nobody is behind it."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    erased_at = models.DateTimeField(null=True, editable=False, help_text="Since when this is nobody.")

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "phone"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["phone"], name="user_phone_unique"),
            models.UniqueConstraint(fields=["public_id"], name="user_public_id_unique"),
            models.CheckConstraint(condition=Q(phone__regex=r"^\+[1-9]\d{6,14}$"), name="user_phone_is_e164"),
            models.CheckConstraint(condition=NO_PLACE | (LATITUDE & LONGITUDE), name="user_place_is_on_earth"),
            models.CheckConstraint(
                condition=Q(email_verified_at=None, email_refused_at=None) | ~Q(email=""),
                name="user_email_is_there_to_be_verified",
            ),
            models.CheckConstraint(condition=Q(erased_at=None) | NOBODY, name="user_erased_is_nobody"),
            models.CheckConstraint(
                condition=Q(test_world=None) | Q(phone__startswith="+999", email="", is_staff=False),
                name="user_in_test_data_is_nobody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.public_id})"

    def get_full_name(self) -> str:
        """Return the name, which the administration shows of whoever is signed in."""
        return self.name

    @property
    def location(self) -> Point | None:
        return None if self.lat is None or self.lng is None else Point(float(self.lat), float(self.lng))

    @property
    def email_status(self) -> EmailStatus:
        if not self.email:
            return EmailStatus.NONE
        if self.email_refused_at is not None:
            return EmailStatus.REFUSED
        return EmailStatus.UNVERIFIED if self.email_verified_at is None else EmailStatus.VERIFIED

    def change_email(self, email: str) -> None:
        """Take another address, of which nothing is known yet; the same one stays as it is."""
        if email.lower() != self.email.lower():
            self.email_verified_at = self.email_refused_at = None
        self.email = email


class Session(AbstractSession):
    """A device on which a person is signed in."""

    realm = Realm.USER
    account = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")

    class Meta:
        indexes = [
            models.Index(fields=["account", "-last_used_at"], name="user_open_sessions", condition=Q(ended_at=None))
        ]


class OtpChallenge(models.Model):
    """A one-time code sent to a number. The digest decides; the sealed code is wiped once a message carries it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    phone = models.CharField(max_length=16)
    purpose = models.CharField(max_length=24, choices=choices(Purpose))
    account_id = models.UUIDField(null=True, help_text="Whom the code signs in; none for a number without account.")
    language = models.CharField(max_length=5, default="en")
    code_digest = models.CharField(max_length=64)
    code_sealed = models.BinaryField(null=True)
    attempts_left = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(purpose__in=list(Purpose)), name="otp_purpose_is_known"),
            models.UniqueConstraint(
                fields=["phone", "purpose"], condition=Q(closed_at=None), name="one_open_code_per_purpose"
            ),
        ]
