"""How much is known of who a person is, and how it came to be known."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from common.ids import uuid7
from common.labels import minute
from users.models.accounts import User
from users.models.columns import choices
from users.models.consents import Consent
from users.states import OPEN_ATTESTATION, AssuranceLevel, AttestationFailure, AttestationStatus, IdentityMethod

CALL_LEASE = dt.timedelta(seconds=20)  # more than a call to a provider of identities may take


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

    def __str__(self) -> str:
        return f"Level {self.level}, {self.method}, {minute(self.created_at)}"


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

    def __str__(self) -> str:
        return f"{self.provider}, {minute(self.created_at)}"

    def may_be_under_way(self, now: dt.datetime) -> bool:
        """Whether a call to the provider may still be waiting for its answer."""
        return self.called_at is not None and now < self.called_at + CALL_LEASE
