"""Keys that are rotated twice at once, and revoked while they are used."""

from __future__ import annotations

import datetime as dt

import pytest

from common.models import OutboxEvent
from partners.errors import ApiKeyRevoked
from partners.models import ApiKey, Partner
from partners.services import key_use, keys, members, test_mode
from partners.states import KeyMode, PartnerStatus
from tests.partners.factories import make_member
from tests.partners.test_api_keys import make_key
from tests.races import meeting, names, race, without_locks

pytestmark = pytest.mark.django_db(transaction=True)


def rotations(owner, key):
    def rotate():
        shown = keys.rotate_key(
            partner_id=owner.partner_id, key_id=key.pk, actor_id=owner.pk, overlap=dt.timedelta(hours=1)
        )
        return shown.token

    return race(rotate, rotate)


def opens(token):
    try:
        key_use.authenticate(token, address="127.0.0.1")
    except Exception:
        return False
    return True


def test_of_two_rotations_at_once_one_is_refused_and_both_shown_secrets_open():
    owner = make_member()
    old = make_key(owner)

    outcomes = rotations(owner, old.key)

    assert names(outcomes) == ["RotationRunning", "str"]
    new = next(outcome for outcome in outcomes if isinstance(outcome, str))
    assert [opens(token) for token in (old.token, new)] == [True, True]


def test_without_the_locks_a_secret_that_was_shown_is_lost(monkeypatch):
    owner = make_member()
    old = make_key(owner)
    with meeting(2) as wait:
        free = without_locks

        def slowly(model, ids):
            rows = free(model, ids)
            if model is ApiKey:
                wait()
            return rows

        monkeypatch.setattr(keys, "lock", slowly)
        monkeypatch.setattr(keys, "lock_one", lambda model, pk: slowly(model, [pk])[0])
        monkeypatch.setattr(members, "lock_one", lambda model, pk: free(model, [pk])[0])

        outcomes = rotations(owner, old.key)

    assert names(outcomes) == ["str", "str"]
    assert sum(opens(token) for token in outcomes) == 1


def test_a_key_that_is_revoked_while_it_is_used_opens_nothing_afterwards():
    owner = make_member()
    made = make_key(owner)

    def use():
        return [opens(made.token) for _ in range(20)]

    def revoke():
        keys.revoke_key(partner_id=owner.partner_id, key_id=made.key.pk, actor_id=owner.pk)
        with pytest.raises(ApiKeyRevoked):
            key_use.authenticate(made.token, address="127.0.0.1")

    used, revoked = race(use, revoke)

    assert revoked is None
    assert used == sorted(used, reverse=True)  # open, then never again
    assert not opens(made.token)


def test_two_first_test_keys_at_once_share_one_world():
    owner = make_member()

    outcomes = race(*[lambda: make_key(owner, mode=KeyMode.TEST).key.member.partner_id] * 2)

    assert outcomes[0] == outcomes[1]
    assert Partner.objects.filter(test_of=owner.partner).count() == 4


def resets(owner):
    def reset():
        return test_mode.reset(partner_id=owner.partner_id, actor_id=owner.pk).test_world

    return race(reset, reset)


def worlds_of(partner):
    """Return the worlds of the partner's test data that are not over."""
    rows = Partner.objects.filter(test_of=partner, status=PartnerStatus.LIVE)
    return set(rows.values_list("test_world", flat=True))


def test_of_two_resets_at_once_the_later_world_alone_is_left_and_the_keys_act_in_it():
    owner = make_member()
    key = make_key(owner, mode=KeyMode.TEST).key

    outcomes = resets(owner)

    assert names(outcomes) == ["UUID", "UUID"]
    assert len(worlds_of(owner.partner)) == 1
    assert worlds_of(owner.partner) < set(outcomes)
    key.refresh_from_db()
    assert {key.member.partner.test_world} == worlds_of(owner.partner)
    assert OutboxEvent.objects.filter(name="testworld.closed").count() == 2


def test_without_the_lock_of_the_partner_only_the_constraint_would_keep_worlds_apart(monkeypatch):
    owner = make_member()
    close = test_mode._close

    with meeting(2) as wait:
        monkeypatch.setattr(test_mode, "lock_one", lambda model, pk: model.objects.get(pk=pk))
        monkeypatch.setattr(test_mode, "lock", without_locks)
        monkeypatch.setattr(test_mode, "_close", lambda partner: (close(partner), wait()))
        outcomes = resets(owner)

    assert names(outcomes) == ["IntegrityError", "UUID"]
