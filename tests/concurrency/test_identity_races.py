"""Proofs of identity at the same moment: one dialogue a person, one account a person, one level a proof."""

from __future__ import annotations

from typing import Any

from tests.concurrency.scenes import race_test, unlock, waiting, without_constraints
from tests.factories import make_user
from tests.races import meeting, names, race, without_locks
from tests.users.offline_kyc import SHARE_CODE, as_bytes, issuer, signed, zipped
from tests.users.provider import (
    asha,
    begin,
    charges,
    code_at,
    know,
    number,
    quiet_provider,
    shared_sandbox,
)
from users.models import Consent, IdentityAssurance, IdentityAttestation
from users.selectors import current_notice
from users.services import attesting, consents, identity
from users.states import ConsentPurpose

pytestmark = race_test
fixtures = (quiet_provider, shared_sandbox)


def ready(provider, user, digits=""):
    """A person whose code has come; the call that gives it."""
    phone = f"+91{'9' * 2}{user.phone[-8:]}"
    know(provider, digits or number("45"), phone=phone)
    attestation = begin(user, digits or number("45"))
    code = code_at(provider, phone)
    return lambda: attesting.complete(user_id=user.pk, attestation_id=attestation, code=code)


# Starting


def test_two_starts_at_once_are_one_dialogue_and_one_code(provider):
    user = asha()
    know(provider)
    provider.faults(slow_ms=500)

    outcomes = race(*[lambda: begin(user)] * 4)

    assert names(outcomes).count("UUID") == 1
    assert set(names(outcomes)) == {"UUID", "Busy"}
    assert charges(provider) == ["code"]
    assert IdentityAttestation.objects.count() == 1


def test_control_without_lock_and_constraint_two_starts_are_two_codes(provider, monkeypatch):
    user = asha()
    know(provider)
    monkeypatch.setattr(consents, "lock_one", lambda model, pk: without_locks(model, [pk])[0])
    with without_constraints((IdentityAttestation, "one_open_attestation_per_person")), meeting(2) as wait:
        unlock(monkeypatch, "users.services.attesting.lock", after=IdentityAttestation, wait=wait)
        current = current_notice(ConsentPurpose.IDENTITY_PROVIDER, user.language)
        Consent.objects.create(user=user, notice=current, granted_at=user.created_at)

        outcomes = race(lambda: begin(user), lambda: begin(user))

        assert names(outcomes) == ["UUID", "UUID"]
    assert charges(provider) == ["code", "code"]


# Completing


def test_two_codes_at_once_are_one_try_and_one_level(provider):
    act = ready(provider, asha())
    provider.faults(slow_ms=500)

    outcomes = race(*[act] * 4)

    assert names(outcomes) == ["Busy"] * 3 + ["IdentityAttestation"]
    assert IdentityAttestation.objects.get().tries_left == 2
    assert IdentityAssurance.objects.count() == 1
    assert charges(provider) == ["code", "person"]


def test_control_without_the_lock_two_codes_at_once_are_both_asked_about(provider, monkeypatch):
    act = ready(provider, asha())
    asked = []
    real = attesting.licensed

    def counting() -> Any:
        found = real()
        complete = found.complete
        found.complete = lambda **named: asked.append(1) or complete(**named)
        return found

    monkeypatch.setattr(attesting, "licensed", counting)
    with meeting(2) as wait:
        unlock(monkeypatch, "users.services.attesting.lock", after=IdentityAttestation, wait=wait)

        race(act, act)

    assert len(asked) == 2


def test_one_person_on_two_accounts_at_once_is_one_account(provider):
    first, second = ready(provider, asha()), ready(provider, asha())

    outcomes = race(first, second)

    assert names(outcomes) == ["IdentityAttestation", "IdentityTaken"]
    assert IdentityAssurance.objects.count() == 1
    assert sorted(IdentityAttestation.objects.values_list("status", "failure")) == [
        ("attested", ""),
        ("failed", "identity_taken"),
    ]


