"""The tables of the audit log. Triggers keep their rows as they are (migration 0004)."""

from __future__ import annotations

from enum import StrEnum

from django.db import models

from common.audit.states import ActorKind, AuditRealm, Deed


def known(values: type[StrEnum], column: str, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(**{f"{column}__in": list(values)}), name=name)


class AuditEntry(models.Model):
    """One deed. Written in its transaction; never changed, and not deleted within a year."""

    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=16, choices=[(kind, kind) for kind in ActorKind])
    actor_id = models.CharField(max_length=40, blank=True)
    partner_id = models.UUIDField(null=True, help_text="For whom a member or a key acted.")
    realm = models.CharField(max_length=8, choices=[(realm, realm) for realm in AuditRealm])
    deed = models.CharField(max_length=8, choices=[(deed, deed) for deed in Deed])
    act = models.CharField(max_length=120, help_text="The command, the kind of data that was read, or the admin's act.")
    route = models.CharField(max_length=120, blank=True)
    subject_kind = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    facts = models.TextField(blank=True, help_text="JSON: further ids, names of what was given, steps of states.")
    outcome = models.CharField(max_length=60, help_text="«done», or the code of the refusal.")
    request_id = models.CharField(max_length=64, blank=True)
    network = models.CharField(max_length=50, blank=True, help_text="Where it came from, cut to a network.")

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        constraints = [
            known(ActorKind, "actor_kind", "audit_actor_is_known"),
            known(AuditRealm, "realm", "audit_realm_is_known"),
            known(Deed, "deed", "audit_deed_is_known"),
        ]
        indexes = [
            models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
            models.Index(fields=["subject_id", "-id"], name="audit_by_subject"),
            models.Index(
                fields=["partner_id", "-id"], name="audit_by_partner", condition=models.Q(partner_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deed}: {self.act}"


class AuditPending(models.Model):
    """An entry that waits for its place in the chain: the queue that the worker empties."""

    entry_id = models.BigIntegerField(primary_key=True)

    class Meta:
        verbose_name = "audit entry to be chained"


class AuditLink(models.Model):
    """An entry's place in the chain. `hash` covers the entry, the number and the hash before."""

    number = models.BigIntegerField(primary_key=True, help_text="From 1, without a gap.")
    entry_id = models.BigIntegerField(unique=True)
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = "audit link"


class AuditAnchor(models.Model):
    """The newest link at a moment, signed: who rewrites the chain cannot sign it anew."""

    number = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    key = models.CharField(max_length=64, help_text="The Ed25519 public key, in hex.")
    seal = models.BinaryField(max_length=64)

    class Meta:
        verbose_name = "audit anchor"

    def __str__(self) -> str:
        return f"Anchor at {self.number}"


class AuditCut(models.Model):
    """Up to where the chain was deleted when its time was over: what follows is verified from this hash on, signed."""

    through = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    key = models.CharField(max_length=64)
    seal = models.BinaryField(max_length=64)

    class Meta:
        verbose_name = "audit cut"
