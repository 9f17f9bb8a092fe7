"""Tickets to live streams: good once, for a minute, for one stream, and written down nowhere."""

from __future__ import annotations

import datetime as dt
import io
import logging

import pytest
import time_machine
from django.test import override_settings
from rest_framework.test import APIClient

from common import live_tickets, sessions
from common.live_tickets import Pass, TicketInvalid, issue, redeem
from common.logs import LineHandler
from common.models import LiveTicket
from tests.chat.listening import Client, listening, stream_server
from tests.conftest import NOON
from tests.factories import make_user, person_client
from tests.partners.factories import client_of, make_member
from users.models import Session

REALMS = [("/api/v1", "user"), ("/api/v1/partner", "partner")]


def client_for(realm: str) -> APIClient:
    return person_client(make_user()) if realm == "user" else client_of(make_member())


@pytest.mark.django_db
@pytest.mark.parametrize(("prefix", "realm"), REALMS)
@override_settings(STREAM_URL="https://live.example")
def test_a_ticket_says_where_to_go_and_only_its_digest_is_kept(prefix: str, realm: str) -> None:
    reply = client_for(realm).post(f"{prefix}/stream-tickets", {}, format="json")

    ticket = reply.json()["ticket"]
    assert (reply.status_code, reply.json()["url"]) == (201, f"https://live.example{prefix}/stream?ticket={ticket}")
    assert reply.json()["expires_at"].startswith("2030-05-01T06:31:")
    assert LiveTicket.objects.values_list("digest", flat=True)[0] != ticket
    leave = redeem(ticket, realm=realm)
    assert leave.until is not None
    assert leave.until - NOON > dt.timedelta(minutes=59)


@pytest.mark.django_db
@pytest.mark.parametrize(("prefix", "realm"), REALMS)
@override_settings(STREAM_URL="https://live.example")
def test_the_web_server_says_where_the_streams_are(prefix: str, realm: str) -> None:
    reply = client_for(realm).get(f"{prefix}/stream")

    assert (reply.status_code, reply.json()["code"]) == (421, "stream_elsewhere")
    assert reply.json()["url"] == f"https://live.example{prefix}/stream"


@pytest.mark.django_db
def test_a_ticket_opens_nothing_twice_nor_late_nor_in_the_other_realm(time_passes: time_machine.Coordinates) -> None:
    member = make_member()
    leave = Pass("user", "person", member.pk, None)
    used, late, other = issue(leave), issue(leave), issue(leave)
    redeem(used.token, realm="user")
    for token, realm in ((used.token, "user"), (other.token, "partner"), ("no ticket", "user")):
        with pytest.raises(TicketInvalid):
            redeem(token, realm=realm)
    time_passes.shift(dt.timedelta(seconds=61))
    with pytest.raises(TicketInvalid):
        redeem(late.token, realm="user")

    assert live_tickets.prune() == 2
    assert not LiveTicket.objects.exists()


@pytest.fixture
def time_passes(noon: time_machine.Coordinates) -> time_machine.Coordinates:
    return noon


@pytest.mark.real_time
@pytest.mark.django_db(transaction=True)
def test_a_stream_is_opened_by_a_ticket_and_no_log_line_holds_it(
    every_line: None,
) -> None:
    log = io.StringIO()
    next(one for one in logging.getLogger().handlers if isinstance(one, LineHandler)).setStream(log)
    user = make_user()
    path = person_ticket(user)
    with stream_server() as server:
        with listening(server.port, path=path) as first, listening(server.port, path=path) as second:
            greeting = first.next()
            assert (second.status, second.body()["code"]) == (401, "ticket_invalid")
        ended = Client(server.port, path=f"{person_ticket(user)}&last_event_id=x")
        assert ended.next().name == "reset"
        ended.close()

    assert greeting is not None
    assert greeting.name == "ready"
    written = log.getvalue()
    assert '"path": "/api/v1/stream"' in written
    assert path.rpartition("=")[2] not in written


def person_ticket(user) -> str:
    url = person_client(user).post("/api/v1/stream-tickets", {}, format="json").json()["url"]
    return url[url.index("/api") :]


@pytest.mark.real_time
@pytest.mark.django_db(transaction=True)
def test_a_ticket_of_a_session_that_has_ended_opens_nothing() -> None:
    user = make_user()
    path = person_ticket(user)
    session = Session.objects.get(account=user)
    sessions.end_session(Session, session_id=session.pk, account_id=user.pk)
    with stream_server() as server, listening(server.port, path=path) as client:
        assert (client.status, client.body()["code"]) == (401, "session_ended")
