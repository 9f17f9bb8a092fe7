"""People: accounts, one-time codes, donors, and the facts that decide whether and when a donor may give."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q

from common import clock
from common.blood import BloodGroup, DonationType, Sex
from common.fields import EncryptedTextField
from common.geo import Point
from common.ids import uuid7
from common.points import place_column
from common.public_id import new_public_id
from common.sessions import AbstractSession
from common.tokens import Realm
from users.states import (
    OPEN_ATTESTATION,
    AssuranceLevel,
    AttestationFailure,
    AttestationStatus,
    ConsentPurpose,
    DocumentKind,
    IdentityMethod,
    Purpose,
    ScoreReason,
    Tag,
)

SEALED_CODE = "users.otpchallenge.code_sealed"  # what a sealed code is encrypted for
TAGS = ((10, Tag.PLATINUM), (5, Tag.GOLD), (2, Tag.BRONZE))  # verified donations; design §5 «Reliability»
LATITUDE, LONGITUDE = Q(lat__gte=-90, lat__lte=90), Q(lng__gte=-180, lng__lte=180)
CALL_LEASE = dt.timedelta(seconds=20)  # more than a call to a provider of identities may take
NO_PLACE = Q(lat__isnull=True, lng__isnull=True)
# ITU-T keeps country code 999 free: a number behind it can never ring.
NOBODY = Q(name="", email="", city="", phone__startswith="+999", is_active=False, is_staff=False) & NO_PLACE


def choices(values: Any) -> list[tuple[str, str]]:
    return [(str(value), str(value).replace("_", " ")) for value in values]


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
    language = models.CharField(max_length=5, default="en")
    zone = models.CharField(max_length=40, default="Asia/Kolkata", help_text="IANA time zone")
    city = models.CharField(max_length=80, blank=True)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    lng = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    located_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True, help_text="Untick to suspend; every session ends at once.")
    is_staff = models.BooleanField(default=False)
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
            models.CheckConstraint(condition=Q(erased_at=None) | NOBODY, name="user_erased_is_nobody"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.public_id})"

    @property
    def location(self) -> Point | None:
        return None if self.lat is None or self.lng is None else Point(float(self.lat), float(self.lng))


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


class Donor(models.Model):
    """A person who may give blood.

    `lat` and `lng` repeat the person's location, and the `…_from`/`…_until` dates repeat what the eligibility rules
    make of deferrals, donations and birthday, because matching has to find donors by one index. Services keep them
    true; accepting and verifying ask the rules again.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="donor")
    blood_group = models.CharField(max_length=4, choices=choices(BloodGroup))
    group_confirmed_at = models.DateTimeField(null=True, blank=True)
    group_confirmed_by = models.UUIDField(null=True, blank=True, help_text="The partner that typed the blood.")
    sex = models.CharField(max_length=6, choices=choices(Sex))
    date_of_birth = models.DateField()
    weight_kg = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    available = models.BooleanField(default=True)
    on_leaderboard = models.BooleanField(default=False)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    lng = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    place = place_column()
    whole_blood_from = models.DateField(null=True)
    whole_blood_until = models.DateField(null=True)
    apheresis_from = models.DateField(null=True)
    apheresis_until = models.DateField(null=True)
    window_rules = models.CharField(
        max_length=16, default="", db_default="", help_text="Fingerprint of the rules that the dates come from."
    )
    score = models.IntegerField(default=0)
    verified_donations = models.PositiveIntegerField(default=0)
    strikes = models.PositiveSmallIntegerField(default=0, help_text="Broken promises since the last lock.")
    locked_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(blood_group__in=list(BloodGroup)), name="donor_group_is_known"),
            models.CheckConstraint(condition=Q(sex__in=list(Sex)), name="donor_sex_is_known"),
            models.CheckConstraint(condition=NO_PLACE | (LATITUDE & LONGITUDE), name="donor_place_is_on_earth"),
        ]
        indexes = [
            # A donor is in the index of one group: the search walks outwards among those who can help.
            *(
                GistIndex(
                    fields=["place"],
                    name=f"donor_place_{group.lower().replace('-', '_neg').replace('+', '_pos')}",
                    condition=Q(available=True, blood_group=str(group)),
                )
                for group in BloodGroup
            ),
            models.Index(fields=["locked_until"], name="donor_locked", condition=Q(locked_until__isnull=False)),
            models.Index(
                fields=["-verified_donations", "-score", "user"],
                name="donor_leaderboard",
                condition=Q(on_leaderboard=True),
            ),
        ]

    @property
    def tag(self) -> Tag:
        return next((tag for least, tag in TAGS if self.verified_donations >= least), Tag.NONE)

    @property
    def location(self) -> Point | None:
        return None if self.lat is None or self.lng is None else Point(float(self.lat), float(self.lng))

    @property
    def lock_in_force(self) -> dt.datetime | None:
        """When the lock ends; None without one, also before the sweep has cleared one that is over."""
        return self.locked_until if self.is_locked(clock.now()) else None

    def is_locked(self, now: dt.datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until


class PastDonation(models.Model):
    """That a donor gave, and when: what the intervals count from. Verified here or declared by the person."""

    donor = models.ForeignKey(Donor, on_delete=models.CASCADE, related_name="past_donations")
    donation_type = models.CharField(max_length=20, choices=choices(DonationType))
    donated_on = models.DateField()
    red_cells_lost = models.BooleanField(default=False, help_text="Of an apheresis: the red cells were not returned.")
    donation_id = models.UUIDField(null=True, help_text="The verified donation; none when only declared.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(donation_type__in=list(DonationType)), name="past_donation_type"),
            models.UniqueConstraint(fields=["donation_id"], name="past_donation_once"),
            models.UniqueConstraint(
                fields=["donor", "donation_type", "donated_on"],
                condition=Q(donation_id=None),
                name="declared_donation_once",
            ),
        ]


class Deferral(models.Model):
    """A reason not to give, as of a day; the rules say for how long."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    donor = models.ForeignKey(Donor, on_delete=models.CASCADE, related_name="deferrals")
    code = models.CharField(max_length=40)
    occurred_on = models.DateField()
    resolved_on = models.DateField(null=True, blank=True)
    recorded_by = models.UUIDField(null=True, help_text="The partner that found it; none when declared.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["donor", "code", "occurred_on"], name="deferral_once"),
            models.CheckConstraint(
                condition=Q(resolved_on=None) | Q(resolved_on__gte=models.F("occurred_on")),
                name="deferral_resolved_after_it_occurred",
            ),
        ]


class ScoreEntry(models.Model):
    """One line of the ledger that explains a donor's score. Never changed."""

    donor = models.ForeignKey(Donor, on_delete=models.PROTECT, related_name="score_entries")
    delta = models.SmallIntegerField()
    reason = models.CharField(max_length=12, choices=choices(ScoreReason))
    assignment_id = models.UUIDField(help_text="The promise that was kept or broken.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment_id"], name="score_once_per_assignment"),
            models.CheckConstraint(condition=Q(reason__in=list(ScoreReason)), name="score_reason_is_known"),
        ]
        indexes = [models.Index(fields=["donor", "-id"], name="score_of_donor")]


