"""The worker's threads: whoever is slow holds up nobody else."""

from __future__ import annotations

import pytest

from notifications.models import WebhookDelivery
from notifications.webhooks.sending import Lane
from notifications.webhooks.services.trying import AT_ONCE
from tests.notifications.webhooks.scenes import aggregate, run_low
from tests.partners.factories import make_partner
from tests.processes import until


@pytest.mark.real_time
@pytest.mark.django_db(transaction=True)
def test_a_slow_system_holds_up_no_other_and_what_is_on_its_way_is_recorded_at_the_end(system):
    slow, quick = system, system.another("quick")
    slow.open(one := make_partner())
    quick.open(other := make_partner())
    slow.settle(wait_ms=700)
    for _ in range(AT_ONCE + 2):
        run_low(one, key=aggregate())
    run_low(other, key=aggregate())
    lane = Lane(failing=False, threads=AT_ONCE + 1)

    given = lane.turn()
    until(lambda: len(quick.received()) == 1)
    lane.close(within=5)

    assert (given, len(slow.received())) == (AT_ONCE + 1, AT_ONCE)
    assert sorted(WebhookDelivery.objects.values_list("status", flat=True)) == [
        *["pending"] * 2,
        *["succeeded"] * (AT_ONCE + 1),
    ]
