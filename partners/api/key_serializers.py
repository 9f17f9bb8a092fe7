"""What owners say of API keys and are told; a secret leaves only where it is made."""

from __future__ import annotations

import ipaddress
from typing import Any

from rest_framework import serializers

from common import clock
from common.api.fields import LineField, MomentField
from partners.models import ApiKey
from partners.models.keys import LONGEST_OVERLAP, MOST_CALLS
from partners.scopes import Scope
from partners.states import KeyMode, KeyState

SCOPES = [str(scope) for scope in Scope]
MODES = [str(mode) for mode in KeyMode]
STATES = [str(state) for state in KeyState]
DEFAULT_CALLS = 300
MOST_NETWORKS = 20
LONGEST_HOURS = LONGEST_OVERLAP.days * 24
DEFAULT_HOURS = 24

Serializer = serializers.Serializer[Any]


class NetworkField(serializers.CharField):
    """An address or a network in CIDR notation; the value is the network."""

    default_error_messages = {"network_invalid": "Give an IP address, or a network such as 203.0.113.0/24."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=43, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return str(ipaddress.ip_network(text, strict=False))
        except ValueError:
            self.fail("network_invalid")


class _Changeable(Serializer):
    name = LineField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES), min_length=1, max_length=len(SCOPES))
    networks = serializers.ListField(
        child=NetworkField(),
        max_length=MOST_NETWORKS,
        required=False,
        help_text="From where the key works, as addresses or in CIDR notation. Empty: from everywhere.",
    )
    calls_per_minute = serializers.IntegerField(min_value=1, max_value=MOST_CALLS, required=False)
    expires_at = MomentField(required=False, help_text="Within two years; a year from now unless told.")


class ApiKeyIn(_Changeable):
    mode = serializers.ChoiceField(MODES, default=str(KeyMode.LIVE))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"networks": [], "calls_per_minute": DEFAULT_CALLS, "expires_at": None} | attrs


class ApiKeyChangeIn(_Changeable):
    pass


class ApiKeyRotateIn(Serializer):
    overlap_hours = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_HOURS,
        default=DEFAULT_HOURS,
        help_text="How long the old secret opens too. 0: it is dead at once.",
    )


class ApiKeyOut(Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    mode = serializers.ChoiceField(MODES)
    state = serializers.SerializerMethodField()
    begins = serializers.CharField(help_text="How the key begins, by which it is known.")
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES))
    networks = serializers.ListField(child=serializers.CharField())
    calls_per_minute = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    rotated_at = serializers.DateTimeField(allow_null=True)
    overlap_ends_at = serializers.SerializerMethodField(help_text="Until when the secret before opens too.")
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To five minutes.")
    last_used_address = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)

    def get_state(self, key: ApiKey) -> KeyState:
        if key.revoked_at is not None:
            return KeyState.REVOKED
        return KeyState.ACTIVE if key.is_open(clock.now()) else KeyState.EXPIRED

    def get_overlap_ends_at(self, key: ApiKey) -> str | None:
        ends = key.overlap_ends(clock.now())
        return None if ends is None else serializers.DateTimeField().to_representation(ends)


class ApiKeyShownOut(Serializer):
    """A key with its text, which is said this once."""

    token = serializers.CharField(help_text="The whole key. Nobody can learn it later.")
    key = ApiKeyOut()


class TestDataOut(Serializer):
    partner = serializers.UUIDField(source="pk", help_text="Your twin.")
    name = serializers.CharField()
    parts = serializers.SerializerMethodField()
    opened_at = serializers.DateTimeField(source="created_at")

    def get_parts(self, twin: Any) -> dict[str, str]:
        return {part: str(pk) for part, pk in twin.parts}
