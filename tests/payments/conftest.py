from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from sandbox.server import Sandbox, running
from tests.payments.scenes import Stripe
from tests.payments.sides import BkashSide, PhonePeSide, RazorpaySide


@pytest.fixture(scope="session")
def started() -> Iterator[Sandbox]:
    """One stand-in for all tests; it posts no webhooks: tests sign their own."""
    with running(public_url="") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(started: Sandbox, settings: Settings) -> Iterator[Sandbox]:
    """The stand-ins of all providers, empty, to which the product talks by its real adapters."""
    started.reset()
    settings.STRIPE_API_BASE = started.url
    settings.RAZORPAY_API_BASE = f"{started.url}/razorpay"
    settings.PHONEPE_API_BASE = settings.PHONEPE_AUTH_BASE = f"{started.url}/phonepe"
    settings.BKASH_API_BASE, settings.BKASH_SNS_ORIGIN = f"{started.url}/bkash", started.url
    yield started
    started.reset()


@pytest.fixture
def stripe(sandbox: Sandbox) -> Stripe:
    return Stripe(sandbox)


@pytest.fixture
def razorpay(sandbox: Sandbox) -> RazorpaySide:
    return RazorpaySide(sandbox)


@pytest.fixture
def phonepe(sandbox: Sandbox) -> PhonePeSide:
    return PhonePeSide(sandbox)


@pytest.fixture
def bkash(sandbox: Sandbox) -> BkashSide:
    return BkashSide(sandbox)
