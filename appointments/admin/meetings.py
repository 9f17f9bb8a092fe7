"""Meetings, reminders and calendars in the administration: read, no links into anybody's meeting."""

from __future__ import annotations

from django.contrib import admin

from appointments.models import Attendance, CalendarFeed, Meeting, MeetingNotice, MeetingSitting, Reminder
from common.admin import ReadOnlyAdmin, ReadOnlyInline


class SittingInline(ReadOnlyInline):
    model = MeetingSitting
    fields = ("started_at", "ended_at")


class AttendanceInline(ReadOnlyInline):
    model = Attendance
    fields = ("side", "joined_at", "left_at")


@admin.register(Meeting)
class MeetingAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "appointment", "provider", "status", "host", "in_vain", "failure", "made_at")
    list_select_related = ("appointment",)
    list_filter = ("status", "provider")
    search_fields = ("=id", "=appointment__id", "=external_id")
    ordering = ("-id",)
    exclude = ("join_url", "password")
    inlines = (SittingInline,)


@admin.register(MeetingSitting)
class MeetingSittingAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "started_at", "ended_at")
    search_fields = ("=meeting__id",)
    ordering = ("-id",)
    exclude = ("meeting",)
    inlines = (AttendanceInline,)


@admin.register(MeetingNotice)
class MeetingNoticeAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "kind", "news", "external_id", "outcome")
    list_filter = ("outcome", "news")
    search_fields = ("=external_id",)
    ordering = ("-id",)
    exclude = ("digest",)


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    list_display = ("due_at", "appointment", "hours", "sequence", "outcome", "done_at")
    list_select_related = ("appointment",)
    list_filter = ("outcome", "hours")
    search_fields = ("=appointment__id",)
    ordering = ("-id",)


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ReadOnlyAdmin):
    list_display = ("user", "created_at")
    search_fields = ("=user__phone",)
    list_select_related = ("user",)
    ordering = ("-id",)
    exclude = ("token_digest",)
