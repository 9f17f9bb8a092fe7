"""Level 2: a licensed provider, in two steps, and all that can go wrong between the two sides."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from common import clock
from sandbox.server import Sandbox
from tests.factories import PASSWORD, make_user, person_client
from tests.users.dump import dump
from tests.users.provider import (
    ASHAS,
    LATER,
    URL,
    asha,
    charges,
    code_at,
    complete,
    know,
    level_of,
    number,
    other,
    quiet_provider,
    shared_sandbox,
    start,
    status_of,
)
from users import jobs
from users.models import Consent, IdentityAssurance, IdentityAttestation
from users.services import attesting

pytestmark = pytest.mark.django_db
fixtures = (quiet_provider, shared_sandbox)


def begun(provider: Sandbox, user, digits=ASHAS):
    """Start; return the attestation's id and the code that came."""
    phone = know(provider, digits)
    answer = start(user, digits)
    assert answer.status_code == 201, answer.content
    return answer.json()["id"], code_at(provider, phone)


def attested(provider: Sandbox, user, digits=ASHAS):
    attestation, code = begun(provider, user, digits)
    answer = complete(user, attestation, code)
    assert answer.status_code == 200, answer.content
    return attestation


def test_the_code_of_the_provider_is_level_two(provider):
    user = asha()
    attestation, code = begun(provider, user)

    answer = complete(user, attestation, code)

    assert (answer.status_code, answer.json()["status"]) == (200, "attested")
    level = person_client(user).get("/api/v1/me/identity").json()
    assert (level["level"], level["label"], level["method"]) == (2, "provider_attested", "licensed_provider")
    assert level["last4"] == ASHAS[-4:]
    assert "verified" not in answer.content.decode() + str(level)
    assert charges(provider) == ["code", "person"]


def test_the_code_goes_to_the_telephone_that_the_provider_knows_and_not_to_the_account_s(provider):
    user = asha()

    begun(provider, user)

    assert provider.messages(user.phone) == []


def test_a_virtual_id_stands_for_the_number(provider):
    user, digits = asha(), "2341234123412341"
    from stdnum import verhoeff  # noqa: PLC0415

    digits = digits[:15] + verhoeff.calc_check_digit(digits[:15])

    assert start(user, digits).status_code == 201


@pytest.mark.parametrize("digits", ["234123412347", "123412341234", "", "x" * 24, "23412341234"])
def test_what_cannot_be_a_number_never_reaches_the_provider(provider, digits):
    answer = start(asha(), digits)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/number")
    assert charges(provider) == []
    assert not IdentityAttestation.objects.exists()


def test_without_a_consent_or_with_an_old_notice_nobody_is_asked(provider):
    user = asha()

    without, outdated = start(user, consent=False), start(user, version=9)

    assert (without.status_code, without.json()["code"]) == (400, "consent_required")
    assert (outdated.status_code, outdated.json()["code"]) == (409, "notice_outdated")
    assert charges(provider) == []
    assert not Consent.objects.exists()


def test_the_consent_is_written_down_with_its_version_before_the_provider_is_asked(provider):
    provider.faults(error_5xx=1.0)
    user = asha()

    refused = start(user)

    assert refused.status_code == 503
    consent = Consent.objects.get(user=user)
    assert (consent.notice.purpose, consent.notice.version) == ("identity_provider", 1)
    assert IdentityAttestation.objects.get().consent == consent


def test_without_a_provider_the_level_is_listed_as_not_offered_and_refused(provider, settings):
    settings.IDENTITY_PROVIDER_URL = ""
    user = asha()

    rows = person_client(user).get("/api/v1/identity-levels").json()
    refused = start(user)

    assert [(row["level"], row["offered"]) for row in rows] == [(1, True), (2, False), (3, False)]
    assert (refused.status_code, refused.json()["code"]) == (409, "not_configured")


def test_number_code_and_name_are_in_no_row_and_no_log_line(provider, capsys, every_line):
    user = asha()

    attestation = attested(provider, user)
    start(user, "234123412347")

    captured = capsys.readouterr()
    assert IdentityAttestation.objects.filter(pk=attestation).exists()
    for text in (dump(), captured.out + captured.err):
        assert ASHAS[:8] not in text
        assert f"{ASHAS[:4]} {ASHAS[4:8]}" not in text
    assert "request" in captured.out + captured.err


