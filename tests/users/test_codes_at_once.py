"""One code from two devices at the same moment: it is spent once."""

from __future__ import annotations

import pytest

from tests.factories import PASSWORD
from tests.partners.factories import new_phone
from tests.races import meeting, names, race, without_locks
from tests.users.people import ask, code_of, make_person
from users.models import Session, User
from users.services import accounts, otp
from users.services.accounts import Device

pytestmark = pytest.mark.django_db(transaction=True)
DEVICE = Device("test", "127.0.0.1")


def registration():
    challenge = ask(new_phone(), "register")
    code = code_of(challenge)
    return lambda: accounts.register(
        challenge_id=challenge, code=code, name="Asha", password=PASSWORD, language=None, device=DEVICE
    )


def sign_in():
    challenge = ask(make_person().phone, "login")
    code = code_of(challenge)
    return lambda: accounts.login_with_code(challenge_id=challenge, code=code, device=DEVICE)


def reset():
    challenge = ask(make_person().phone, "reset_password")
    code = code_of(challenge)
    return lambda: accounts.reset_password(challenge_id=challenge, code=code, password=PASSWORD, device=DEVICE)


def unguarded(monkeypatch, wait):
    """Let `spend_code` look without a lock, together with the others."""

    def look_together(model, ids):
        rows = without_locks(model, ids)
        wait()
        return rows

    monkeypatch.setattr(otp, "lock", look_together)


@pytest.mark.parametrize("scene", [registration, sign_in, reset])
def test_of_several_who_hold_the_code_one_comes_in(scene):
    act = scene()

    outcomes = race(*[act] * 4)

    assert names(outcomes) == [*["CodeInvalid"] * 3, "SignedIn"]
    assert (User.objects.count(), Session.objects.count()) == (1, 1)


def test_control_without_the_lock_a_code_signs_two_in(monkeypatch):
    act = sign_in()
    with meeting(2) as wait:
        unguarded(monkeypatch, wait)
        outcomes = race(*[act] * 2)

    assert names(outcomes) == ["SignedIn", "SignedIn"]


def test_control_without_the_lock_a_code_is_spent_by_two_registrations(monkeypatch):
    act = registration()
    with meeting(2) as wait:
        unguarded(monkeypatch, wait)
        outcomes = race(*[act] * 2)

    assert names(outcomes) == ["PhoneTaken", "SignedIn"]  # only the number's uniqueness stops the second


def test_control_without_the_lock_more_than_five_guesses_are_looked_at(monkeypatch):
    challenge = ask(make_person().phone, "login")
    looked_at = []
    matches = otp.code_matches
    monkeypatch.setattr(otp, "code_matches", lambda *a, **named: looked_at.append(a) or matches(*a, **named))
    with meeting(8) as wait:
        unguarded(monkeypatch, wait)
        guess(challenge, times=8)

    assert len(looked_at) == 8


def test_of_many_guesses_at_once_five_are_looked_at(monkeypatch):
    challenge = ask(make_person().phone, "login")
    looked_at = []
    matches = otp.code_matches
    monkeypatch.setattr(otp, "code_matches", lambda *a, **named: looked_at.append(a) or matches(*a, **named))

    guess(challenge, times=20)

    assert len(looked_at) == 5


def guess(challenge, *, times):
    """Try wrong codes, all at once."""
    code = int(code_of(challenge))
    guesses = [f"{(code + step) % 10**6:06}" for step in range(1, times + 1)]
    outcomes = race(
        *[
            lambda text=text: accounts.login_with_code(challenge_id=challenge, code=text, device=DEVICE)
            for text in guesses
        ]
    )
    assert names(outcomes) == ["CodeInvalid"] * times
