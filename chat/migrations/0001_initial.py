"""Conversations; what is said can lose its words, and never be changed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.clock
import common.fields
import common.ids

STAYS = """
CREATE FUNCTION chat_message_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.conversation_id, NEW.number, NEW.kind, NEW.role, NEW.code, NEW.source, NEW.created_at)
        IS DISTINCT FROM
        (OLD.id, OLD.conversation_id, OLD.number, OLD.kind, OLD.role, OLD.code, OLD.source, OLD.created_at)
        OR (NEW.user_id, NEW.member_id, NEW.client_id, NEW.about_at)
        IS DISTINCT FROM (OLD.user_id, OLD.member_id, OLD.client_id, OLD.about_at)
        OR NEW.text IS NOT NULL AND NEW.text IS DISTINCT FROM OLD.text
        OR NEW.file_id IS NOT NULL AND NEW.file_id IS DISTINCT FROM OLD.file_id
    THEN
        RAISE EXCEPTION 'What was said is never changed.' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chat_message_stays BEFORE UPDATE ON chat_message
FOR EACH ROW EXECUTE FUNCTION chat_message_stays();
"""
FORGET_STAYS = """
DROP TRIGGER chat_message_stays ON chat_message;
DROP FUNCTION chat_message_stays();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("common", "0003_live"),
        ("partners", "0004_price_list"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Conversation",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "subject_kind",
                    models.CharField(
                        choices=[
                            ("assignment", "assignment"),
                            ("order", "order"),
                            ("transfer", "transfer"),
                            ("appointment", "appointment"),
                        ],
                        max_length=12,
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("last_number", models.PositiveIntegerField(default=0)),
                ("opened_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("closes_at", models.DateTimeField(null=True)),
                ("closed_by_us", models.BooleanField(default=False)),
                ("unmasked_at", models.DateTimeField(null=True)),
                (
                    "joinable_at",
                    models.DateTimeField(
                        help_text="When the way into its video consultation is to be shown.", null=True
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("joinable_at__isnull", False)),
                        fields=["joinable_at"],
                        name="conversation_joinable",
                    ),
                    models.Index(
                        condition=models.Q(("closes_at__isnull", False)),
                        fields=["subject_kind", "closes_at"],
                        name="conversation_ended",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject_kind", "subject_id"), name="conversation_once_per_subject"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("subject_kind__in", ["assignment", "order", "transfer", "appointment"])),
                        name="conversation_subject_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("closed_by_us", False), ("closes_at__isnull", False), _connector="OR"),
                        name="conversation_closed_by_us_ends",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("text", "text"), ("quick_reply", "quick_reply"), ("file", "file"), ("step", "step")],
                        max_length=11,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("donor", "donor"),
                            ("centre", "centre"),
                            ("receiver", "receiver"),
                            ("bank", "bank"),
                            ("asker", "asker"),
                            ("sender", "sender"),
                            ("patient", "patient"),
                            ("doctor", "doctor"),
                        ],
                        max_length=8,
                    ),
                ),
                ("client_id", models.UUIDField(null=True)),
                ("text", common.fields.EncryptedTextField(max_length=2000, null=True)),
                ("code", models.CharField(blank=True, help_text="Of a quick reply or a step.", max_length=24)),
                (
                    "about_at",
                    models.DateTimeField(
                        help_text="The moment that a step is about, such as a visit's new time.", null=True
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=60)),
                ("created_at", models.DateTimeField()),
                (
                    "deleted_for",
                    models.CharField(blank=True, choices=[("author", "author"), ("both", "both")], max_length=6),
                ),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="messages", to="chat.conversation"
                    ),
                ),
                (
                    "file",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="common.privatefile",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.member"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("dismissed", "dismissed"),
                            ("warned", "warned"),
                            ("closed", "closed"),
                            ("blocked", "blocked"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("abuse", "abuse"),
                            ("spam", "spam"),
                            ("money", "money"),
                            ("privacy", "privacy"),
                            ("other", "other"),
                        ],
                        max_length=8,
                    ),
                ),
                ("words", common.fields.EncryptedTextField(max_length=1000, null=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("donor", "donor"),
                            ("centre", "centre"),
                            ("receiver", "receiver"),
                            ("bank", "bank"),
                            ("asker", "asker"),
                            ("sender", "sender"),
                            ("patient", "patient"),
                            ("doctor", "doctor"),
                        ],
                        help_text="The side that reports.",
                        max_length=8,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("note", models.TextField(blank=True, help_text="For administrators alone.")),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.member"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reports", to="chat.message"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChatBlock",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("lifted_at", models.DateTimeField(null=True)),
                (
                    "blocked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.member"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="chat.report"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChatSide",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("donor", "donor"),
                            ("centre", "centre"),
                            ("receiver", "receiver"),
                            ("bank", "bank"),
                            ("asker", "asker"),
                            ("sender", "sender"),
                            ("patient", "patient"),
                            ("doctor", "doctor"),
                        ],
                        max_length=8,
                    ),
                ),
                ("unread", models.PositiveIntegerField(default=0)),
                ("read_up_to", models.PositiveIntegerField(default=0)),
                ("waits_since", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
                ("active_at", models.DateTimeField(help_text="When the last message came, from whomever.")),
                (
                    "partner",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sides", to="chat.conversation"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["user", "-active_at", "-id"], name="chats_of_person"),
                    models.Index(fields=["partner", "-active_at", "-id"], name="chats_of_partner"),
                    models.Index(condition=models.Q(("unread__gt", 0)), fields=["user"], name="chats_unread_of_person"),
                    models.Index(
                        condition=models.Q(("unread__gt", 0)), fields=["partner"], name="chats_unread_of_partner"
                    ),
                    models.Index(
                        condition=models.Q(("told_at", None), ("waits_since__isnull", False)),
                        fields=["waits_since"],
                        name="chat_waits",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("conversation", "role"), name="chat_side_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                ["donor", "centre", "receiver", "bank", "asker", "sender", "patient", "doctor"],
                            )
                        ),
                        name="chat_side_role_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("partner", None), ("user__isnull", False)),
                            models.Q(("partner__isnull", False), ("user", None)),
                            _connector="OR",
                        ),
                        name="chat_side_is_one_party",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("told_at", None), ("unread", 0), ("waits_since", None)),
                            models.Q(("unread__gt", 0), ("waits_since__isnull", False)),
                            _connector="OR",
                        ),
                        name="chat_side_waits_while_unread",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("user__isnull", False)), fields=["user", "id"], name="messages_of_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("conversation", "number"), name="message_number_once"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user__isnull", False)),
                fields=("conversation", "user", "client_id"),
                name="message_once_of_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("member__isnull", False)),
                fields=("conversation", "member", "client_id"),
                name="message_once_of_member",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source", ""), _negated=True),
                fields=("conversation", "source"),
                name="message_step_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["text", "quick_reply", "file", "step"])), name="message_kind_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(condition=models.Q(("number__gt", 0)), name="message_number_is_positive"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("client_id", None),
                        (
                            "code__in",
                            [
                                "accepted",
                                "arrived",
                                "donated",
                                "deferred",
                                "missed",
                                "released",
                                "cancelled",
                                "placed",
                                "paid",
                                "packed",
                                "dispatched",
                                "delivered",
                                "failed",
                                "returned",
                                "rejected",
                                "offered",
                                "confirmed",
                                "received",
                                "ended",
                                "rescheduled",
                                "checked_in",
                                "started",
                                "completed",
                                "video_open",
                                "closed_by_us",
                            ],
                        ),
                        ("kind", "step"),
                        ("member", None),
                        ("role", ""),
                        ("user", None),
                        models.Q(("source", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("kind", "step"), _negated=True),
                        ("client_id__isnull", False),
                        ("role__in", ["donor", "centre", "receiver", "bank", "asker", "sender", "patient", "doctor"]),
                        ("source", ""),
                        models.Q(
                            models.Q(("member", None), ("user__isnull", False)),
                            models.Q(("member__isnull", False), ("user", None)),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="message_has_an_author_or_is_a_step",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "quick_reply"), _negated=True),
                    models.Q(models.Q(("code", ""), _negated=True), ("file", None), ("text__isnull", True)),
                    _connector="OR",
                ),
                name="message_quick_reply_is_a_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["text", "file"]), _negated=True),
                    models.Q(
                        ("code", ""),
                        models.Q(
                            ("text__isnull", False), ("file__isnull", False), ("deleted_for", "both"), _connector="OR"
                        ),
                    ),
                    _connector="OR",
                ),
                name="message_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deleted_at", None), ("deleted_for", "")),
                    models.Q(("deleted_at__isnull", False), ("deleted_for__in", ["author", "both"])),
                    _connector="OR",
                ),
                name="message_deleted_for_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(fields=("message", "role"), name="report_once_each_side"),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["open", "dismissed", "warned", "closed", "blocked"])),
                name="report_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__in", ["abuse", "spam", "money", "privacy", "other"])),
                name="report_reason_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ["donor", "centre", "receiver", "bank", "asker", "sender", "patient", "doctor"])
                ),
                name="report_role_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("member", None), ("user__isnull", False)),
                    models.Q(("member__isnull", False), ("user", None)),
                    _connector="OR",
                ),
                name="report_has_an_author",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("status", "open")),
                    models.Q(
                        models.Q(("status", "open"), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="report_is_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="chatblock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("member", None), ("user__isnull", False)),
                    models.Q(("member__isnull", False), ("user", None)),
                    _connector="OR",
                ),
                name="chat_block_is_of_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="chatblock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lifted_at", None), ("lifted_by", None)),
                    models.Q(
                        ("lifted_at__gte", models.F("created_at")),
                        ("lifted_at__isnull", False),
                        ("lifted_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="chat_block_lifted_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="chatblock",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at", None)),
                fields=("user", "member"),
                name="one_chat_block_each",
                nulls_distinct=False,
            ),
        ),
        migrations.RunSQL(STAYS, FORGET_STAYS),
    ]
