"""Where a donation's components went, and its certificate."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.blood import DonationType
from donations.api.serializers import PartnerNameOut
from donations.states import JourneyStep
from stock.components import Component
from stock.states import UnitStatus

STEPS = [str(step) for step in JourneyStep]
COMPONENTS = [str(component) for component in Component]
STATES = [str(status) for status in UnitStatus]
TYPES = [str(kind) for kind in DonationType]


class LanguageQuery(serializers.Serializer[Any]):
    language = serializers.ChoiceField(
        choices=[code for code, _ in settings.LANGUAGES], required=False, help_text="The donor's unless told."
    )


class StopOut(serializers.Serializer[Any]):
    step = serializers.ChoiceField(choices=STEPS)
    on = serializers.DateField()
    partner = PartnerNameOut(allow_null=True)


class ComponentJourneyOut(serializers.Serializer[Any]):
    component = serializers.ChoiceField(choices=COMPONENTS)
    now = serializers.ChoiceField(choices=STEPS)
    stops = StopOut(many=True)


class JourneyOut(serializers.Serializer[Any]):
    donation = serializers.UUIDField(source="donation.id")
    donation_type = serializers.ChoiceField(choices=TYPES, source="donation.donation_type")
    donated_on = serializers.DateField()
    partner = PartnerNameOut(source="donation.partner")
    tested_on = serializers.DateField(allow_null=True, help_text="When all tests were done, whatever they said.")
    components = ComponentJourneyOut(many=True)


class CertificateOut(serializers.Serializer[Any]):
    valid = serializers.SerializerMethodField()
    number = serializers.CharField()
    donor_initials = serializers.CharField(help_text="Empty when the donor has erased the account.")
    donation_type = serializers.ChoiceField(choices=TYPES)
    donated_on = serializers.DateField()
    partner_name = serializers.CharField()
    partner_city = serializers.CharField()

    @extend_schema_field(serializers.BooleanField())
    def get_valid(self, _facts: Any) -> bool:
        """Always true: what was never issued answers 404."""
        return True


class TraceStepOut(serializers.Serializer[Any]):
    verb = serializers.CharField()
    status = serializers.ChoiceField(choices=STATES)
    at = serializers.DateTimeField()
    partner = PartnerNameOut(allow_null=True)
    given_at = PartnerNameOut(allow_null=True, help_text="Of what was issued: the hospital where it is given.")
    actor = serializers.CharField(help_text="Of your own steps; empty for another organisation's.")
    facts = serializers.DictField(help_text="Of your own steps; empty for another organisation's.")


class TracedUnitOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    component = serializers.ChoiceField(choices=COMPONENTS)
    status = serializers.ChoiceField(choices=STATES)
    partner = PartnerNameOut(allow_null=True)
    split_from = serializers.UUIDField(allow_null=True)
    recalled_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()
    steps = TraceStepOut(many=True)


class TraceOut(serializers.Serializer[Any]):
    din = serializers.CharField()
    collected_by = PartnerNameOut(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True, help_text="Since when nothing of it may be used.")
    donation = serializers.UUIDField(allow_null=True, help_text="Only for the organisation that took it.")
    donor = serializers.CharField(allow_null=True, help_text="The donor's public id; only for that organisation.")
    units = TracedUnitOut(many=True)


def shown_trace(found: Any) -> dict[str, Any]:
    """Return the trace as its reader may see it: what others wrote about their steps is theirs."""
    trace, places = found.trace, found.places
    return {
        "din": trace.din,
        "collected_by": places.get(trace.collector_id),
        "withdrawn_at": trace.reactive_at,
        "donation": found.donation.pk if found.donation else None,
        "donor": found.donation.donor.user.public_id if found.donation else None,
        "units": [
            {
                **vars(unit),
                "partner": places.get(unit.partner_id),
                "steps": [_shown_step(step, found) for step in unit.steps],
            }
            for unit in trace.units
        ],
    }


def _shown_step(step: Any, found: Any) -> dict[str, Any]:
    own = step.partner_id == found.partner_id
    return {
        **vars(step),
        "partner": found.places.get(step.partner_id),
        "given_at": found.places.get(step.to_partner_id),
        "actor": step.actor if own else "",
        "facts": step.facts if own else {},
    }
