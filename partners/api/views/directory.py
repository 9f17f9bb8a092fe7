"""The public directory."""

from __future__ import annotations

import uuid

from rest_framework.permissions import AllowAny

from common.api.pagination import paged, paged_by_distance
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read_query
from common.errors import NotFound
from common.geo import Point
from partners import selectors
from partners.api import examples
from partners.api.serializers import DirectoryIn, NearbyIn, NearbyPartnerOut, PublicPartnerOut
from partners.states import PartnerKind

TAG = "Directory"


class DirectoryView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "Search hospitals and blood banks",
        tag=TAG,
        responses={200: PublicPartnerOut},
        answer=examples.PUBLIC_PARTNER,
        query=[DirectoryIn],
        paged=True,
        public=True,
    )
    def get(self, request: Request) -> Response:
        """Live partners and the listings of the national directory; case does not matter."""
        asked = read_query(DirectoryIn, request)
        found = selectors.directory(
            words=asked.get("q", []),
            city=asked.get("city", ""),
            state=asked.get("state", ""),
            kind=_kind(asked.get("kind")),
            live=asked["live"],
        )
        return paged(found, PublicPartnerOut, request)


class NearbyView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "Find hospitals and blood banks nearby",
        tag=TAG,
        responses={200: NearbyPartnerOut},
        answer={**examples.PUBLIC_PARTNER, "distance_km": 1.482},
        query=[NearbyIn],
        paged=True,
        public=True,
    )
    def get(self, request: Request) -> Response:
        """Within `radius_km` (25 unless told, at most 200) as the crow flies, nearest first."""
        asked = read_query(NearbyIn, request)
        found = selectors.partners_near(
            Point(float(asked["lat"]), float(asked["lng"])),
            asked["radius_km"],
            kind=_kind(asked.get("kind")),
            live=asked["live"],
        )
        return paged_by_distance(found, NearbyPartnerOut, request)


class PublicPartnerView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "Show a hospital or blood bank",
        tag=TAG,
        responses={200: PublicPartnerOut},
        refusals=[NotFound],
        answer=examples.PUBLIC_PARTNER,
        public=True,
    )
    def get(self, request: Request, partner_id: uuid.UUID) -> Response:
        """What the directory shows of one partner."""
        return Response(PublicPartnerOut(selectors.public_partner(partner_id)).data)


def _kind(text: str | None) -> PartnerKind | None:
    return None if text is None else PartnerKind(text)
