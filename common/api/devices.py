"""The devices of either realm: renew the tokens, sign out, list the devices, sign one of them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.serializers import Serializer

from common import sessions
from common.api.schema import Refusals, operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from common.sessions import AbstractSession
from common.tokens import TokenInvalid

MOST_DEVICES = 100
Shape = type[Serializer[Any]]


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """What one realm calls the bodies in its schema."""

    refresh_in: Shape
    tokens_out: Shape
    session_out: Shape


@dataclass(frozen=True, kw_only=True)
class Words:
    """What one realm says of the operations; `renew_refusals` in the order in which they are listed."""

    tag: str
    renew: str
    sign_out: str
    listed: str
    devices: str
    end: str
    renew_refusals: Refusals
    tokens: Mapping[str, str]
    session: Mapping[str, Any]


@dataclass(frozen=True)
class DeviceViews:
    refresh: type[APIView]
    logout: type[APIView]
    sessions: type[APIView]
    session: type[APIView]


def device_views(
    model: type[AbstractSession],
    *,
    authentication: type[BaseAuthentication],
    permission: type[BasePermission],
    shapes: Shapes,
    words: Words,
) -> DeviceViews:
    """Return the four views over the sessions of one realm."""

    class RefreshView(APIView):
        authentication_classes = []
        permission_classes = [AllowAny]

        @operation(
            "Renew the tokens",
            tag=words.tag,
            description=words.renew,
            request=shapes.refresh_in,
            responses={200: shapes.tokens_out},
            refusals=words.renew_refusals,
            public=True,
            example={"refresh": words.tokens["refresh"]},
            answer=words.tokens,
        )
        def post(self, request: Request) -> Response:
            pair = sessions.refresh_session(model, refresh=read(shapes.refresh_in, request)["refresh"])
            return Response(shapes.tokens_out(pair).data)

    class LogoutView(APIView):
        authentication_classes = []
        permission_classes = [AllowAny]

        @operation(
            "Sign out",
            tag=words.tag,
            description=words.sign_out,
            request=shapes.refresh_in,
            responses={204: None},
            refusals=[TokenInvalid, NotFound],
            public=True,
            example={"refresh": words.tokens["refresh"]},
        )
        def post(self, request: Request) -> Response:
            sessions.sign_out(model, refresh=read(shapes.refresh_in, request)["refresh"])
            return Response(status=204)

    class SessionsView(APIView):
        authentication_classes = [authentication]
        permission_classes = [permission]

        @operation(
            words.listed,
            tag=words.tag,
            description=words.devices,
            responses={200: shapes.session_out},
            many=True,
            answer=words.session,
        )
        def get(self, request: Request) -> Response:
            mine = sessions.open_sessions(model, account_id=request.user.pk)[:MOST_DEVICES]
            return Response(shapes.session_out(mine, many=True, context={"request": request}).data)

    class SessionView(APIView):
        authentication_classes = [authentication]
        permission_classes = [permission]

        @operation(
            "Sign a device out", tag=words.tag, description=words.end, responses={204: None}, refusals=[NotFound]
        )
        def delete(self, request: Request, session_id: UUID) -> Response:
            sessions.end_session(model, session_id=session_id, account_id=request.user.pk)
            return Response(status=204)

    return DeviceViews(RefreshView, LogoutView, SessionsView, SessionView)