# Codes


def test_a_wrong_code_costs_one_of_three_tries_and_the_third_ends_it(provider):
    user = asha()
    attestation, code = begun(provider, user)

    answers = [complete(user, attestation, other(code)) for _ in range(1)]
    answers += [complete(user, attestation, other(other(code))), complete(user, attestation, other(other(other(code))))]
    late = complete(user, attestation, code)

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(400, "identity_code_wrong")] * 3
    assert [answer.json()["tries_left"] for answer in answers] == [2, 1, 0]
    assert (late.status_code, late.json()["code"]) == (409, "attestation_over")
    assert (status_of(attestation), level_of(user)) == (("failed", "tries_spent"), 0)
    assert charges(provider) == ["code"]


def test_the_right_code_after_a_wrong_one_is_right(provider):
    user = asha()
    attestation, code = begun(provider, user)
    complete(user, attestation, other(code))

    assert complete(user, attestation, code).status_code == 200


def test_a_code_after_ten_minutes_is_too_late_before_any_sweep(provider, noon):
    user = asha()
    attestation, code = begun(provider, user)
    noon.shift(601)

    answer = complete(user, attestation, code)

    assert (answer.status_code, answer.json()["code"]) == (409, "attestation_over")
    assert jobs.settle_attestations() == 1
    assert status_of(attestation) == ("expired", "")


@pytest.mark.parametrize("code", ["", "12", "123456789", "12a456", "१२३४५६", None, 5, ["1"]])
def test_a_code_of_the_wrong_shape_is_refused_by_its_field(provider, code):
    user = asha()
    attestation, _ = begun(provider, user)

    answer = person_client(user).post(f"{URL}/{attestation}/code", {"code": code}, format="json")

    assert answer.status_code == 400
    assert IdentityAttestation.objects.get().tries_left == 3


def test_a_stranger_sees_and_completes_no_attestation(provider):
    attestation, code = begun(provider, asha())
    stranger = make_user()

    seen = person_client(stranger).get(f"{URL}/{attestation}")
    done = complete(stranger, attestation, code)

    assert (seen.status_code, done.status_code) == (404, 404)
    assert IdentityAttestation.objects.get().tries_left == 3


# What the provider says


@pytest.mark.parametrize("first", ["99900001", "99900002"], ids=["unknown", "no telephone"])
def test_a_number_for_which_no_code_can_be_sent_is_refused_by_its_field(provider, first):
    answer = start(asha(), number(first))

    assert (answer.status_code, answer.json()["code"]) == (400, "identity_number_refused")
    assert answer.json()["errors"][0]["pointer"] == "/number"
    assert charges(provider) == []


def test_another_name_is_no_level(provider):
    user = make_user(name="Somebody Else")
    attestation, code = begun(provider, user)

    answer = complete(user, attestation, code)

    assert (answer.status_code, answer.json()["code"]) == (409, "identity_name_differs")
    assert "Kulkarni" not in answer.content.decode()
    assert (status_of(attestation), level_of(user)) == (("failed", "name_differs"), 0)


@pytest.mark.parametrize(
    "first", ["99900006", "99900007", "99900008"], ids=["other secret", "other dialogue", "expired"]
)
def test_what_is_not_signed_for_this_dialogue_now_is_not_believed(provider, first):
    user = asha()
    attestation, code = begun(provider, user, number(first))

    answer = complete(user, attestation, code)

    assert (answer.status_code, answer.json()["code"]) == (409, "attestation_over")
    assert (status_of(attestation), level_of(user)) == (("failed", "refused"), 0)


def test_a_person_has_one_account_at_a_time(provider):
    first, second = asha(), asha()
    attested(provider, first)
    attestation, code = begun(provider, second)

    refused = complete(second, attestation, code)
    person_client(first).post("/api/v1/me/consents/identity_provider/withdraw", {}, format="json")
    attested(provider, second)

    assert (refused.status_code, refused.json()["code"]) == (409, "identity_taken")
    assert status_of(attestation) == ("failed", "identity_taken")
    assert (level_of(first), level_of(second)) == (0, 2)


