"""An administrator signs in by a password and a code of a telephone; until both were given no page opens."""

from __future__ import annotations

import datetime as dt
import re

import pyotp
import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from common import clock
from tests.factories import make_user
from users.models import RecoveryCode, SecondFactor, SecondFactorEvent, User
from users.services import second_factor as services

pytestmark = pytest.mark.django_db
PASSWORD = "seven quiet tamarinds"
STEP, INDEX, LOGIN = "/admin/second-factor/", "/admin/", "/admin/login/"


@pytest.fixture(autouse=True)
def required(settings: Settings) -> None:
    settings.ADMIN_TOTP_REQUIRED = True


@pytest.fixture
def meera() -> User:
    return User.objects.create_superuser(phone="+919876543210", password=PASSWORD, name="Meera")


@pytest.fixture
def enrolled(meera: User) -> services.Confirmed:
    return enrol(meera)


def enrol(user: User) -> services.Confirmed:
    factor = services.begin(user_id=user.pk)
    return services.confirm(user_id=user.pk, factor_id=factor.pk, code=code_of(user))


def code_of(user: User, *, ago: int = 0) -> str:
    """What the telephone shows, or showed so many intervals ago."""
    at = clock.now() - dt.timedelta(seconds=30 * ago)
    return pyotp.TOTP(SecondFactor.objects.get(user=user).secret).at(at)


def with_password(user: User) -> Client:
    client = Client()
    client.post(LOGIN, {"username": user.phone, "password": PASSWORD})
    return client


def half_a_minute_later(noon: time_machine.Coordinates, intervals: int = 1) -> None:
    noon.shift(dt.timedelta(seconds=30 * intervals))


def test_with_the_password_alone_no_page_opens(meera: User, enrolled: services.Confirmed) -> None:
    client = with_password(meera)

    pages = [client.get(path) for path in (INDEX, "/admin/users/user/", "/admin/map/requests/", "/admin/search/")]
    steps = [client.get(page["Location"]) for page in pages]

    assert {page.status_code for page in pages} == {302}
    assert all(step["Location"].startswith(STEP) for step in steps)
    assert "users/user" not in client.get(STEP).content.decode()


def test_a_code_opens_the_page_that_was_wanted_under_a_new_session_key(meera, enrolled, noon) -> None:
    client = with_password(meera)
    before = client.session.session_key
    half_a_minute_later(noon)

    reply = client.post(f"{STEP}?next=/admin/users/user/", {"verb": "pass", "code": code_of(meera)})

    assert reply["Location"] == "/admin/users/user/"
    assert client.get(reply["Location"]).status_code == 200
    assert client.session.session_key != before


def test_the_address_of_a_stranger_is_not_gone_to(meera, enrolled, noon) -> None:
    client = with_password(meera)
    half_a_minute_later(noon)

    reply = client.post(f"{STEP}?next=https://elsewhere.example/", {"verb": "pass", "code": code_of(meera)})

    assert reply["Location"] == INDEX


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_telephone_may_be_one_interval_off(meera, enrolled, noon, late: int) -> None:
    half_a_minute_later(noon, 3)

    passed = services.pass_second_step(user_id=meera.pk, code=code_of(meera, ago=late))

    assert passed.factor_id == enrolled.factor_id


@pytest.mark.parametrize("late", [-2, 2])
def test_and_not_two(meera, enrolled, noon, late: int) -> None:
    half_a_minute_later(noon, 5)

    with pytest.raises(services.CodeInvalid):
        services.pass_second_step(user_id=meera.pk, code=code_of(meera, ago=late))


def test_a_code_opens_once_and_so_does_no_older_one(meera, enrolled, noon) -> None:
    half_a_minute_later(noon, 3)
    code, older = code_of(meera), code_of(meera, ago=1)
    services.pass_second_step(user_id=meera.pk, code=code)

    for used in (code, older):
        with pytest.raises(services.CodeInvalid):
            services.pass_second_step(user_id=meera.pk, code=used)


def test_the_code_that_confirmed_it_opens_nothing_more(meera, enrolled) -> None:
    client = with_password(meera)

    reply = client.post(STEP, {"verb": "pass", "code": code_of(meera)})

    assert reply["Location"].startswith(STEP)
    assert client.get(INDEX).status_code == 302


def test_who_has_no_telephone_yet_sets_one_up_and_sees_the_recovery_codes_once(meera: User) -> None:
    client = with_password(meera)

    begun = client.post(STEP, {"verb": "begin"})
    shown = client.get(begun["Location"]).content.decode()
    factor = SecondFactor.objects.get(user=meera)
    before = client.get(INDEX).status_code
    confirmed = client.post(STEP, {"verb": "confirm", "code": code_of(meera)}).content.decode()

    assert "data:image/svg" in shown
    assert factor.secret in shown
    assert before == 302
    assert len(re.findall(r"<code>([a-z2-9]{5}-){3}[a-z2-9]{5}</code>", confirmed)) == 10
    assert client.get(INDEX).status_code == 200
    assert "<code>" not in client.get(STEP).content.decode()


