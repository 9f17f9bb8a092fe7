import datetime as dt

import pytest

from common import sessions
from partners.jobs import prune
from partners.models import MemberSession
from tests.partners.factories import make_member, member_tokens


@pytest.mark.django_db
def test_devices_that_were_signed_out_long_ago_are_forgotten(noon):
    member = make_member()
    sessions.sign_out(MemberSession, refresh=member_tokens(member).refresh)
    noon.shift(sessions.KEEP_ENDED + dt.timedelta(minutes=1))
    member_tokens(member)

    assert prune() == 1
    assert MemberSession.objects.count() == 1
