"""An administrator's say over partners: the services, the command and the admin."""

from __future__ import annotations

import re
import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from common.errors import IllegalTransition, NotFound
from common.models import OutboxEvent
from partners import facility_codes
from partners.errors import FacilityCodeTaken
from partners.models import MemberSession, Partner, PartnerEvent
from partners.services import approval
from tests.partners.factories import client_of, make_listing, make_member, make_partner, member_tokens
from users.models import User

pytestmark = pytest.mark.django_db

STEPS = [
    (approval.approve_partner, "pending", "live", "partner.approved"),
    (approval.reject_partner, "pending", "rejected", "partner.rejected"),
    (approval.suspend_partner, "live", "suspended", "partner.suspended"),
    (approval.reinstate_partner, "suspended", "live", "partner.reinstated"),
]


@pytest.fixture
def site(client):
    """A browser signed in as an administrator."""
    client.force_login(User.objects.create_superuser("+919800000001", "seven quiet tamarinds", name="Admin"))
    return client


def act(site, action, partner, reason=""):
    url = reverse("admin:partners_partner_changelist")
    said = {"action": action, "_selected_action": [str(partner.pk)], "reason": reason}
    return site.post(url, said, follow=True).content.decode()


def status_of(partner):
    return Partner.objects.get(pk=partner.pk).status


@pytest.mark.parametrize(("verb", "before", "after", "event"), STEPS)
def test_each_step_is_written_told_and_explained(verb, before, after, event):
    partner = make_partner(status=before)

    verb(partner_id=partner.pk, actor="admin 7", reason="because")

    assert status_of(partner) == after
    told = OutboxEvent.objects.get()
    assert (told.name, told.key) == (event, f"partner:{partner.pk}")
    assert told.payload == {"partner": str(partner.pk)}
    line = PartnerEvent.objects.get()
    assert (line.actor, line.reason) == ("admin 7", "because")


@pytest.mark.parametrize("status", ["listed", "pending", "live", "suspended", "rejected"])
@pytest.mark.parametrize(("verb", "before", "after", "event"), STEPS)
def test_a_step_from_any_other_state_changes_nothing(verb, before, after, event, status):
    partner = make_partner(status=status)
    if status == before:
        verb(partner_id=partner.pk, actor="first", reason="")
    lines = PartnerEvent.objects.count()

    with pytest.raises(IllegalTransition):
        verb(partner_id=partner.pk, actor="second", reason="")

    assert status_of(partner) == (after if status == before else status)
    assert PartnerEvent.objects.count() == OutboxEvent.objects.count() == lines


@pytest.mark.parametrize(("verb", "before", "after", "event"), STEPS)
def test_an_unknown_partner_is_not_found(verb, before, after, event):
    with pytest.raises(NotFound):
        verb(partner_id=uuid.uuid4(), actor="x", reason="")


@pytest.mark.parametrize("verb", [approval.reject_partner, approval.suspend_partner])
def test_stopping_a_partner_ends_its_members_sessions_and_nobody_elses(verb):
    partner = make_partner(status="live" if verb is approval.suspend_partner else "pending")
    member, stranger = make_member(partner), make_member()
    client, other = client_of(member), client_of(stranger)
    member_tokens(member)

    verb(partner_id=partner.pk, actor="x", reason="y")

    assert MemberSession.objects.filter(account=member, ended_at=None).count() == 0
    assert client.get("/api/v1/partner").status_code == 401
    assert other.get("/api/v1/partner").status_code == 200


def test_a_reinstated_partners_members_sign_in_anew():
    member = make_member()
    client = client_of(member)
    approval.suspend_partner(partner_id=member.partner_id, actor="x", reason="y")

    approval.reinstate_partner(partner_id=member.partner_id, actor="x")

    assert client.get("/api/v1/partner").status_code == 401
    assert client_of(member).get("/api/v1/partner").status_code == 200


def test_approval_gives_a_placeholder_for_a_facility_code_and_keeps_a_registered_one():
    new, known = make_partner(status="pending"), make_partner(status="pending", facility_code="W1234")

    codes = [approval.approve_partner(partner_id=row.pk, actor="x").facility_code for row in (new, known)]

    assert re.fullmatch(r"9[A-HJ-NP-Z]{4}", codes[0])
    assert re.fullmatch(facility_codes.PATTERN, codes[0])
    assert codes[1] == "W1234"


def test_a_placeholder_that_is_taken_is_not_given_again(monkeypatch):
    make_partner(facility_code="9AAAA")
    drawn = iter(["9AAAA", "9AAAA", "9BBBB"])
    monkeypatch.setattr(approval, "new_placeholder", lambda: next(drawn))

    partner = approval.approve_partner(partner_id=make_partner(status="pending").pk, actor="x")

    assert partner.facility_code == "9BBBB"


def test_when_every_draw_is_taken_the_approval_is_refused_and_nothing_changes(monkeypatch):
    make_partner(facility_code="9AAAA")
    monkeypatch.setattr(approval, "new_placeholder", lambda: "9AAAA")
    partner = make_partner(status="pending")

    with pytest.raises(FacilityCodeTaken):
        approval.approve_partner(partner_id=partner.pk, actor="x")

    assert status_of(partner) == "pending"


# The command


def approve(licence, *arguments):
    out = StringIO()
    call_command("approve_partner", licence, *arguments, stdout=out)
    return out.getvalue()


