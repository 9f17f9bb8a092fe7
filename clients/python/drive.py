"""Drive the generated Python client through a donation, the stock it becomes, and an order of it.

Reads BASE_URL, SANDBOX_URL (where the code of an SMS is read), PHONE and PASSWORD of a live partner's owner.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
import sys
import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID, uuid4

import httpx
from jeevansetu_client import AuthenticatedClient, Client
from jeevansetu_client.api.donors_requests import requests_accept_post, requests_nearby_list
from jeevansetu_client.api.me import me_donor_put, me_location_put
from jeevansetu_client.api.orders import orders_cancel_post, orders_post, orders_quote_post, orders_timeline_get
from jeevansetu_client.api.partners_donations import partner_assignments_verify_post
from jeevansetu_client.api.partners_orders import partner_orders_accept_post, partner_orders_list
from jeevansetu_client.api.partners_organisation import partner_get
from jeevansetu_client.api.partners_prices import partner_price_list_put
from jeevansetu_client.api.partners_requests import partner_assignments_arrival_post, partner_requests_post
from jeevansetu_client.api.partners_signing_in import partner_auth_login_post
from jeevansetu_client.api.partners_stock import (
    partner_stock_units_list,
    partner_stock_units_release_post,
    partner_stock_units_tests_post,
)
from jeevansetu_client.api.sign_in import auth_otp_post, auth_register_post
from jeevansetu_client.models import (
    ArrivalInRequest,
    BloodGroup,
    Component,
    DonationType,
    DonorInRequest,
    Finding,
    MemberLoginInRequest,
    OrderInRequest,
    OrderLineInRequest,
    OrderPatientInRequest,
    OrderQuoteInRequest,
    OrderReasonInRequest,
    OtpInPurposeEnum,
    OtpInRequest,
    PointInRequest,
    PriceListInRequest,
    ProblemOut,
    ProcessingInRequest,
    RecipientGroup,
    RegisterInRequest,
    RequestInRequest,
    ResultsInRequest,
    Sex,
    TestsInRequest,
    UnitStatus,
    Urgency,
    VerifyInRequest,
)

T = TypeVar("T")
BASE, SANDBOX = os.environ["BASE_URL"], os.environ["SANDBOX_URL"]
NOW = dt.datetime.now(tz=dt.UTC)
PATIENCE = 20.0  # seconds
WRONG = "credentials_invalid"


def ok(answer: T | ProblemOut | None) -> T:
    """Return what was asked for. Raises: AssertionError with the problem that came instead."""
    if answer is None or isinstance(answer, ProblemOut):
        raise AssertionError(answer)
    return answer


def refused(answer: object, code: str) -> None:
    """Insist on a problem with this code. Raises: AssertionError"""
    if not (isinstance(answer, ProblemOut) and answer.code == code):
        raise AssertionError(answer)


def wait(look: Callable[[], T | None]) -> T:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = look()
        if found is not None:
            return found
        time.sleep(0.1)
    raise TimeoutError


def signed_in(token: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=BASE, token=token, raise_on_unexpected_status=True)


def code_sent_to(phone: str) -> str | None:
    messages = httpx.get(f"{SANDBOX}/messages", params={"to": phone}).json()
    found = re.search(r"\b(\d{6})\b", messages[0]["body"]) if messages else None
    return found.group(1) if found else None


def partner(public: Client) -> AuthenticatedClient:
    login = MemberLoginInRequest(phone=os.environ["PHONE"], password=os.environ["PASSWORD"])
    refused(partner_auth_login_post.sync(client=public, body=MemberLoginInRequest(login.phone, "wrong")), WRONG)
    return signed_in(ok(partner_auth_login_post.sync(client=public, body=login)).access)


def donor(public: Client, *, lat: float, lng: float) -> AuthenticatedClient:
    phone = f"+9197{secrets.randbelow(89_000_000) + 10_000_000:08d}"
    wish = OtpInRequest(phone=phone, purpose=OtpInPurposeEnum.REGISTER)
    challenge = ok(auth_otp_post.sync(client=public, body=wish)).challenge_id
    code = wait(lambda: code_sent_to(phone))
    body = RegisterInRequest(challenge_id=challenge, code=code, name="Ira Sen", password="seven quiet tamarinds")  # noqa: S106
    app = signed_in(ok(auth_register_post.sync(client=public, body=body)).access)
    ok(me_location_put.sync(client=app, body=PointInRequest(lat=lat, lng=lng)))
    born = (NOW - dt.timedelta(days=30 * 366)).date()
    facts = DonorInRequest(blood_group=BloodGroup.O_NEG, sex=Sex.MALE, date_of_birth=born, weight_kg=70)
    ok(me_donor_put.sync(client=app, body=facts))
    return app


def give(desk: AuthenticatedClient, app: AuthenticatedClient) -> str:
    """Let the partner ask, the donor come and give; return the bag's number."""
    wish = RequestInRequest(
        blood_group=BloodGroup.O_NEG,
        component=Component.WHOLE_BLOOD,
        units=1,
        urgency=Urgency.CRITICAL,
        needed_by=NOW + dt.timedelta(hours=6),
    )
    asked = ok(partner_requests_post.sync(client=desk, body=wish, idempotency_key=str(uuid4())))
    nearby = ok(requests_nearby_list.sync(client=app)).results
    if asked.id not in [one.id for one in nearby]:
        raise AssertionError(nearby)
    promise = ok(requests_accept_post.sync(asked.id, client=app))
    refused(requests_accept_post.sync(asked.id, client=app), "already_promised")
    code = ArrivalInRequest(code=promise.arrival_code)
    ok(partner_assignments_arrival_post.sync(promise.id, client=desk, body=code))
    gave = VerifyInRequest(
        donation_type=DonationType.WHOLE_BLOOD, volume_ml=350, haemoglobin_g_dl=13.6, blood_group=BloodGroup.O_NEG
    )
    return ok(partner_assignments_verify_post.sync(promise.id, client=desk, body=gave)).unit.din


