"""Live streams over real sockets: nothing is missed, nothing comes twice, and nobody hears what is not theirs."""

from __future__ import annotations

import datetime as dt
import http.client
import threading
import uuid
from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import Settings

from chat.stream import app, hub, passes
from common import live, sessions
from common.db import unit_of_work
from common.live import Change
from common.models import LiveChange
from partners.models import MemberSession, Partner
from tests.chat.listening import StreamServer, listening, publish, stream_server, values
from tests.chat.scenes import say, talk_of_donor
from tests.factories import make_user
from tests.partners.factories import make_member, member_tokens
from tests.partners.test_api_keys import make_key
from tests.processes import until
from tests.races import race
from users.models import Session, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_time]


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with stream_server() as running:
        yield running


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LOOK_OVER", 0.1)


def token_of(user: User) -> str:
    with unit_of_work():
        _, pair = sessions.open_session(Session, account_id=user.pk, device="test", address="127.0.0.1")
    return pair.access


def test_a_stream_that_was_cut_goes_on_where_it_was(server: StreamServer) -> None:
    user = make_user()
    token = token_of(user)
    publish(user.pk, 0)
    with listening(server.port, token=token) as client:
        greeting = client.next()
        publish(user.pk, 1, 2)
        first = client.take(1)
        publish(user.pk, 3)
    publish(user.pk, *range(4, 300))
    with listening(server.port, token=token, last=first[0].id) as client:
        second = client.take(298)
        publish(user.pk, 300)
        third = client.take(1)

    assert greeting is not None
    assert (greeting.name, greeting.data["resumed"]) == ("ready", False)
    assert values(first + second + third) == list(range(1, 301))


def test_changes_are_given_in_the_order_of_their_commits(server: StreamServer) -> None:
    """The transaction that begins first commits last: its number follows, and neither is passed over."""
    user = make_user()
    entered, let_go = threading.Event(), threading.Event()

    def slow() -> None:
        with unit_of_work():
            live.publish([Change(user.pk, "slow", {"value": 1})])
            entered.set()
            let_go.wait(5)

    def quick() -> None:
        entered.wait(5)
        threading.Timer(0.2, let_go.set).start()
        publish(user.pk, 2)

    with listening(server.port, token=token_of(user)) as client:
        client.next()
        race(slow, quick)
        events = client.take(2)

    assert values(events) == [1, 2]
    assert [event.id.partition("-")[0] for event in events] == ["1", "2"]


