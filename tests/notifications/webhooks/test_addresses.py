"""Webhooks go to public addresses only: what the text of a URL says, what its name leads to, and what it answers."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from notifications.webhooks import addresses, carrying
from notifications.webhooks.addresses import is_public, parse_url
from notifications.webhooks.errors import WebhookUrlRefused
from notifications.webhooks.states import Failure

PUBLIC = "203.0.114.7"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.hospital.example/in",
        "https://HOOKS.hospital.example:443/in?key=1",
        "https://xn--11b4c3d.xn--h2brj9c/in",
        "https://hooks.hospital.example.",
    ],
)
def test_public_names_over_https_may_be_sent_to(url):
    target = parse_url(url)

    assert (target.scheme, target.port, target.is_sandbox) == ("https", 443, False)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.hospital.example/in",
        "ftp://hooks.hospital.example/in",
        "https://localhost/in",
        "https://foo.localhost/in",
        "https://printer.local/in",
        "https://metadata.google.internal/in",
        "https://intranet/in",
        "https://127.0.0.1/in",
        "https://127.1/in",
        "https://2130706433/in",
        "https://0x7f.0.0.1/in",
        "https://0177.0.0.1/in",
        "https://169.254.169.254/latest/meta-data",
        "https://8.8.8.8/in",
        "https://[::1]/in",
        "https://[::ffff:127.0.0.1]/in",
        "https://hooks.hospital.example:8443/in",
        "https://hooks.hospital.example:0/in",
        "https://hooks.hospital.example:99999/in",
        "https://user:password@hooks.hospital.example/in",
        "https://hooks.hospital.example@127.0.0.1/in",
        "https://127.0.0.1\\@hooks.hospital.example/in",
        "https://hooks.hospital.example/in#fragment",
        "https://hooks.hospital.example/a b",
        "https://hooks.hospital.example/in\r\nX-Header: 1",
        "https://\uff11\uff12\uff17.0.0.1/in",
        "https://\u24dbocalhost/in",
        "https://xn--localhost-.example/in",
        "https://-hooks.example/in",
        "https://" + "a" * 500 + ".example/in",
        "https:///in",
        "hooks.hospital.example",
    ],
)
def test_every_other_url_is_refused_by_its_text(url):
    with pytest.raises(WebhookUrlRefused):
        parse_url(url)


def test_further_ports_may_be_allowed(settings):
    settings.WEBHOOK_PORTS = [443, 8443]

    assert parse_url("https://hooks.hospital.example:8443/in").port == 8443


@pytest.mark.parametrize(
    "address",
    [
        *("0.1.2.3", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.8"),
        *("192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
        *("239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"),
        *("::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::1"),
        *("3fff::1", "fc00::1", "fd00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    ],
)
def test_no_special_address_is_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "2600:1f18::1", "2a00:1450:4001::200e"])
def test_servers_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))


class Names:
    """A resolver that gives another answer each time it is asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, host, port, *_args, **_values):
        self.asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in self.answers.pop(0)]


@pytest.fixture
def reached(monkeypatch):
    """The addresses that a connection was tried to; none is made."""
    tried = []

    def refuse(self, address):
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


def post(url="https://hooks.hospital.example/in", **values):
    return carrying.carry(url, body=b"{}", headers={}, **values)


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["169.254.169.254"], [PUBLIC, "10.0.0.1"]])
def test_a_name_that_leads_inside_is_refused_before_anything_is_connected(monkeypatch, reached, answer):
    monkeypatch.setattr(addresses.socket, "getaddrinfo", Names(answer))

    outcome = post()

    assert (outcome.error, reached) == (Failure.ADDRESS_REFUSED, [])


def test_a_name_that_changes_after_the_check_changes_nothing(monkeypatch, reached):
    names = Names([PUBLIC], ["127.0.0.1"])
    monkeypatch.setattr(addresses.socket, "getaddrinfo", names)

    outcome = post()

    assert (outcome.error, names.asked) == (Failure.UNREACHABLE, ["hooks.hospital.example"])
    assert reached == [(PUBLIC, 443)]