def release(desk: AuthenticatedClient, din: str) -> None:
    """Test the bag and release it."""
    refused(partner_stock_units_release_post.sync(din, client=desk), "tests_missing")
    clear = Finding.NON_REACTIVE
    results = ResultsInRequest(hiv=clear, hbsag=clear, hcv=clear, syphilis=clear, malaria=clear)
    ok(partner_stock_units_tests_post.sync(din, client=desk, body=TestsInRequest(results, BloodGroup.O_NEG)))
    ok(partner_stock_units_release_post.sync(din, client=desk))
    shelf = ok(partner_stock_units_list.sync(client=desk, status=UnitStatus.AVAILABLE, limit=200)).results
    if din not in [bag.din for bag in shelf]:
        raise AssertionError(shelf)


def order(desk: AuthenticatedClient, app: AuthenticatedClient, bank: UUID) -> None:
    """Let the person order the bag for a patient, and call it off."""
    charges = PriceListInRequest(processing=[ProcessingInRequest(component=Component.WHOLE_BLOOD, charge=145_000)])
    ok(partner_price_list_put.sync(client=desk, body=charges))
    lines = [OrderLineInRequest(blood_group=RecipientGroup.O_NEG, component=Component.WHOLE_BLOOD, units=1)]
    quote = ok(orders_quote_post.sync(client=app, body=OrderQuoteInRequest(bank=bank, lines=lines)))
    patient = OrderPatientInRequest(name="Suresh Patil", age=61, sex=Sex.MALE, hospital="City Hospital")
    wish = OrderInRequest(bank=bank, lines=lines, patient=patient, needed_by=NOW + dt.timedelta(hours=6), pickup=True)
    placed = ok(orders_post.sync(client=app, body=wish))
    if placed.total.amount != quote.total.amount:
        raise AssertionError(placed.total)
    listed = ok(partner_orders_list.sync(client=desk)).results
    if placed.id not in [one.id for one in listed]:
        raise AssertionError(listed)
    refused(
        partner_orders_accept_post.sync(placed.id, client=desk, idempotency_key=str(uuid4())), "requisition_missing"
    )
    ok(orders_cancel_post.sync(placed.id, client=app, body=OrderReasonInRequest(reason="Not needed any more.")))
    steps = [step.verb for step in ok(orders_timeline_get.sync(placed.id, client=app)).steps]
    if steps != ["place", "cancel"]:
        raise AssertionError(steps)


def main() -> int:
    public = Client(base_url=BASE, raise_on_unexpected_status=True)
    desk = partner(public)
    here = ok(partner_get.sync(client=desk))
    app = donor(public, lat=here.lat, lng=here.lng)
    din = give(desk, app)
    release(desk, din)
    order(desk, app, here.id)
    sys.stdout.write(f"Python: {din} was given, tested, released and ordered\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
