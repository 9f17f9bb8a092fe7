"""A worker that dies between sending and writing it down loses nothing: the message goes again under its own id."""

from __future__ import annotations

import signal

import pytest

from common import clock
from notifications.models import WebhookDelivery
from tests.notifications.webhooks.scenes import delivery, run_low, send_all
from tests.partners.factories import make_partner
from tests.processes import until, worker_process


@pytest.mark.real_time
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_before_the_answer_sends_the_message_again_under_its_own_id(system):
    system.open(partner := make_partner())
    run_low(partner)
    system.settle(wait_ms=20_000)
    with worker_process(system.sandbox, threads=1) as victim:
        until(lambda: len(system.received()) == 1)
        victim.send_signal(signal.SIGKILL)
        victim.wait(10)
    at_death = delivery().status
    system.settle(wait_ms=0)
    WebhookDelivery.objects.update(next_at=clock.now())  # its lease passes

    send_all()

    first, second = system.ids()
    assert (at_death, delivery().status) == ("sending", "succeeded")
    assert first == second == delivery().message_id