def test_an_attestation_that_was_used_gives_no_second_level(provider, monkeypatch):
    first, second = asha(), asha()
    used = attested(provider, first)
    person_client(first).post("/api/v1/me/consents/identity_provider/withdraw", {}, format="json")
    attestation, code = begun(provider, second)
    real = attesting.licensed
    replayed = real().find(attestation_id=used)

    class Replaying:
        name = real().name

        def complete(self, **_asked):
            return replayed.attestation

    monkeypatch.setattr(attesting, "licensed", Replaying)

    answer = complete(second, attestation, code)

    assert (answer.status_code, answer.json()["code"]) == (409, "attestation_used")
    assert level_of(second) == 0


def test_who_has_the_level_pays_for_it_no_second_time(provider):
    user = asha()
    attestation = attested(provider, user)

    again = start(user)
    repeated = complete(user, attestation, "000000")

    assert (again.status_code, again.json()["code"]) == (409, "identity_level_reached")
    assert (repeated.status_code, repeated.json()["status"]) == (200, "attested")
    assert charges(provider) == ["code", "person"]


def test_a_level_is_never_lowered_by_a_lesser_proof(provider):
    user = asha()
    attested(provider, user)

    person_client(user).post("/api/v1/me/identity/aadhaar", {"number": "999941057058", "consent": True}, format="json")

    assert level_of(user) == 2


# What gets lost


@pytest.mark.parametrize("fault", ["error_5xx", "rate_limit"])
def test_a_provider_that_is_down_is_said_and_the_same_call_goes_on(provider, fault):
    user = asha()
    know(provider)
    provider.faults(**{fault: 1.0})

    down = start(user)
    provider.faults()
    up = start(user)

    assert (down.status_code, down.json()["code"]) == (503, "identity_provider_unavailable")
    assert int(down["Retry-After"]) > 0
    assert up.status_code == 201
    assert IdentityAttestation.objects.count() == 1
    assert charges(provider) == ["code"]


def test_a_provider_that_cannot_be_reached_is_said(provider, settings):
    settings.IDENTITY_PROVIDER_URL = "http://127.0.0.1:1/identity"

    assert start(asha()).status_code == 503


def test_an_answer_that_does_not_end_decides_nothing(provider, monkeypatch):
    monkeypatch.setattr("users.identity.provider.LARGEST_ANSWER", 20)
    user = asha()
    know(provider)

    answer = start(user)

    assert (answer.status_code, answer.json()["code"]) == (503, "identity_provider_unavailable")
    assert IdentityAttestation.objects.get().status == "starting"


@pytest.mark.parametrize("fault", ["lost_reply", "truncated_json", "html_body", "lost_request"])
def test_a_lost_start_is_asked_for_again_and_charged_once(provider, noon, fault):
    user = asha()
    know(provider)
    provider.faults(**{fault: {"times": 1}})

    lost, meanwhile = start(user), start(user)
    noon.shift(LATER)
    found = start(user)

    assert [answer.status_code for answer in (lost, meanwhile, found)] == [503, 409, 201]
    assert meanwhile.json()["code"] == "busy"
    assert complete(user, found.json()["id"], code_at(provider)).status_code == 200
    assert charges(provider) == ["code", "person"]


def test_the_code_of_a_start_whose_answer_got_lost_is_good(provider, noon):
    user = asha()
    know(provider)
    provider.faults(lost_reply={"times": 1})
    start(user)
    noon.shift(LATER)

    answer = complete(user, str(IdentityAttestation.objects.get().pk), code_at(provider))

    assert answer.status_code == 200


@pytest.mark.parametrize("fault", ["lost_reply", "truncated_json", "html_body", "lost_request"])
def test_a_lost_answer_to_the_code_is_asked_for_again_and_charged_once(provider, noon, fault):
    user = asha()
    attestation, code = begun(provider, user)
    provider.faults(**{fault: {"times": 1}})

    lost, meanwhile = complete(user, attestation, code), complete(user, attestation, code)
    noon.shift(LATER)
    found = complete(user, attestation, code)

    assert [answer.status_code for answer in (lost, meanwhile, found)] == [503, 409, 200]
    assert level_of(user) == 2
    assert charges(provider) == ["code", "person"]


def test_a_code_that_the_provider_never_looked_at_costs_no_try(provider):
    user = asha()
    attestation, code = begun(provider, user)
    provider.faults(error_5xx=1.0)

    answers = [complete(user, attestation, code).status_code for _ in range(4)]
    provider.faults()

    assert answers == [503] * 4
    assert complete(user, attestation, code).status_code == 200


