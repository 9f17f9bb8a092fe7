"""Every address of partners says which scope opens it to an API key, or that none does."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from django.urls import get_resolver
from rest_framework.views import APIView as FrameworkView

from config.scopes import ROUTES
from partners.api.authentication import MemberAuthentication
from partners.api.scoping import scope_for
from partners.models import Member
from partners.scopes import Scope, role_for
from tests.architecture.test_urls import METHODS, leaves

PARTNERS = [
    (pattern.name, pattern.callback.cls)
    for _, pattern in leaves(get_resolver())
    if issubclass(getattr(pattern.callback, "cls", type), FrameworkView)
    and MemberAuthentication in pattern.callback.cls.authentication_classes
]
OPEN = [
    (route, view, method)
    for route, view in PARTNERS
    for method in METHODS
    if hasattr(view, method) and scope_for(route, method) is not None
]


@pytest.mark.parametrize("route", sorted({route for route, _ in PARTNERS}))
def test_an_address_of_partners_has_a_scope_or_is_for_members_only(route):
    assert route in ROUTES, "Add the route to config/scopes.py, with a scope or MEMBERS_ONLY."


def test_the_table_names_only_addresses_that_there_are():
    assert set(ROUTES) - {route for route, _ in PARTNERS} == set()


@pytest.mark.parametrize(("route", "view", "method"), OPEN, ids=[f"{method} {route}" for route, _, method in OPEN])
def test_the_role_of_a_scope_is_enough_for_what_the_scope_opens(route, view, method):
    scope = scope_for(route, method)
    request = getattr(RequestFactory(), method)("/")
    request.user = Member(role=role_for([scope]))
    shown = view()
    shown.request = request

    assert all(request.user.role in permission.allowed(request) for permission in shown.get_permissions())


def test_no_key_makes_keys_members_or_sign_ins():
    closed = [route for route, _ in PARTNERS if "api-key" in route or "member" in route or "session" in route]

    assert len(closed) >= 8
    assert not any(scope_for(route, method) for route in closed for method in METHODS)


def test_every_scope_is_known_to_the_roles():
    assert all(role_for([scope]) for scope in Scope)
