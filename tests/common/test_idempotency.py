"""The same POST sent twice has one effect and one answer."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from common import db, idempotency, outbox
from common.api.views import APIView, read
from common.db import command
from common.errors import Conflict
from common.idempotency import IdempotencyKeyInvalid, Reply, parse_key, run_once
from common.models import IdempotentReply, OutboxEvent
from tests.factories import make_user, person_client
from tests.races import race

RACE = pytest.mark.django_db(transaction=True)


class Refused(Conflict):
    code, message = "refused_under_a_key_in_a_test", "No."


class RefusedAndCounted(Conflict):
    code, message, keeps_writes = "counted_under_a_key_in_a_test", "No, and that was one try.", True


@command
def do(*, exc: Exception | None = None) -> int:
    outbox.emit("test.done", key="test")
    if exc is not None:
        raise exc
    return OutboxEvent.objects.count()


def once(key="k", body=b"{}", who="someone", path="/p", exc=None, act=None) -> Reply:
    return run_once(
        who=who, method="POST", path=path, key=key, body=body, act=act or (lambda: Reply(201, b"%d" % do(exc=exc)))
    )


@RACE
def test_a_repeated_call_gets_the_first_answer_and_has_no_second_effect():
    first, again = once(), once()

    assert (first.status, first.body, first.replayed) == (201, b"1", False)
    assert (again.status, again.body, again.replayed) == (201, b"1", True)
    assert OutboxEvent.objects.count() == 1


@RACE
@pytest.mark.parametrize("other", [{"who": "another"}, {"path": "/q"}, {"key": "l"}])
def test_another_caller_path_or_key_is_another_call(other):
    once()

    assert once(**other).replayed is False


@RACE
def test_the_same_key_with_another_body_is_refused():
    once()

    with pytest.raises(idempotency.IdempotencyMismatch):
        once(body=b'{"more": 1}')
    assert OutboxEvent.objects.count() == 1


@RACE
def test_a_refusal_stores_nothing_and_the_key_can_be_used_again():
    with pytest.raises(Refused):
        once(exc=Refused())

    assert not IdempotentReply.objects.exists()
    assert once().replayed is False


@RACE
def test_a_kept_refusal_commits_its_writes_but_not_the_claim():
    for tries in (1, 2, 3):
        with pytest.raises(RefusedAndCounted):
            once(exc=RefusedAndCounted())
        assert OutboxEvent.objects.count() == tries

    assert not IdempotentReply.objects.exists()


@RACE
def test_a_crash_between_the_deed_and_the_reply_leaves_neither():
    def act() -> Reply:
        do()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once(act=act)

    assert not OutboxEvent.objects.exists()
    assert not IdempotentReply.objects.exists()


@RACE
def test_a_lost_database_session_in_the_middle_leaves_neither_deed_nor_claim():
    def act() -> Reply:
        do()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return Reply(201, b"")

    with pytest.raises(Exception, match=r"closed|terminat"):
        once(act=act)
    connection.close()

    assert not OutboxEvent.objects.exists()
    assert once().replayed is False


@RACE
def test_of_simultaneous_twins_one_acts_and_the_others_repeat_its_answer():
    replies = race(*[once] * 5)

    assert sorted(reply.replayed for reply in replies) == [False, True, True, True, True]
    assert {reply.body for reply in replies} == {b"1"}
    assert OutboxEvent.objects.count() == 1


@RACE
def test_control_without_the_claim_every_twin_acts(monkeypatch):
    monkeypatch.setattr(idempotency, "_claim", lambda *_: True)

    race(*[once] * 5)

    assert OutboxEvent.objects.count() == 5


@RACE
def test_simultaneous_refusals_that_count_are_each_counted():
    outcomes = race(*[lambda: once(exc=RefusedAndCounted())] * 4)

    assert all(isinstance(outcome, RefusedAndCounted) for outcome in outcomes)
    assert OutboxEvent.objects.count() == 4


@RACE
def test_a_twin_of_a_call_that_takes_too_long_is_told_to_come_back(monkeypatch):
    monkeypatch.setattr(db, "LOCK_TIMEOUT", "100ms")
    inside, done = threading.Event(), threading.Event()

    def slow() -> Reply:
        inside.set()
        done.wait(10)
        return Reply(201, b"%d" % do())

    def twin() -> Reply:
        inside.wait(10)
        try:
            return once()
        finally:
            done.set()

    first, second = race(lambda: once(act=slow), twin)

    assert first.status == 201
    assert type(second).__name__ == "Busy"


@RACE
def test_what_is_stored_is_unreadable_without_the_key():
    once(act=lambda: Reply(201, b'{"refresh": "secret"}'))

    assert b"secret" not in bytes(IdempotentReply.objects.get().body)


@pytest.mark.django_db
def test_replies_are_kept_a_day(noon):
    once()
    noon.shift(idempotency.KEEP.total_seconds() - 5)
    assert idempotency.prune() == 0
    noon.shift(10)
    assert idempotency.prune() == 1


@pytest.mark.parametrize(
    ("header", "key"), [("abc-123", "abc-123"), ('"abc"', "abc"), (" x ", "x"), ("~" * 255, "~" * 255)]
)
def test_a_key_may_be_quoted_or_bare(header, key):
    assert parse_key(header) == key


@pytest.mark.parametrize("header", ["", '""', '"a', 'a"', "a b", "é", "a" * 256, "a\x00b", 'a"b'])
def test_anything_else_is_no_key(header):
    with pytest.raises(IdempotencyKeyInvalid):
        parse_key(header)


# Over HTTP


class NumberIn(serializers.Serializer):
    number = serializers.IntegerField()


class DoView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def post(self, request):
        read(NumberIn, request)
        return Response({"count": do()}, status=201)


class CarefulView(DoView):
    idempotency_required = True

    def post(self, request):
        return Response({"count": do()}, status=201)


class EmptyView(DoView):
    def post(self, request):
        do()
        return Response(status=204)


def post(view, body, key=None):
    headers = {} if key is None else {"Idempotency-Key": key}
    return view.as_view()(APIRequestFactory().post("/p", body, format="json", headers=headers))


@RACE
def test_the_replayed_answer_says_that_it_is_one():
    first, again = (post(DoView, {"number": 1}, "k") for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content == b'{"count":1}'
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"


@RACE
def test_an_answer_without_a_body_is_repeated_without_one():
    first, again = (post(EmptyView, {}, "k") for _ in range(2))

    assert (first.status_code, first.content) == (again.status_code, again.content) == (204, b"")
    assert OutboxEvent.objects.count() == 1


@RACE
@pytest.mark.parametrize(
    ("key", "body", "status", "code"),
    [
        ("k", {"number": "x"}, 400, "invalid_input"),
        ("a b", {"number": 1}, 400, "idempotency_key_invalid"),
    ],
)
def test_input_that_is_refused_stores_nothing(key, body, status, code):
    answer = post(DoView, body, key)

    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert not IdempotentReply.objects.exists()


@RACE
def test_another_body_under_the_same_key_is_422():
    post(DoView, {"number": 1}, "k")

    answer = post(DoView, {"number": 2}, "k")

    assert (answer.status_code, answer.data["code"]) == (422, "idempotency_mismatch")


@RACE
def test_where_a_key_is_required_its_absence_is_refused():
    answer = post(CarefulView, {})

    assert (answer.status_code, answer.data["code"]) == (400, "idempotency_key_required")
    assert not OutboxEvent.objects.exists()


@RACE
def test_two_people_may_use_the_same_key(unthrottled):
    bodies = {"code": "tattoo", "occurred_on": "2030-04-01"}

    answers = [
        person_client(make_user()).post(
            "/api/v1/me/donor/deferrals", bodies, format="json", headers={"Idempotency-Key": "1"}
        )
        for _ in range(2)
    ]

    assert [answer.json()["code"] for answer in answers] == ["not_a_donor", "not_a_donor"]
    assert not IdempotentReply.objects.exists()