def test_the_secret_is_shown_to_nobody_but_the_session_that_made_it(meera: User) -> None:
    first, second = with_password(meera), with_password(meera)
    first.post(STEP, {"verb": "begin"})

    secret = SecondFactor.objects.get(user=meera).secret
    second.post(STEP, {"verb": "confirm", "code": code_of(meera)})

    assert secret in first.get(STEP).content.decode()
    assert secret not in second.get(STEP).content.decode()
    assert second.get(INDEX).status_code == 302


def test_secret_and_codes_do_not_stand_in_the_database(meera: User, enrolled: services.Confirmed) -> None:
    from django.db import connection  # noqa: PLC0415

    secret = SecondFactor.objects.get(user=meera).secret
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM users_secondfactor")
        sealed = bytes(cursor.fetchone()[0])

    assert secret.encode() not in sealed
    assert not set(enrolled.recovery_codes) & set(RecoveryCode.objects.values_list("digest", flat=True))


def test_a_recovery_code_opens_once(meera: User, enrolled: services.Confirmed) -> None:
    code = enrolled.recovery_codes[3].upper().replace("-", " ")
    client = with_password(meera)

    reply = client.post(STEP, {"verb": "pass", "code": code})

    assert reply["Location"] == INDEX
    assert client.get(INDEX).status_code == 200
    with pytest.raises(services.CodeInvalid):
        services.pass_second_step(user_id=meera.pk, code=code)
    assert SecondFactorEvent.objects.filter(user=meera, verb="recovered").count() == 1


def test_new_recovery_codes_replace_the_old_ones(meera: User, enrolled: services.Confirmed, noon) -> None:
    half_a_minute_later(noon)

    codes = services.renew_recovery_codes(user_id=meera.pk, code=code_of(meera))

    with pytest.raises(services.CodeInvalid):
        services.pass_second_step(user_id=meera.pk, code=enrolled.recovery_codes[0])
    assert services.pass_second_step(user_id=meera.pk, code=codes[0]).codes_left == 9


def test_tries_are_counted_for_the_account_whatever_the_session(meera: User, enrolled: services.Confirmed) -> None:
    tries = [with_password(meera).post(STEP, {"verb": "pass", "code": "000000"}) for _ in range(2)]
    client = with_password(meera)
    tries += [client.post(STEP, {"verb": "pass", "code": "000000"}) for _ in range(9)]

    assert [reply.status_code for reply in tries] == [302] * 10 + [429]
    assert int(tries[-1]["Retry-After"]) > 0


def test_a_reset_ends_the_sessions_and_names_who_and_why(meera: User, enrolled, site: Client, noon) -> None:
    client, boss = with_password(meera), User.objects.get(pk=site.session["_auth_user_id"])
    confirmed = enrol(boss)
    half_a_minute_later(noon)
    client.post(STEP, {"verb": "pass", "code": code_of(meera)})
    session = site.session
    session["second_factor"] = str(confirmed.factor_id)
    session.save()

    reset = {"action": "reset_second_factor", "_selected_action": [str(meera.pk)], "reason": "Seen in person"}
    site.post(reverse("admin:users_user_changelist"), reset)

    event = SecondFactorEvent.objects.get(user=meera, verb="reset")
    assert (event.actor, event.reason) == (boss, "Seen in person")
    assert client.get(client.get(INDEX)["Location"])["Location"].startswith(LOGIN)
    assert "_auth_user_id" not in client.session


def test_nobody_resets_his_own_or_without_being_a_superuser(meera: User, enrolled: services.Confirmed) -> None:
    clerk = make_user(is_staff=True)

    for by, reason in ((meera.pk, "Lost"), (clerk.pk, "Lost"), (make_user(is_superuser=True).pk, " ")):
        with pytest.raises(services.SecondFactorNotYours):
            services.reset(user_id=meera.pk, by=by, reason=reason)

    assert SecondFactor.objects.filter(user=meera).exists()


def test_a_moved_telephone_opens_nothing_more(meera: User, enrolled: services.Confirmed, noon) -> None:
    client = with_password(meera)
    half_a_minute_later(noon)
    client.post(STEP, {"verb": "pass", "code": code_of(meera)})
    half_a_minute_later(noon)

    client.post(STEP, {"verb": "move", "code": code_of(meera)})

    assert not SecondFactor.objects.filter(user=meera).exists()
    assert client.get(INDEX).status_code == 302
    assert "Set a telephone up" in client.get(STEP).content.decode()


def test_where_it_is_not_required_whoever_has_one_is_still_asked(meera: User, settings: Settings) -> None:
    settings.ADMIN_TOTP_REQUIRED = False
    without = with_password(meera).get(INDEX).status_code

    enrol(meera)

    assert without == 200
    assert with_password(meera).get(INDEX).status_code == 302


def test_a_person_who_administers_nothing_gets_none(meera: User) -> None:
    client = Client()
    client.force_login(make_user())

    assert client.get(STEP)["Location"].startswith(LOGIN)
    with pytest.raises(services.NotFound):
        services.begin(user_id=make_user().pk)


def test_whoever_only_knows_the_password_can_leave(meera: User, enrolled: services.Confirmed) -> None:
    client = with_password(meera)

    client.post(STEP, {"verb": "leave"})

    assert "_auth_user_id" not in client.session
