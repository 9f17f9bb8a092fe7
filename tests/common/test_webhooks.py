"""Standard Webhooks 1.0.0: signatures made and verified as they are everywhere."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from common.webhooks import SignatureInvalid, key_of, sign, verify

pytestmark = pytest.mark.real_time
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT, MOMENT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def verified(*, signature=SIGNATURE, late=0, body=BODY):
    headers = {"Webhook-Id": EVENT, "Webhook-Timestamp": str(MOMENT), "Webhook-Signature": signature}
    with time_machine.travel(dt.datetime.fromtimestamp(MOMENT + late, tz=dt.UTC), tick=False):
        return verify(headers, body, secret=SECRET)


def test_the_vector_of_the_standard():
    assert sign(SECRET, event_id=EVENT, moment=MOMENT, body=BODY) == SIGNATURE


@pytest.mark.parametrize("signature", [SIGNATURE, f"v1,b3RoZXI= {SIGNATURE}", f"{SIGNATURE} v1a,xyz"])
def test_one_right_signature_of_several_is_enough(signature):
    assert verified(signature=signature) == EVENT


@pytest.mark.parametrize(
    "forged",
    [{"late": 301}, {"late": -301}, {"body": BODY + b" "}, {"signature": ""}, {"signature": SIGNATURE[3:]}],
    ids=["old", "early", "body", "none", "no version"],
)
def test_whatever_is_not_exactly_so_is_refused(forged):
    with pytest.raises(SignatureInvalid):
        verified(**forged)


@pytest.mark.parametrize("secret", ["whsec_not base64", "whsec_abc"])
def test_a_secret_is_base64(secret):
    with pytest.raises(ValueError, match="base64"):
        key_of(secret)
