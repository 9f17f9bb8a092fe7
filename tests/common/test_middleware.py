"""Request ids, one line for each request, and where a call comes from."""

from __future__ import annotations

import logging

import pytest
from django.test import Client, RequestFactory

from common.api.address import client_address, client_network
from common.logs import request_id
from common.middleware import OPENING, shown_path


def get(**headers):
    return Client().get("/healthz", headers=headers)


def test_a_request_without_an_id_gets_one():
    first, second = get()["X-Request-ID"], get()["X-Request-ID"]

    assert len(first) == 32
    assert first != second


def test_a_well_formed_id_is_taken_over():
    assert get(**{"X-Request-ID": "trace-1.a_B"})["X-Request-ID"] == "trace-1.a_B"


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "a b c d e", "12345678\n", "éééééééé", "<script>alert"])
def test_any_other_is_replaced(given):
    assert get(**{"X-Request-ID": given})["X-Request-ID"] != given


def test_the_id_ends_with_the_request():
    get()

    assert request_id.get() == ""


def test_each_request_leaves_one_line_with_its_status_and_time(caplog):
    with caplog.at_level(logging.INFO, "request"):
        get()

    [line] = [record for record in caplog.records if record.name == "request"]
    assert (line.method, line.path, line.status) == ("GET", "/healthz", 200)
    assert line.ms >= 0


def test_no_line_holds_the_link_to_a_private_file(caplog):
    with caplog.at_level(logging.INFO, "request"):
        Client().get("/files/AbtGJe4LdDS_LUWLBPJJQg")

    [line] = [record for record in caplog.records if record.name == "request"]
    assert line.path == "/files/[redacted]"


def ask(**meta):
    return RequestFactory().get("/", **meta)


@pytest.mark.parametrize("forwarded", [None, "1.2.3.4", "1.2.3.4, 5.6.7.8"])
def test_without_proxies_of_ours_nobody_says_where_one_comes_from(settings, forwarded):
    settings.TRUSTED_PROXIES = 0
    meta = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}

    assert client_address(ask(REMOTE_ADDR="203.0.113.9", **meta)) == "203.0.113.9"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, ", ,", "10.0.0.1"),
        (1, "198.51.100.1:4711", "198.51.100.1"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "unknown", "10.0.0.1"),
        (1, "'; DROP TABLE", "10.0.0.1"),
    ],
)
def test_behind_our_proxies_only_what_they_wrote_counts(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies

    assert client_address(ask(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)) == address


def test_behind_a_socket_there_is_no_address():
    assert client_address(ask(REMOTE_ADDR="")) == ""


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("", "")],
)
def test_limits_count_a_whole_ipv6_network_as_one_caller(address, network):
    assert client_network(ask(REMOTE_ADDR=address)) == network


@pytest.mark.parametrize("prefix", OPENING)
def test_what_opens_something_is_kept_out_of_the_log(prefix):
    assert shown_path(f"{prefix}planted") == f"{prefix}[redacted]"