def test_the_sweep_finds_out_what_the_person_never_asked(provider, noon):
    user = asha()
    attestation, code = begun(provider, user)
    provider.faults(lost_reply={"times": 1})
    complete(user, attestation, code)
    noon.shift(LATER)

    assert (jobs.settle_attestations(), jobs.settle_attestations()) == (1, 0)
    assert (status_of(attestation), level_of(user)) == (("attested", ""), 2)


def test_the_sweep_waits_for_a_provider_that_is_down(provider, noon):
    user = asha()
    attestation, code = begun(provider, user)
    provider.faults(lost_reply={"times": 1}, error_5xx={"on": "look_up"})
    complete(user, attestation, code)
    noon.shift(LATER)

    assert jobs.settle_attestations() == 0
    assert status_of(attestation) == ("checking", "")


def test_a_second_start_asks_first_what_became_of_the_first(provider, noon):
    user = asha()
    attestation, code = begun(provider, user)
    provider.faults(lost_reply={"times": 1})
    complete(user, attestation, code)
    noon.shift(LATER)

    answer = start(user)

    assert answer.json()["code"] == "identity_level_reached"
    assert charges(provider) == ["code", "person"]


# Repeated calls, limits


def test_the_same_key_is_the_same_attestation(provider):
    user = asha()
    know(provider)

    first, second = (start(user, **{"Idempotency-Key": "once"}) for _ in range(2))
    bad = start(user, **{"Idempotency-Key": "not a key"})

    assert first.json() == second.json()
    assert (bad.status_code, bad.json()["code"]) == (400, "idempotency_key_invalid")
    assert charges(provider) == ["code"]


def test_another_start_replaces_the_one_that_waits_for_a_code(provider):
    user = asha()
    old, code = begun(provider, user)

    new = start(user).json()["id"]

    assert status_of(old) == ("failed", "replaced")
    assert complete(user, old, code).json()["code"] == "attestation_over"
    assert complete(user, new, code_at(provider)).status_code == 200


def test_codes_are_limited_by_account(provider, settings):
    settings.THROTTLES = settings.THROTTLES | {"attestation": "2/d"}
    user = asha()
    know(provider)

    answers = [start(user).status_code for _ in range(3)]

    assert answers == [201, 201, 429]
    assert charges(provider) == ["code", "code"]


# Taken back


def test_withdrawing_takes_the_level_back_and_forgets_digits_and_person(provider):
    user = asha()
    attested(provider, user)
    person_client(user).post("/api/v1/me/identity/aadhaar", {"number": "999941057058", "consent": True}, format="json")

    person_client(user).post("/api/v1/me/consents/identity_provider/withdraw", {}, format="json")

    row = IdentityAssurance.objects.get(level=2)
    assert (row.last4, row.subject_digest, row.ended_at is None) == ("", "", False)
    assert row.transaction_id
    assert level_of(user) == 1


def test_withdrawing_breaks_off_what_is_going_on(provider):
    user = asha()
    attestation, code = begun(provider, user)

    person_client(user).post("/api/v1/me/consents/identity_provider/withdraw", {}, format="json")

    assert status_of(attestation) == ("failed", "withdrawn")
    assert complete(user, attestation, code).json()["code"] == "attestation_over"


def test_an_erased_account_has_neither_level_nor_dialogue(provider):
    user = asha()
    user.set_password(PASSWORD)
    user.save()
    attestation, _ = begun(provider, user)

    person_client(user).post("/api/v1/me/erasure", {"current_password": PASSWORD}, format="json")

    assert status_of(attestation) == ("failed", "withdrawn")


def test_attestations_are_forgotten_a_month_after_their_end(provider, noon):
    user = asha()
    attested(provider, user)
    noon.shift(31 * 86400)

    attesting.prune()

    assert not IdentityAttestation.objects.exists()
    assert level_of(user) == 2


@pytest.mark.parametrize(
    "changes", [{"closed_at": clock.now()}, {"status": "failed"}, {"failure": "refused"}, {"status": "unknown"}]
)
def test_the_database_knows_what_an_attestation_may_be(provider, changes):
    begun(provider, asha())

    with pytest.raises(IntegrityError), transaction.atomic():
        IdentityAttestation.objects.update(**changes)