def test_the_command_approves_by_licence_in_any_spelling_and_once():
    partner = make_partner(status="pending", license_number="TN/BB/5", name="Marina")

    first, second = approve("tn / bb/5", "--actor", "Meera"), approve("TN/BB/5")

    assert "Marina is live" in first
    assert second == "Marina is live already.\n"
    assert status_of(partner) == "live"
    assert PartnerEvent.objects.get().actor == "Meera"


def test_the_command_says_when_there_is_no_such_licence():
    with pytest.raises(CommandError, match=r"No partner has the licence TN/BB/6\."):
        approve("TN/BB/6")


@pytest.mark.parametrize("status", ["listed", "suspended", "rejected"])
def test_the_command_says_why_a_partner_cannot_be_approved(status):
    make_partner(status=status, license_number="TN/BB/5", name="Marina")

    with pytest.raises(CommandError, match=f"Marina is {status} and cannot be approved"):
        approve("TN/BB/5")


# The admin


def test_the_admins_action_approves(site):
    partner = make_partner(status="pending")

    page = act(site, "approve", partner)

    assert "approved." in page
    assert status_of(partner) == "live"
    assert PartnerEvent.objects.get().actor == f"admin {User.objects.get().pk}"


def test_the_admins_actions_stop_and_reinstate_with_a_reason(site):
    partner = make_partner()
    client = client_of(make_member(partner))

    act(site, "suspend", partner, "no answer for weeks")
    stopped = (status_of(partner), client.get("/api/v1/partner").status_code)
    act(site, "reinstate", partner)

    assert stopped == ("suspended", 401)
    assert status_of(partner) == "live"
    assert [line.reason for line in PartnerEvent.objects.order_by("pk")] == ["no answer for weeks", ""]


def test_the_admins_action_rejects_a_claim_and_leaves_the_listing(site):
    listing = make_listing(status="pending", claimed_profile={"name": "Claimant"})

    act(site, "reject", listing, "no proof")

    listing.refresh_from_db()
    assert (listing.status, listing.claimed_profile) == ("listed", None)


@pytest.mark.parametrize(("action", "status"), [("reject", "pending"), ("suspend", "live")])
def test_without_a_reason_nobody_is_stopped(site, action, status):
    partner = make_partner(status=status)

    page = act(site, action, partner, "  ")

    assert "Give a reason." in page
    assert status_of(partner) == status


def test_an_action_that_is_refused_says_so(site):
    partner = make_partner(status="listed")

    page = act(site, "approve", partner)

    assert "This step is not possible" in page
    assert status_of(partner) == "listed"


def test_a_partners_page_sets_listing_and_claim_side_by_side_and_escapes_them(site):
    claim = {"name": "<script>alert(1)</script>", "city": "Chennai"}
    listing = make_listing(name="Old Name", status="pending", claimed_profile=claim)

    page = site.get(reverse("admin:partners_partner_change", args=[listing.pk])).content.decode()

    assert "Old Name" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def form_of(page):
    """The values that the browser would send back unchanged."""
    form = page.context["adminform"].form
    values = {form.add_prefix(name): form[name].value() for name in form.fields}
    for formset in (inline.formset for inline in page.context["inline_admin_formsets"]):
        values |= {f"{formset.prefix}-TOTAL_FORMS": 0, f"{formset.prefix}-INITIAL_FORMS": 0}
    return {name: "" if value is None else value for name, value in values.items()}


def test_an_administrator_enters_a_registered_facility_code_and_cannot_touch_the_state(site):
    partner = make_partner(status="pending")
    url = reverse("admin:partners_partner_change", args=[partner.pk])
    said = form_of(site.get(url)) | {"facility_code": "W1234", "status": "live", "license_key": "X1"}

    answer = site.post(url, said)

    assert answer.status_code == 302
    before, partner = partner, Partner.objects.get(pk=partner.pk)
    assert (partner.facility_code, partner.status) == ("W1234", "pending")
    assert partner.license_key == before.license_key


@pytest.mark.parametrize("code", ["O1234", "W123", "w1234", "W12O4"])
def test_a_facility_code_of_the_wrong_shape_is_refused_in_the_form(site, code):
    partner = make_partner()
    url = reverse("admin:partners_partner_change", args=[partner.pk])

    answer = site.post(url, form_of(site.get(url)) | {"facility_code": code})

    assert answer.status_code == 200
    assert Partner.objects.get(pk=partner.pk).facility_code is None


def test_members_are_shown_without_a_password_and_never_changed(site):
    member = make_member(password="bcrypt$secret-hash")
    member_url = reverse("admin:partners_member_change", args=[member.pk])
    pages = [
        site.get(reverse("admin:partners_member_changelist")),
        site.get(member_url),
        site.get(reverse("admin:partners_partner_change", args=[member.partner_id])),
    ]

    for page in pages:
        assert page.status_code == 200
        assert member.name in page.content.decode()
        assert "secret-hash" not in page.content.decode()
    assert site.post(member_url, {"name": "Other"}).status_code == 403


def test_partners_are_neither_added_nor_deleted_by_hand(site):
    partner = make_partner()

    assert site.get(reverse("admin:partners_partner_add")).status_code == 403
    assert site.post(reverse("admin:partners_partner_delete", args=[partner.pk]), {"post": "yes"}).status_code == 403


def test_the_list_of_partners_searches_and_filters(site):
    make_partner(name="Lotus", city="Pune")
    make_partner(name="Banyan", status="pending")

    url = reverse("admin:partners_partner_changelist")

    assert "Lotus" in site.get(url, {"q": "pune"}).content.decode()
    assert "Lotus" not in site.get(url, {"status__exact": "pending"}).content.decode()