class EligibilityRule(models.Model):
    """One dated rule of donor selection with its source; `users.eligibility.rules.Rule` says what the columns mean.

    Loaded from the packaged data by a migration; a medical officer may end a row and add its successor.
    """

    kind = models.CharField(max_length=10)
    code = models.CharField(max_length=60)
    jurisdiction = models.CharField(max_length=5)
    applies_to = models.CharField(max_length=120, help_text="Donation types, separated by blanks.")
    sex = models.CharField(max_length=6, blank=True)
    field = models.CharField(max_length=20, blank=True)
    op = models.CharField(max_length=2, blank=True)
    value = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    first_time = models.BooleanField(default=False)
    over_volume_ml = models.PositiveSmallIntegerField(null=True, blank=True)
    previous = models.CharField(max_length=120, blank=True, help_text="Donation types, separated by blanks.")
    red_cells_lost = models.BooleanField(null=True, blank=True)
    counts_from = models.CharField(max_length=30, blank=True)
    defer_days = models.PositiveIntegerField(null=True, blank=True)
    until_resolved = models.BooleanField(default=False)
    permanent = models.BooleanField(default=False)
    declarable = models.BooleanField(default=False)
    private = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    message = models.TextField()
    source = models.TextField()
    source_item = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=10)
    effective_from = models.DateField()
    effective_to = models.DateField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gt=models.F("effective_from")),
                name="rule_ends_after_it_begins",
            )
        ]
        indexes = [models.Index(fields=["jurisdiction", "kind", "code"], name="rule_by_code")]


class ConsentNotice(models.Model):
    """What a person is told before agreeing: for what, with which data, in which words. Never changed.

    A new text is a new version, loaded by a migration in every language at once.
    """

    purpose = models.CharField(max_length=24, choices=choices(ConsentPurpose))
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=5)
    data = models.JSONField(help_text="The items of data, one line each.")
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version", "language"], name="consent_notice_once"),
            models.CheckConstraint(condition=Q(purpose__in=list(ConsentPurpose)), name="consent_purpose_is_known"),
        ]


