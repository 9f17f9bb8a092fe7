"""Two connections with one ticket: one stream."""

from __future__ import annotations

import uuid

import pytest

from common import clock
from common.live_tickets import LIFETIME, Pass, issue, redeem
from common.models import LiveTicket
from common.secret_codes import token_digest
from tests.races import meeting, names, race

pytestmark = pytest.mark.django_db(transaction=True)
LEAVE = Pass("user", "person", uuid.UUID("019a9c3e-7f7e-7c31-9d2c-8f0d5b0c7a11"), clock.now() + LIFETIME)


def test_a_ticket_opens_one_stream() -> None:
    ticket = issue(LEAVE)

    outcomes = race(*[lambda: redeem(ticket.token, realm="user")] * 4)

    assert names(outcomes) == ["Pass", "TicketInvalid", "TicketInvalid", "TicketInvalid"]
    assert [outcome for outcome in outcomes if isinstance(outcome, Pass)] == [LEAVE]


def test_control_a_ticket_that_is_looked_for_before_it_is_taken_opens_two() -> None:
    ticket = issue(LEAVE)
    with meeting(2) as meet:

        def look_then_take() -> bool:
            row = LiveTicket.objects.get(digest=token_digest(ticket.token))
            meet()
            row.delete()
            return True

        assert race(look_then_take, look_then_take) == [True, True]
