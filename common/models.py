"""The kernel's own tables: the outbox, idempotent replies, throttles, what is live, and private files."""

from django.db import models

from common import clock
from common.audit.tables import AuditAnchor, AuditCut, AuditEntry, AuditLink, AuditPending
from common.ids import uuid7
from common.labels import minute

__all__ = [
    "AuditAnchor",
    "AuditCut",
    "AuditEntry",
    "AuditLink",
    "AuditPending",
    "IdempotentReply",
    "LiveChange",
    "LiveTopic",
    "OutboxEvent",
    "PrivateFile",
    "RetentionPeriod",
    "RetentionRun",
    "Throttle",
    "Told",
]


class OutboxEvent(models.Model):
    """Something that happened and still has to be told. Written in the same transaction as the deed."""

    name = models.CharField(max_length=80)
    key = models.CharField(max_length=80, help_text="What it happened to; events of one key are told in order.")
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    available_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["available_at"], name="outbox_due", condition=models.Q(done_at=None)),
            models.Index(fields=["key", "id"], name="outbox_open_by_key", condition=models.Q(done_at=None)),
            models.Index(fields=["done_at"], name="outbox_done", condition=models.Q(done_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {minute(self.created_at)}"


class Told(models.Model):
    """One handler has finished one event. Written with the handler's own effect."""

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="told")
    handler = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="each_handler_once")]


class IdempotentReply(models.Model):
    """The reply to a POST that carried an Idempotency-Key, kept 24 hours; the body is encrypted."""

    digest = models.CharField(max_length=64, primary_key=True, help_text="Who, method, path and key.")
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)


class Throttle(models.Model):
    """When the next call under this key would be exactly on schedule (GCRA's theoretical arrival time)."""

    key = models.CharField(max_length=64, primary_key=True)
    arrival = models.DateTimeField(db_index=True)


class LiveTopic(models.Model):
    """How many changes a person or partner has been shown; the row's lock is what keeps them in order."""

    id = models.UUIDField(primary_key=True)
    last = models.PositiveBigIntegerField()


class LiveChange(models.Model):
    """A change that a topic's listeners are told. Ids only; kept for as long as somebody may resume."""

    topic = models.UUIDField()
    number = models.PositiveBigIntegerField(help_text="From 1, without a gap, in the order of the commits.")
    name = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "number"], name="live_change_once")]


class RetentionPeriod(models.Model):
    """How long a rule keeps things from a moment on. Rows are added, never changed: the newest holds."""

    rule = models.CharField(max_length=60)
    hours = models.PositiveIntegerField()
    floor_hours = models.PositiveIntegerField(help_text="The least that the rule's law or protocol allows.")
    reason = models.CharField(max_length=300)
    set_by = models.CharField(max_length=60)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(hours__gte=models.F("floor_hours")), name="retention_not_below_floor"
            ),
        ]
        indexes = [models.Index(fields=["rule", "-id"], name="retention_by_rule")]

    def __str__(self) -> str:
        return f"{self.rule}, {minute(self.set_at)}"


class RetentionRun(models.Model):
    """When a rule last ran, and how many rows it has touched then and in all."""

    rule = models.CharField(max_length=60, primary_key=True)
    last_at = models.DateTimeField()
    last_rows = models.PositiveIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return self.rule


class LiveTicket(models.Model):
    """Leave to open one stream, for a client that cannot send a header. Gone once it is used."""

    digest = models.CharField(max_length=64, primary_key=True)
    realm = models.CharField(max_length=10, help_text="Which of the two streams it opens.")
    kind = models.CharField(max_length=10, help_text="What it stands for: a person's session, a member's, a key.")
    credential = models.UUIDField(help_text="The id of that.")
    access_until = models.DateTimeField(null=True, help_text="When the stream ends at the latest.")
    expires_at = models.DateTimeField(db_index=True)


class PrivateFile(models.Model):
    """A file that nobody sees without a link. `content` is sealed here until a storage has it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=32, unique=True, help_text="Its random name in the storage.")
    name = models.CharField(max_length=100, blank=True)
    content_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    storage = models.CharField(max_length=12, blank=True, help_text="Where it lies, or is being carried to.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    stored_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True, help_text="Since when it is only there to be removed.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(content__isnull=False, stored_at=None, discarded_at=None)
                | models.Q(content=None, stored_at__isnull=False, discarded_at=None) & ~models.Q(storage="")
                | models.Q(content=None, name="", discarded_at__isnull=False),
                name="private_file_is_in_one_place",
            ),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="private_file_is_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.content_type}, {minute(self.created_at)}"


class Setting(models.Model):
    """A value that administrators have set while the product runs (common/operating.py says which there are)."""

    name = models.CharField(max_length=60, primary_key=True)
    value = models.JSONField()
    changed_at = models.DateTimeField()


class SettingChange(models.Model):
    """Who changed which setting, from what to what, and why. Append-only."""

    name = models.CharField(max_length=60, db_index=True)
    before = models.CharField(max_length=300, blank=True)
    after = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=60)
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="setting_change_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.name}, {minute(self.created_at)}"
