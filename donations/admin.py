from __future__ import annotations

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from donations.models import Donation, Rating


@admin.register(Donation)
class DonationAdmin(ReadOnlyAdmin):
    list_display = ("donated_at", "donor", "partner", "donation_type", "blood_group", "volume_ml", "unit")
    list_filter = ("donation_type", "blood_group")
    search_fields = ("=id", "=unit__din", "donor__user__public_id", "partner__name")
    list_select_related = ("donor__user", "partner", "unit")
    ordering = ("-id",)


@admin.register(Rating)
class RatingAdmin(ReadOnlyAdmin):
    list_display = ("assignment", "attender_request", "rated_by", "stars", "comment", "created_at")
    list_filter = ("rated_by", "stars")
    list_select_related = ("assignment__request__partner", "attender_request__partner")
    ordering = ("-id",)
