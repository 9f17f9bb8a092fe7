"""What reaches an account, and on which devices: the same for people and for members, each in their own realm."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from common.sessions import AbstractSession
from notifications import preferences, selectors
from notifications.api import preference_serializers as shapes
from notifications.errors import DeviceTaken, NotOnADevice
from notifications.owners import Owner
from notifications.services import choosing, devices
from notifications.states import CHOSEN_CHANNELS, Platform, QuietMode
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsMember
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

ME, TEAM = "Notifications", "Partner notifications"
EVERYTHING = {"sms": True, "whatsapp": True, "email": True, "push": True}
CHOICES = {
    "preferences": {
        **dict.fromkeys(("critical", "requests", "orders", "appointments", "money", "account"), EVERYTHING),
        "camps": {**EVERYTHING, "sms": False},
        "announcements": {**EVERYTHING, "sms": False, "whatsapp": False},
    },
    "quiet_hours": {"mode": "default", "start": "21:30:00", "end": "07:00:00"},
    "zone": "Asia/Kolkata",
    "daily_cap": 20,
    "stopped": [],
}
WISH = {"preferences": {"camps": {"sms": False}}, "quiet_hours": {"mode": "own", "start": "22:00", "end": "06:30"}}
DEVICE = {
    "id": "019a9c3e-7f7e-7c31-9d2c-8f0d5b0c7a31",
    "platform": "android",
    "app_version": "2.4.1",
    "language": "hi",
    "session": "019a9c3e-7c10-7a55-8e0b-2f6c1d9b4e11",
    "created_at": "2026-11-20T08:00:00Z",
    "seen_at": "2026-11-21T10:05:00Z",
}
REGISTERING = {"token": "fMEP0vJqS0:APA91bHqX…", "platform": "android", "app_version": "2.4.1", "language": "hi"}


def _shown(request: Request, owner: Owner, zone: str, choices: preferences.Choices) -> Response:
    start, end = choices.window or (None, None)
    body = {
        "preferences": shapes.matrix(choices),
        "quiet_hours": {"mode": choices.mode, "start": start, "end": end},
        "zone": zone,
        "daily_cap": (settings.MESSAGE_DAILY_CAP or None) if owner.user_id else None,
        "stopped": [
            channel for channel in CHOSEN_CHANNELS if choosing.has_stopped(phone=request.user.phone, channel=channel)
        ],
    }
    return Response(shapes.PreferencesOut(body).data)


def _choose(request: Request, owner: Owner) -> preferences.Choices:
    body = read(shapes.PreferencesIn, request)
    quiet: dict[str, Any] = body.get("quiet_hours") or {}
    mode = QuietMode(quiet["mode"]) if quiet else None
    return choosing.choose(
        owner=owner,
        wanted=shapes.wishes_in(body.get("preferences", {})),
        mode=mode,
        window=(quiet["start"], quiet["end"]) if mode is QuietMode.OWN else None,
    )


def _register(request: Request, owner: Owner) -> Response:
    if not isinstance(request.auth, AbstractSession):
        raise NotOnADevice
    body = read(shapes.PushDeviceIn, request)
    registered = devices.register(
        owner=owner,
        session_id=request.auth.pk,
        token=body["token"],
        platform=Platform(body["platform"]),
        app_version=body["app_version"],
        language=body["language"],
    )
    return Response(shapes.PushDeviceOut(registered.device).data, status=201 if registered.is_new else 200)


class PreferencesView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    tag = ME

    @operation("Read what I want to be told", responses={200: shapes.PreferencesOut}, answer=CHOICES)
    def get(self, request: Request) -> Response:
        """By group of kinds and channel. Whatever is switched off is in the inbox all the same."""
        owner = Owner(user_id=request.user.pk)
        return _shown(request, owner, request.user.zone, preferences.choices_of(owner))

    @operation(
        "Choose what I want to be told",
        request=shapes.PreferencesIn,
        responses={200: shapes.PreferencesOut},
        example=WISH,
        answer=CHOICES,
    )
    def put(self, request: Request) -> Response:
        """What is left out stays as it is. `critical` is always sent; to switch it off is refused (`always_sent`)."""
        owner = Owner(user_id=request.user.pk)
        return _shown(request, owner, request.user.zone, _choose(request, owner))


class MemberPreferencesView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]
    tag = TEAM

    @operation("Read what I want to be told as a member", responses={200: shapes.PreferencesOut}, answer=CHOICES)
    def get(self, request: Request) -> Response:
        """By group of kinds and channel. A member has quiet hours only where they are set, and no daily cap."""
        owner = Owner(member_id=request.user.pk)
        return _shown(request, owner, request.user.partner.zone, preferences.choices_of(owner))

    @operation(
        "Choose what I want to be told as a member",
        request=shapes.PreferencesIn,
        responses={200: shapes.PreferencesOut},
        example=WISH,
        answer=CHOICES,
    )
    def put(self, request: Request) -> Response:
        """What is left out stays as it is. `critical` is always sent; to switch it off is refused (`always_sent`)."""
        owner = Owner(member_id=request.user.pk)
        return _shown(request, owner, request.user.partner.zone, _choose(request, owner))


class PushDevicesView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    tag = ME

    @operation("List my devices for push", responses={200: shapes.PushDeviceOut}, paged=True, answer=DEVICE)
    def get(self, request: Request) -> Response:
        """Those on which you are signed in now, newest first. Tokens are never shown."""
        rows = selectors.devices_for(Owner(user_id=request.user.pk))
        return paged(rows, shapes.PushDeviceOut, request)

    @operation(
        "Register this device for push",
        request=shapes.PushDeviceIn,
        responses={201: shapes.PushDeviceOut, 200: shapes.PushDeviceOut},
        refusals=[DeviceTaken, NotOnADevice],
        example=REGISTERING,
        answer=DEVICE,
    )
    def post(self, request: Request) -> Response:
        """Call it whenever the app starts or its token changes: 201 the first time, 200 for a token that is known. It
        ends with the session; of ten devices the one that was not seen the longest makes room."""
        return _register(request, Owner(user_id=request.user.pk))


class PushDeviceView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    tag = ME

    @operation("Take a device of mine off push", responses={204: None}, refusals=[NotFound])
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        """Nothing more is pushed to it, until the app registers again."""
        devices.remove(owner=Owner(user_id=request.user.pk), device_id=device_id)
        return Response(status=204)


class MemberPushDevicesView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]
    tag = TEAM

    @operation("List my devices for push as a member", responses={200: shapes.PushDeviceOut}, paged=True, answer=DEVICE)
    def get(self, request: Request) -> Response:
        """Those on which you are signed in now, newest first. Tokens are never shown."""
        rows = selectors.devices_for(Owner(member_id=request.user.pk))
        return paged(rows, shapes.PushDeviceOut, request)

    @operation(
        "Register this device for push as a member",
        request=shapes.PushDeviceIn,
        responses={201: shapes.PushDeviceOut, 200: shapes.PushDeviceOut},
        refusals=[DeviceTaken, NotOnADevice],
        example=REGISTERING,
        answer=DEVICE,
    )
    def post(self, request: Request) -> Response:
        """Call it whenever the app starts or its token changes: 201 the first time, 200 for a token that is known. It
        ends with the session; of ten devices the one that was not seen the longest makes room."""
        return _register(request, Owner(member_id=request.user.pk))


class MemberPushDeviceView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]
    tag = TEAM

    @operation("Take a member's device off push", responses={204: None}, refusals=[NotFound])
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        """Nothing more is pushed to it, until the app registers again."""
        devices.remove(owner=Owner(member_id=request.user.pk), device_id=device_id)
        return Response(status=204)