class Consent(models.Model):
    """That a person agreed to a notice, and when it was taken back. Kept as proof."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="consents")
    notice = models.ForeignKey(ConsentNotice, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "notice"], condition=Q(withdrawn_at=None), name="one_open_consent_per_notice"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=models.F("granted_at")),
                name="consent_withdrawn_after_it_was_granted",
            ),
        ]


class VisitAnswers(models.Model):
    """What a donor answered before one visit, and the consent given with it.

    Sealed: only the partner of the visit reads it, while the donor is there. `is_record` says that the visit became one
    of which the law asks for records.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment_id = models.UUIDField(help_text="The promise of the visit.")
    donor = models.ForeignKey(Donor, on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=32, help_text="Of the questions as they were asked.")
    language = models.CharField(max_length=5)
    answers = EncryptedTextField(help_text="JSON: each question in its words, and the answer.")
    notice = models.ForeignKey(ConsentNotice, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()
    is_record = models.BooleanField(default=False)
    keep_until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assignment_id"], name="answers_once_per_visit")]
        indexes = [models.Index(fields=["keep_until"], name="answers_to_be_dropped")]


class IdentityAssurance(models.Model):
    """Evidence that a person reached a level. Holds no number, virtual id, share code, document or photo.

    Ended rows have lost their last four digits; the digest of the reference stays, so that no file counts twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assurances")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="+")
    level = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=20, choices=choices(IdentityMethod))
    last4 = models.CharField(max_length=4, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    transaction_id = models.CharField(max_length=80, blank=True, help_text="The provider's.")
    subject_digest = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Keyed, of the provider's own token for the person."
    )
    reference_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the offline file's reference id.")
    certificate_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the certificate that signed it.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When the consent was withdrawn.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level=AssuranceLevel.FORMAT_VALID, method=IdentityMethod.AADHAAR_FORMAT)
                | Q(level=AssuranceLevel.PROVIDER_ATTESTED, method=IdentityMethod.LICENSED_PROVIDER)
                & ~Q(provider="")
                & ~Q(transaction_id="")
                | Q(
                    level=AssuranceLevel.OFFLINE_EKYC,
                    method=IdentityMethod.AADHAAR_OFFLINE_XML,
                    reference_sha256__regex="^[0-9a-f]{64}$",
                    certificate_sha256__regex="^[0-9a-f]{64}$",
                ),
                name="assurance_has_its_evidence",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, last4__regex="^[0-9]{4}$") | Q(last4=""), name="assurance_keeps_four_digits"
            ),
            models.CheckConstraint(
                condition=Q(subject_digest="")
                | Q(level=AssuranceLevel.PROVIDER_ATTESTED, ended_at=None, subject_digest__regex="^[0-9a-f]{64}$"),
                name="assurance_knows_its_subject_while_it_holds",
            ),
            models.UniqueConstraint(
                fields=["subject_digest"], condition=~Q(subject_digest=""), name="one_account_per_attested_person"
            ),
            models.UniqueConstraint(
                fields=["provider", "transaction_id"],
                condition=~Q(transaction_id=""),
                name="attestation_counts_once",
            ),
            models.UniqueConstraint(
                fields=["reference_sha256"], condition=~Q(reference_sha256=""), name="offline_file_counts_once"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-level", "-id"], name="assurance_of_person", condition=Q(ended_at=None))
        ]


class IdentityAttestation(models.Model):
    """One dialogue with a licensed provider: a code to the telephone it knows, and what it says to the code.

    Its id is what the provider knows the dialogue by, so that whatever got lost can be asked for again. Holds
    neither the number nor the code nor anything of the person.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=40)
    status = models.CharField(max_length=12, choices=choices(AttestationStatus), default=AttestationStatus.STARTING)
    failure = models.CharField(max_length=16, choices=choices(AttestationFailure), blank=True)
    request_key = models.CharField(max_length=64, blank=True, help_text="Digest of the Idempotency-Key it began with.")
    tries_left = models.PositiveSmallIntegerField()
    called_at = models.DateTimeField(null=True, help_text="Since when a call to the provider may be under way.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(AttestationStatus)), name="attestation_status_is_known"),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_ATTESTATION, closed_at__isnull=True)
                | ~Q(status__in=OPEN_ATTESTATION) & Q(closed_at__isnull=False),
                name="attestation_is_closed_when_it_is_over",
            ),
            models.CheckConstraint(
                condition=Q(status=AttestationStatus.FAILED, failure__in=list(AttestationFailure))
                | ~Q(status=AttestationStatus.FAILED) & Q(failure=""),
                name="attestation_failed_for_a_reason",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(closed_at=None), name="one_open_attestation_per_person"
            ),
            models.UniqueConstraint(
                fields=["user", "request_key"], condition=~Q(request_key=""), name="attestation_begun_once_per_key"
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="attestation_open", condition=Q(closed_at=None)),
            models.Index(fields=["closed_at"], name="attestation_closed", condition=Q(closed_at__isnull=False)),
        ]

    def may_be_under_way(self, now: dt.datetime) -> bool:
        """Whether a call to the provider may still be waiting for its answer."""
        return self.called_at is not None and now < self.called_at + CALL_LEASE


class Document(models.Model):
    """A file that a person gave us to show to somebody: for the person's eyes, and for those it was attached for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="documents")
    file = models.OneToOneField("common.PrivateFile", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=choices(DocumentKind))
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(DocumentKind)), name="document_kind_is_known"),
        ]
        indexes = [models.Index(fields=["owner", "-id"], name="documents_of_person")]


class DocumentUse(models.Model):
    """What a document is shown for; while that is open, whoever decides about it may see the document."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="uses")
    purpose = models.CharField(max_length=80, help_text="What it was attached to: «attender_request:<id>».")
    attached_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "purpose"], name="document_once_per_purpose")]
        indexes = [models.Index(fields=["purpose", "id"], name="documents_of_purpose")]
