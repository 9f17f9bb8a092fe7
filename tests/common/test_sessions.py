"""One living refresh token a device, and what happens to the dead ones."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock, sessions
from common.db import unit_of_work
from common.errors import NotFound
from common.sessions import RefreshRaceLost, RefreshReused, SessionEnded, authenticate, refresh_session
from common.tokens import TokenInvalid
from partners.models import MemberSession
from tests.factories import make_user
from tests.partners.factories import make_member
from tests.races import names, race
from users.models import Session

RACE = pytest.mark.django_db(transaction=True)


def open_for(user, model=Session, **values):
    with unit_of_work():
        return sessions.open_session(
            model, account_id=user.pk, **{"device": "phone", "address": "203.0.113.7", **values}
        )


def is_alive(pair) -> bool:
    try:
        authenticate(Session, access=pair.access)
    except SessionEnded:
        return False
    return True


@pytest.mark.django_db
def test_a_device_signed_in_is_who_it_says_in_one_query():
    user = make_user()
    session, pair = open_for(user)

    with CaptureQueriesContext(connection) as queries:
        found = authenticate(Session, access=pair.access)

    assert (found.pk, found.account) == (session.pk, user)
    assert len(queries) == 1


@pytest.mark.django_db
def test_a_refresh_gives_a_new_pair_and_keeps_the_session():
    session, first = open_for(make_user())

    second = refresh_session(Session, refresh=first.refresh)

    assert second.refresh != first.refresh
    assert authenticate(Session, access=second.access).pk == session.pk
    assert is_alive(first)


@pytest.mark.django_db
def test_using_a_dead_refresh_token_ends_the_session_for_thief_and_owner():
    _, first = open_for(make_user())
    second = refresh_session(Session, refresh=first.refresh)

    with pytest.raises(RefreshReused):
        refresh_session(Session, refresh=first.refresh)

    assert not is_alive(second)
    with pytest.raises(SessionEnded):
        refresh_session(Session, refresh=second.refresh)


@pytest.mark.django_db
def test_a_re_use_ends_that_device_and_no_other():
    user = make_user()
    (_, stolen), (_, other) = open_for(user), open_for(user)
    refresh_session(Session, refresh=stolen.refresh)

    with pytest.raises(RefreshReused):
        refresh_session(Session, refresh=stolen.refresh)

    assert is_alive(other)


@RACE
def test_of_simultaneous_refreshes_one_wins_and_the_losers_end_nothing():
    for _ in range(5):
        _, pair = open_for(make_user())

        outcomes = race(*[lambda pair=pair: refresh_session(Session, refresh=pair.refresh)] * 2)

        winner = next(outcome for outcome in outcomes if not isinstance(outcome, Exception))
        assert names(outcomes) in (["Pair", "RefreshRaceLost"], ["Pair", "RefreshReused"])
        if "RefreshRaceLost" in names(outcomes):
            assert refresh_session(Session, refresh=winner.refresh)


@RACE
def test_a_refresh_that_saw_the_token_alive_is_only_refused(monkeypatch):
    session, pair = open_for(make_user())
    claims = sessions.read_token(Session.realm, sessions.Kind.REFRESH, pair.refresh)
    winner = refresh_session(Session, refresh=pair.refresh)

    with pytest.raises(RefreshRaceLost):
        sessions._rotate(Session, claims=claims, seen_alive=True)

    assert is_alive(winner)
    assert refresh_session(Session, refresh=winner.refresh)
    with pytest.raises(RefreshReused):
        refresh_session(Session, refresh=pair.refresh)
    assert Session.objects.get(pk=session.pk).ended_at is not None


@RACE
def test_twenty_refreshes_that_all_saw_the_token_alive_have_one_winner_and_a_living_session():
    _, pair = open_for(make_user())
    claims = sessions.read_token(Session.realm, sessions.Kind.REFRESH, pair.refresh)

    outcomes = race(*[lambda: sessions._rotate(Session, claims=claims, seen_alive=True)] * 20)

    assert names(outcomes) == ["Pair", *["RefreshRaceLost"] * 19]
    winner = next(outcome for outcome in outcomes if not isinstance(outcome, Exception))
    assert refresh_session(Session, refresh=winner.refresh)


@RACE
def test_control_without_the_lock_several_win(monkeypatch):
    from tests.races import meeting, without_locks  # noqa: PLC0415

    _, pair = open_for(make_user())
    claims = sessions.read_token(Session.realm, sessions.Kind.REFRESH, pair.refresh)
    with meeting(2) as wait:

        def look_together(model, ids):
            rows = without_locks(model, ids)
            wait()
            return rows

        monkeypatch.setattr(sessions, "lock", look_together)
        outcomes = race(*[lambda: sessions._rotate(Session, claims=claims, seen_alive=True)] * 2)

    assert names(outcomes) == ["Pair", "Pair"]


@pytest.mark.django_db
def test_a_session_has_an_end_however_often_it_is_renewed(noon):
    _, pair = open_for(make_user())
    for _ in range(14):
        noon.shift(dt.timedelta(days=6))
        pair = refresh_session(Session, refresh=pair.refresh)

    noon.shift(dt.timedelta(days=6))
    with pytest.raises(SessionEnded):
        refresh_session(Session, refresh=pair.refresh)


@pytest.mark.django_db
def test_a_token_of_a_session_that_was_ended_is_refused_at_once():
    user = make_user()
    session, pair = open_for(user)

    sessions.end_session(Session, session_id=session.pk, account_id=user.pk)

    assert not is_alive(pair)
    with pytest.raises(SessionEnded):
        refresh_session(Session, refresh=pair.refresh)


@pytest.mark.django_db
def test_a_strangers_session_is_not_found_and_goes_on():
    session, pair = open_for(make_user())

    with pytest.raises(NotFound):
        sessions.end_session(Session, session_id=session.pk, account_id=make_user().pk)

    assert is_alive(pair)


@pytest.mark.django_db
def test_a_session_that_is_over_cannot_be_ended_again():
    user = make_user()
    session, pair = open_for(user)
    sessions.sign_out(Session, refresh=pair.refresh)

    with pytest.raises(NotFound):
        sessions.end_session(Session, session_id=session.pk, account_id=user.pk)


@pytest.mark.django_db
def test_ending_all_keeps_the_one_that_asks_and_other_peoples():
    user, other = make_user(), make_user()
    (kept, mine), (_, lost), (_, theirs) = open_for(user), open_for(user), open_for(other)

    with unit_of_work():
        ended = sessions.end_sessions(Session, account_id=user.pk, keep=kept.pk)

    assert ended == 1
    assert [is_alive(pair) for pair in (mine, lost, theirs)] == [True, False, True]


@pytest.mark.django_db
def test_a_token_whose_session_is_gone_or_anothers_is_refused():
    _, pair = open_for(make_user())
    Session.objects.update(account=make_user())
    with pytest.raises(TokenInvalid):
        authenticate(Session, access=pair.access)

    Session.objects.all().delete()
    with pytest.raises(TokenInvalid):
        authenticate(Session, access=pair.access)
    with pytest.raises(SessionEnded):
        refresh_session(Session, refresh=pair.refresh)


@pytest.mark.django_db
def test_a_members_tokens_open_no_persons_session():
    _, pair = open_for(make_member(), MemberSession)

    with pytest.raises(TokenInvalid):
        authenticate(Session, access=pair.access)
    with pytest.raises(TokenInvalid):
        refresh_session(Session, refresh=pair.refresh)
    with pytest.raises(TokenInvalid):
        sessions.sign_out(Session, refresh=pair.refresh)


@pytest.mark.django_db
def test_the_last_use_is_noted_every_five_minutes(noon):
    session, pair = open_for(make_user())

    noon.shift(dt.timedelta(minutes=4))
    authenticate(Session, access=pair.access)
    assert Session.objects.get().last_used_at == session.last_used_at
    noon.shift(dt.timedelta(minutes=2))
    authenticate(Session, access=pair.access)
    assert clock.now() - Session.objects.get().last_used_at < dt.timedelta(seconds=5)


@pytest.mark.django_db
def test_a_device_may_call_itself_anything():
    session, _ = open_for(make_user(), device="a\x00b" + "é" * 500, address="")

    kept = Session.objects.get(pk=session.pk)
    assert (kept.device, kept.address) == ("ab" + "é" * 198, None)


@pytest.mark.django_db
def test_pruning_forgets_what_was_over_a_month_ago(noon):
    user = make_user()
    ended, open_one = open_for(user)[0], open_for(user)[0]
    sessions.end_session(Session, session_id=ended.pk, account_id=user.pk)

    noon.shift(sessions.KEEP_ENDED + dt.timedelta(minutes=1))
    assert sessions.prune(Session) == 1
    assert Session.objects.get() == open_one
    noon.shift(sessions.ABSOLUTE_LIFETIME)
    assert sessions.prune(Session) == 1
