"""Exports of a partner's own lists."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

from common.api.exports import ExportView, export_view
from common.api.views import Request
from partners.api.authentication import MemberAuthentication, member_of
from partners.api.permissions import IsLiveMember


class PartnerExportView(ExportView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def zone(self, request: Request) -> ZoneInfo:
        return ZoneInfo(member_of(request).partner.zone)


partner_export = partial(export_view, base=PartnerExportView, permission=IsLiveMember)