def test_the_stand_in_may_be_reached_only_where_a_setting_says_so(system, settings):
    there = post(system.url)
    settings.WEBHOOK_SANDBOX_ORIGIN = ""

    assert there.is_success
    assert post(system.url).error is Failure.ADDRESS_REFUSED


def test_a_redirect_is_not_followed(system):
    inside = system.another("inside")
    system.settle(answer=307, headers={"Location": inside.url})

    outcome = post(system.url)

    assert (outcome.http_status, outcome.error, inside.received()) == (307, Failure.STATUS, [])


def take(line):
    """Read the whole call: of a server that leaves before, the answer may be lost to a reset."""
    while (heard := line.recv(9999)) and not heard.endswith(b"{}"):
        pass


@contextmanager
def listening(serve):
    """A server of raw bytes on this machine; yields its origin."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run():
            line, _ = listener.accept()
            with line:
                serve(line)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", Failure.NO_ANSWER),
        (b"SSH-2.0-OpenSSH\r\n", Failure.NO_ANSWER),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n", Failure.NO_ANSWER),
    ],
)
def test_what_is_no_answer_is_a_failure(settings, answer, error):
    with listening(lambda line: (take(line), line.sendall(answer))) as place:
        settings.WEBHOOK_SANDBOX_ORIGIN = f"http://{place}"

        outcome = post(f"http://{place}/in")

    assert outcome.error is error


def test_of_an_endless_answer_only_the_beginning_is_read_and_no_secret_of_it_kept(settings):
    head = b"HTTP/1.1 500 No\r\n\r\npassword=hunter2 \x1b[31m"
    with listening(lambda line: (take(line), line.sendall(head + b"x" * 10_000))) as place:
        settings.WEBHOOK_SANDBOX_ORIGIN = f"http://{place}"

        outcome = post(f"http://{place}/in")

    assert (outcome.http_status, len(outcome.excerpt)) == (500, carrying.EXCERPT)
    assert "hunter2" not in outcome.excerpt
    assert "\x1b" not in outcome.excerpt


def test_whoever_answers_drop_by_drop_is_cut_off(settings, monkeypatch):
    monkeypatch.setattr(carrying, "ANSWER_WITHIN", 0.3)
    gone = threading.Event()

    def drip(line):
        take(line)
        while not gone.wait(0.05):
            line.sendall(b"H")

    with listening(drip) as place:
        settings.WEBHOOK_SANDBOX_ORIGIN = f"http://{place}"

        outcome = post(f"http://{place}/in")
        gone.set()

    assert outcome.error is Failure.TIMEOUT
    assert outcome.duration.total_seconds() < 2


@pytest.mark.real_time
def test_over_tls_the_certificate_must_be_of_the_name_and_trusted(settings, tmp_path, monkeypatch):
    ours = make_certificate(tmp_path, "hooks.hospital.example")
    trust = ssl.create_default_context(cafile=str(ours))
    monkeypatch.setattr(addresses, "is_public", lambda _: True)
    errors = []
    for name, known in (("hooks.hospital.example", trust), ("other.example", trust), ("hooks.hospital.example", None)):
        with listening(over_tls(ours)) as place:
            port = int(place.partition(":")[2])
            settings.WEBHOOK_PORTS = [port]
            monkeypatch.setattr(addresses.socket, "getaddrinfo", Names(["127.0.0.1"]))
            errors.append(post(f"https://{name}:{port}/in", trust=known).error)

    assert errors == [None, Failure.TLS, Failure.TLS]


def over_tls(pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def serve(line):
        try:
            with context.wrap_socket(line, server_side=True) as secured:
                take(secured)
                secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except OSError:  # the other side did not like the certificate
            return

    return serve


def make_certificate(folder, name):
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(tz=dt.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=3650 * 3))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return pem