def test_control_without_the_constraint_one_person_has_two_accounts(provider):
    first, second = ready(provider, asha()), ready(provider, asha())
    with without_constraints((IdentityAssurance, "one_account_per_attested_person")):
        outcomes = race(first, second)

        assert names(outcomes) == ["IdentityAttestation"] * 2
        assert IdentityAssurance.objects.count() == 2


def test_withdrawing_against_completing_leaves_no_level_behind(provider):
    for first in ("46", "47", "48"):
        user = asha()
        act = ready(provider, user, number(first))

        outcomes = race(
            act, lambda user=user: consents.withdraw(user_id=user.pk, purpose=ConsentPurpose.IDENTITY_PROVIDER)
        )

        assert names(outcomes) in (["AttestationOver", "ConsentState"], ["ConsentState", "IdentityAttestation"])
        assert not IdentityAssurance.objects.filter(user=user, ended_at=None).exists()


def test_control_without_the_lock_a_level_outlives_its_consent(provider, monkeypatch):
    user = asha()
    act = answered(provider, user)
    with without_constraints((IdentityAttestation, "attestation_failed_for_a_reason")), meeting(2) as wait:
        monkeypatch.setattr(consents, "lock_one", lambda model, pk: without_locks(model, [pk])[0])
        monkeypatch.setattr(consents, "lock", without_locks)
        unlock_one(monkeypatch, wait)

        outcomes = race(act, lambda: consents.withdraw(user_id=user.pk, purpose=ConsentPurpose.IDENTITY_PROVIDER))

        assert "IdentityAttestation" in names(outcomes)
        assert IdentityAssurance.objects.filter(user=user, ended_at=None).exists()


def answered(provider, user):
    """A person to whose code the provider has just said yes; the call that writes it down."""
    know(provider)
    row = attesting._begin_check(user_id=user.pk, attestation_id=begin(user))
    said = attesting.licensed().complete(attestation_id=row.pk, code=code_at(provider))
    return lambda: attesting._conclude(row, said)


def unlock_one(monkeypatch, wait):
    """Let whoever concludes look at the row unlocked, and wait for the one who withdraws."""
    real = consents.end_assurances
    monkeypatch.setattr(consents, "end_assurances", waiting(real, wait))

    def look(model, pk):
        row = without_locks(model, [pk])[0]
        wait()
        return row

    monkeypatch.setattr(attesting, "lock_one", look)


# The earlier levels


def test_control_without_the_constraint_a_file_given_twice_at_once_counts_twice(settings, tmp_path):
    settings.UIDAI_CERTIFICATES = [issuer().write(tmp_path)]
    user = make_user()
    file = zipped(as_bytes(signed(phone=user.phone)))

    def act() -> Any:
        return identity.record_offline_file(user_id=user.pk, file=file, share_code=SHARE_CODE)

    with without_constraints((IdentityAssurance, "offline_file_counts_once")):
        assert names(race(act, act)) == ["IdentityAssurance", "IdentityAssurance"]


def test_control_without_lock_and_constraint_giving_twice_leaves_two_consents(monkeypatch):
    user = make_user()
    with without_constraints((Consent, "one_open_consent_per_notice")), meeting(2) as wait:

        def look(model, pk):
            row = without_locks(model, [pk])[0]
            wait()
            return row

        monkeypatch.setattr(consents, "lock_one", look)
        monkeypatch.setattr(consents, "grant", waiting(consents.grant, wait))

        def act() -> Any:
            return consents.give(user_id=user.pk, purpose=ConsentPurpose.IDENTITY, notice_version=1)

        race(act, act)

        assert Consent.objects.count() == 2


def test_control_the_constraint_alone_keeps_one_consent(monkeypatch):
    user = make_user()
    monkeypatch.setattr(consents, "lock_one", lambda model, pk: without_locks(model, [pk])[0])
    with meeting(2) as wait:
        monkeypatch.setattr(consents, "hold_person", waiting(consents.hold_person, wait))

        def act() -> Any:
            return consents.give(user_id=user.pk, purpose=ConsentPurpose.IDENTITY, notice_version=1)

        race(act, act)

    assert Consent.objects.count() == 1
