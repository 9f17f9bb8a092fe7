from __future__ import annotations

from django.contrib import admin

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from donations.models import Camp, CampEvent, Certificate, Donation, Enrolment, Invitation, Rating, Reminder


@admin.register(Donation)
class DonationAdmin(ReadOnlyAdmin):
    list_display = ("donated_at", "donor", "partner", "donation_type", "blood_group", "volume_ml", "unit")
    list_filter = ("donation_type", "blood_group")
    search_fields = ("=id", "=unit__din", "donor__user__public_id", "partner__name")
    list_select_related = ("donor__user", "partner", "unit")
    ordering = ("-id",)


@admin.register(Rating)
class RatingAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "rated_by", "stars", "comment", "assignment", "attender_request")
    list_filter = ("rated_by", "stars")
    list_select_related = ("assignment", "attender_request")
    search_fields = ("=assignment__id", "=attender_request__id", "comment")
    ordering = ("-id",)


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    list_display = ("number", "donation", "created_at")
    list_select_related = ("donation",)
    search_fields = ("=number", "=donation__id")
    exclude = ("code",)
    ordering = ("-donation_id",)


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "assignment", "hours")
    search_fields = ("=assignment__id",)
    list_select_related = ("assignment",)
    list_filter = ("hours",)
    ordering = ("-id",)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("donor", "status", "due_on", "created_at", "ended_at")
    list_filter = ("status",)
    search_fields = ("donor__user__public_id",)
    list_select_related = ("donor__user",)
    ordering = ("-id",)


class CampEventInline(ReadOnlyInline):
    model = CampEvent
    fields = ("created_at", "verb", "actor", "enrolment", "facts")


@admin.register(Camp)
class CampAdmin(ReadOnlyAdmin):
    list_display = ("starts_at", "partner", "title", "place_name", "status", "enrolled", "capacity", "reported_at")
    list_filter = ("status",)
    search_fields = ("=id", "title", "partner__name")
    list_select_related = ("partner",)
    ordering = ("-id",)
    exclude = ("place",)
    inlines = (CampEventInline,)


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    list_display = ("enrolled_at", "camp", "donor", "status", "checked_in_at")
    list_filter = ("status",)
    search_fields = ("=id", "=camp__id", "donor__user__public_id", "donor__user__phone")
    list_select_related = ("camp__partner", "donor__user")
    ordering = ("-id",)