def test_what_was_told_while_the_connection_was_lost_is_caught_up_with(
    server: StreamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user()
    with listening(server.port, token=token_of(user)) as client:
        client.next()
        go_on, begin = threading.Event(), server.listener._begin
        monkeypatch.setattr(server.listener, "_begin", lambda: go_on.wait(20) and begin())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'")
        until(lambda: not server.listener.listens.is_set())
        publish(user.pk, 1)
        go_on.set()
        until(server.listener.listens.is_set)
        publish(user.pk, 2)

        assert values(client.take(2)) == [1, 2]


def test_the_end_of_a_session_ends_its_streams_at_once(monkeypatch: pytest.MonkeyPatch, server: StreamServer) -> None:
    monkeypatch.setattr(hub, "LOOK_OVER", 60)
    user = make_user()
    token, other = token_of(user), token_of(user)
    ended = Session.objects.filter(account=user).order_by("created_at")[0]
    with listening(server.port, token=token) as client, listening(server.port, token=other) as stays:
        client.next()
        stays.next()
        sessions.end_session(Session, session_id=ended.pk, account_id=user.pk)
        bye = client.next()
        publish(user.pk, 1)

        assert bye is not None
        assert (bye.name, bye.data) == ("bye", {"reason": "ended"})
        assert client.next() is None
        assert values(stays.take(1)) == [1]


@pytest.mark.parametrize("what", ["person", "member", "partner", "expiry"])
def test_whoever_may_listen_no_more_is_sent_away_by_the_next_look(
    quick_looks: None, server: StreamServer, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, member = make_user(), make_member()
    ends = {
        "person": lambda: User.objects.update(is_active=False),
        "member": lambda: type(member).objects.update(is_active=False),
        "partner": lambda: Partner.objects.update(status="suspended"),
        "expiry": lambda: monkeypatch.setattr(hub, "has_expired", lambda leave, now: True),
    }
    is_persons = what in ("person", "expiry")
    token = token_of(user) if is_persons else member_tokens(member).access
    path = "/api/v1/stream" if is_persons else "/api/v1/partner/stream"
    with listening(server.port, token=token, path=path) as client:
        client.next()
        ends[what]()
        bye = client.next()

    assert bye is not None
    assert bye.name == "bye"


def test_a_token_of_the_other_realm_opens_nothing(server: StreamServer) -> None:
    with listening(server.port, token=token_of(make_user()), path="/api/v1/partner/stream") as client:
        assert (client.status, client.headers["content-type"]) == (401, "application/problem+json")
        assert client.body()["code"] == "token_invalid"
    with listening(server.port) as client:
        assert (client.status, client.body()["code"]) == (401, "not_authenticated")
        assert client.headers["www-authenticate"].startswith("Bearer")


def test_nobody_hears_another_topic_and_members_share_the_partners(server: StreamServer) -> None:
    user, stranger, member = make_user(), make_user(), make_member()
    colleague = make_member(member.partner)
    path = "/api/v1/partner/stream"
    with (
        listening(server.port, token=token_of(user)) as own,
        listening(server.port, token=member_tokens(member).access, path=path) as one,
        listening(server.port, token=member_tokens(colleague).access, path=path) as two,
    ):
        for client in (own, one, two):
            client.next()
        publish(stranger.pk, 1)
        live.signal([stranger.pk], "chat.typing", {"value": 1})
        publish(member.partner_id, 2)
        live.signal([user.pk], "chat.typing", {"value": 3})
        publish(user.pk, 4)

        assert values(own.take(2)) in ([3, 4], [4, 3])
        assert values(one.take(1)) == values(two.take(1)) == [2]


def test_a_client_that_takes_nothing_is_given_up_and_resumes(
    server: StreamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "STALLED", 0.5)
    user = make_user()
    token = token_of(user)
    with listening(server.port, token=token, buffer=4096) as lazy, listening(server.port, token=token) as brisk:
        greeting = lazy.next()
        brisk.next()
        for start in range(0, 400, 100):
            with unit_of_work():
                live.publish(
                    [Change(user.pk, "big", {"value": n, "fill": "x" * 20_000}) for n in range(start, start + 100)]
                )
        received = values(brisk.take(400))
        held = max(stream._size for stream in server.hub.every())
        until(lambda: len(server.hub) == 1)
    assert greeting is not None
    with listening(server.port, token=token, last=greeting.id) as back:
        resumed = values(back.take(400))

    assert received == resumed == list(range(400))
    assert held < hub.BUFFER + 100_000


@pytest.mark.parametrize("last", ["no id", "1-00000000", "{own:9}", "{own:1}"])
def test_an_id_that_is_not_known_is_answered_with_a_reset(server: StreamServer, last: str) -> None:
    user = make_user()
    publish(user.pk, *range(1, 6))
    LiveChange.objects.filter(number__lte=3).delete()
    tag = user.pk.hex[-8:]
    given = last.replace("{own:9}", f"9-{tag}").replace("{own:1}", f"1-{tag}")
    with listening(server.port, token=token_of(user), last=given) as client:
        reset = client.next()
        publish(user.pk, 6)

        assert reset is not None
        assert (reset.name, reset.id) == ("reset", f"5-{tag}")
        assert values(client.take(1)) == [6]


def test_a_change_is_sent_as_its_kind_is_shown(server: StreamServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(rows: list[dict]) -> list[dict | None]:
        return [{"value": row["value"] * 10, "at": dt.datetime(2030, 1, 1, tzinfo=dt.UTC)} for row in rows[:-1]] + [
            None
        ]

    monkeypatch.setitem(live.shows, "shown", shown)
    user = make_user()
    with listening(server.port, token=token_of(user)) as client:
        client.next()
        publish(user.pk, 1, 2, name="shown")
        publish(user.pk, 3)
        events = client.take(2)

    assert [event.data for event in events] == [{"value": 10, "at": "2030-01-01T00:00:00Z"}, {"value": 3}]


def test_there_are_no_more_streams_than_an_account_may_have(server: StreamServer, settings: Settings) -> None:
    settings.STREAMS_PER_ACCOUNT = 1
    user = make_user()
    token = token_of(user)
    with listening(server.port, token=token) as held:
        held.next()
        with listening(server.port, token=token) as more:
            assert (more.status, more.body()["code"]) == (429, "too_many_streams")
            assert more.headers["retry-after"] == "10"
    until(lambda: len(server.hub) == 0)
    with listening(server.port, token=token) as again:
        assert again.status == 200


def test_a_server_that_stops_says_good_bye() -> None:
    user = make_user()
    with stream_server() as server, listening(server.port, token=token_of(user)) as client:
        client.next()
        server.server.should_exit = True
        bye = client.next()

        assert bye is not None
        assert bye.data == {"reason": "shutdown"}
        assert client.next() is None


def test_every_kind_of_session_has_a_function_that_says_who_may_listen() -> None:
    kinds = {passes.KINDS[model.realm] for model in (Session, MemberSession)}

    assert kinds <= set(passes.SEATS)
    assert passes.no_longer({passes.Pass("user", "person", uuid.uuid4(), None)}) != set()


def test_a_stream_that_is_further_than_what_was_read_waits_for_its_own() -> None:
    topic = uuid.uuid4()
    ahead, behind = (
        hub.Stream(passes.Pass("user", "person", topic, None), topic, after=after, is_new=False) for after in (300, 5)
    )
    part = hub.Reading(305, [hub.Shown(number, b"x") for number in range(6, 106)], is_cut=True)

    for stream in (ahead, behind):
        hub._give(stream, part)

    assert (ahead.position, ahead.take()) == (300, b"")
    assert behind.position == 105


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("OPTIONS", "/api/v1/stream", (200, "")),
        ("HEAD", "/api/v1/stream", (405, "")),
        ("POST", "/api/v1/stream", (405, "method_not_allowed")),
        ("GET", "/api/v1/me", (404, "not_found")),
        ("GET", "/healthz", (200, "")),
    ],
)
def test_what_is_no_stream_is_answered_like_the_api(
    server: StreamServer, method: str, path: str, expected: tuple[int, str]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    connection.request(method, path, headers={**asked, "Access-Control-Request-Headers": "authorization,last-event-id"})
    reply = connection.getresponse()
    said = reply.read().decode()
    connection.close()

    assert reply.status == expected[0]
    assert expected[1] in said
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_a_message_of_a_conversation_is_heard_whole_by_the_person_and_by_its_number_by_the_partner(
    server: StreamServer,
) -> None:
    talk = talk_of_donor()
    partners = member_tokens(talk.second).access
    with (
        listening(server.port, token=token_of(talk.first)) as person,
        listening(server.port, token=partners, path="/api/v1/partner/stream") as desk,
    ):
        person.next()
        desk.next()
        say(talk, talk.two, "The gate is on the left.")
        [heard], [told] = person.take(1), desk.take(1)

    assert (heard.name, heard.data["shown"]["text"]) == ("chat.message", "The gate is on the left.")
    assert told.name == "chat.message"
    assert "shown" not in told.data


def test_a_key_opens_no_stream(server: StreamServer) -> None:
    key = make_key(make_member(), "orders:read")
    with listening(server.port, token=key.token, path="/api/v1/partner/stream") as client:
        assert (client.status, client.body()["code"]) == (403, "members_only")
