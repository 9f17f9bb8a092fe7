"""The keys of a partner's own systems, and the test data that test keys act on."""

from __future__ import annotations

import datetime as dt
import uuid

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import Busy, NotFound
from partners import selectors
from partners.api.authentication import MemberAuthentication, key_of, member_of
from partners.api.examples import API_KEY, API_KEY_TOKEN, TEST_DATA
from partners.api.key_serializers import (
    ApiKeyChangeIn,
    ApiKeyIn,
    ApiKeyOut,
    ApiKeyRotateIn,
    ApiKeyShownOut,
    TestDataOut,
)
from partners.api.permissions import IsOwner
from partners.errors import (
    ApiKeyOver,
    KeyExpiryInvalid,
    PartnerNotLive,
    RoleNotAllowed,
    RotationRunning,
    TestModeOnly,
    TooManyApiKeys,
)
from partners.services import keys, test_mode
from partners.services.keys import NewKey
from partners.states import KeyMode

TAG = "Partners: API keys"
OWNERS = [PartnerNotLive, RoleNotAllowed]


class ApiKeysView(APIView):
    tag = TAG
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation("List API keys", responses={200: ApiKeyOut}, refusals=OWNERS, answer=API_KEY, paged=True)
    def get(self, request: Request) -> Response:
        """Owners only; the newest first, also those that are over. No secret is among them."""
        return paged(selectors.api_keys_of(member_of(request).partner_id), ApiKeyOut, request)

    @operation(
        "Make an API key",
        request=ApiKeyIn,
        responses={201: ApiKeyShownOut},
        refusals=[*OWNERS, TooManyApiKeys, KeyExpiryInvalid],
        example={"name": "Laboratory system", "mode": "live", "scopes": ["stock:read", "stock:write"]},
        answer={"token": API_KEY_TOKEN, "key": API_KEY},
    )
    def post(self, request: Request) -> Response:
        """Owners only. The `token` is shown this once: only a digest of it is kept.

        A key of mode `test` acts on a twin of the organisation among test data.
        """
        said = read(ApiKeyIn, request)
        owner, mode = member_of(request), KeyMode(said.pop("mode"))
        made = keys.make_key(partner_id=owner.partner_id, actor_id=owner.pk, new=NewKey(mode=mode, **said))
        return Response(ApiKeyShownOut(made).data, status=201)


class ApiKeyView(APIView):
    tag = TAG
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation("Show an API key", responses={200: ApiKeyOut}, refusals=[*OWNERS, NotFound], answer=API_KEY)
    def get(self, request: Request, key_id: uuid.UUID) -> Response:
        """Owners only."""
        return Response(ApiKeyOut(selectors.api_key(member_of(request).partner_id, key_id)).data)

    @operation(
        "Change an API key",
        request=ApiKeyChangeIn,
        responses={200: ApiKeyOut},
        refusals=[*OWNERS, NotFound, ApiKeyOver, KeyExpiryInvalid, Busy],
        example={"scopes": ["stock:read"], "networks": ["203.0.113.0/24"]},
        answer=API_KEY,
    )
    def patch(self, request: Request, key_id: uuid.UUID) -> Response:
        """Owners only. What is changed holds from the key's next call on."""
        owner = member_of(request)
        changes = read(ApiKeyChangeIn, request, partial=True)
        key = keys.change_key(partner_id=owner.partner_id, key_id=key_id, actor_id=owner.pk, changes=changes)
        return Response(ApiKeyOut(key).data)


class ApiKeyRotateView(APIView):
    tag = TAG
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation(
        "Rotate an API key",
        request=ApiKeyRotateIn,
        responses={200: ApiKeyShownOut},
        refusals=[*OWNERS, NotFound, ApiKeyOver, RotationRunning],
        example={"overlap_hours": 24},
        answer={"token": API_KEY_TOKEN, "key": API_KEY},
    )
    def post(self, request: Request, key_id: uuid.UUID) -> Response:
        """Owners only. The key gets a new secret, shown this once; the old one opens too for the hours chosen.

        While it does, no other rotation with overlap begins. With `overlap_hours` 0 every older secret dies at once.
        """
        owner, said = member_of(request), read(ApiKeyRotateIn, request)
        shown = keys.rotate_key(
            partner_id=owner.partner_id,
            key_id=key_id,
            actor_id=owner.pk,
            overlap=dt.timedelta(hours=said["overlap_hours"]),
        )
        return Response(ApiKeyShownOut(shown).data)


class ApiKeyRevokeView(APIView):
    tag = TAG
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation(
        "Revoke an API key", request=None, responses={200: ApiKeyOut}, refusals=[*OWNERS, NotFound], answer=API_KEY
    )
    def post(self, request: Request, key_id: uuid.UUID) -> Response:
        """Owners only. Its secrets are dead at once and for good; once more changes nothing."""
        owner = member_of(request)
        key = keys.revoke_key(partner_id=owner.partner_id, key_id=key_id, actor_id=owner.pk)
        return Response(ApiKeyOut(key).data)


class TestDataView(APIView):
    tag = TAG
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation("Show the test data", responses={200: TestDataOut}, refusals=[*OWNERS, NotFound], answer=TEST_DATA)
    def get(self, request: Request) -> Response:
        """Owners, and test keys with the scope `test_data`. There is none before the first test key is made."""
        return Response(TestDataOut(selectors.test_twin(_owner_of_data(request))).data)


class TestDataResetView(APIView):
    tag = TAG
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]
    spends_by_account = ("test_reset",)

    @operation(
        "Begin the test data anew",
        request=None,
        responses={200: TestDataOut},
        refusals=[*OWNERS, TestModeOnly, NotFound],
        answer=TEST_DATA,
    )
    def post(self, request: Request) -> Response:
        """Owners, and test keys with the scope `test_data`; twenty times a day.

        The same keys act on the new data from the next call on; stock and donors are there within seconds.
        """
        key, partner_id = key_of(request), _owner_of_data(request)
        test_mode.reset(partner_id=partner_id, actor_id=None if key else member_of(request).pk)
        return Response(TestDataOut(selectors.test_twin(partner_id)).data)


def _owner_of_data(request: Request) -> uuid.UUID:
    """Return the real partner whose test data it is. Raises: TestModeOnly for a key of mode `live`."""
    key = key_of(request)
    if key is not None and not key.is_test:
        raise TestModeOnly
    return key.partner_id if key else member_of(request).partner_id
