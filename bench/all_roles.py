"""`python -m bench.all_roles`: every role at once against a running product, and how it bears that.

It speaks HTTP only, as apps and partners do: people sign up by the codes that the sandbox shows, and an administrator
lets hospitals, banks and doctors work. Then each virtual person does for a while what a real one does, with pauses.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from bench.frame import Spread, ms
from bench.load_roles import Cast, prepare

FAULT = 500  # and above: the server's own
ROLES = ("donor", "family", "hospital", "bank", "doctor", "patient", "writer", "payer", "listener")


@dataclass
class Tally:
    """What one role has sent and got back; several threads add to it."""

    waits: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Meter:
    """One virtual person's connection; every call is timed, and no answer is a surprise but a fault of the server."""

    def __init__(self, base: str, token: str, tally: Tally) -> None:
        self._base = base.rstrip("/")
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"
        self._http.headers["Connection"] = "close"  # an idle one may be ended just as the next call is sent
        self._tally = tally

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, key: str = "", **query: Any) -> Any:
        """Return the body of a success, else None."""
        headers = {"Idempotency-Key": key} if key else {}
        began = time.perf_counter()
        try:
            reply = self._http.request(
                method, f"{self._base}/api/v1{path}", json=body, params=query, headers=headers, timeout=30
            )
        except requests.RequestException as exc:
            self._tally.answers[type(exc).__name__] += 1
            self._tally.faults.append(f"{method} {path}: {type(exc).__name__}")
            return None
        self._tally.waits.append(time.perf_counter() - began)
        self._tally.answers[str(reply.status_code)] += 1
        if reply.status_code >= FAULT:
            self._tally.faults.append(f"{method} {path}: {reply.status_code} {reply.text[:200]}")
        return reply.json() if reply.ok and reply.content else None

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, **query)

    def post(self, path: str, *, key: str = "", **body: Any) -> Any:
        return self.call("POST", path, body, key=key)

    def put(self, path: str, **body: Any) -> Any:
        return self.call("PUT", path, body)

    def note(self, name: str, seconds: float) -> None:
        """Add something that was waited for and is no call."""
        self._tally.waits.append(seconds)
        self._tally.answers[name] += 1

    def listen(self, path: str, until: float) -> None:
        """Hear a stream, come back when it ends, and count what arrives; the wait is that for the greeting."""
        last = ""
        while time.perf_counter() < until:
            began, name = time.perf_counter(), ""
            headers = {"Last-Event-ID": last} if last else {}
            with (
                contextlib.suppress(requests.RequestException),
                self._http.get(f"{self._base}/api/v1{path}", headers=headers, stream=True, timeout=20) as reply,
            ):
                self._tally.answers[str(reply.status_code)] += 1
                if reply.status_code >= FAULT:
                    self._tally.faults.append(f"GET {path}: {reply.status_code}")
                for line in reply.iter_lines(chunk_size=1, decode_unicode=True):
                    field_name, _, value = line.partition(": ")
                    if field_name == "id":
                        last = value
                    if field_name == "event":
                        name = value
                        self._tally.answers[f"«{name}»"] += 1
                    if name == "ready" and field_name == "data":
                        self._tally.waits.append(time.perf_counter() - began)
                    if time.perf_counter() > until:
                        return
            time.sleep(0.5)


def main() -> int:
    """Prepare, drive, print; return 1 after a fault of the server."""
    options = _options()
    print(f"Preparing {options.each} of each role at {options.base} ...", flush=True)
    cast = prepare(options.base, options.sandbox, each=options.each)
    tallies: dict[str, Tally] = defaultdict(Tally)
    began = time.perf_counter()
    until = began + options.seconds
    threads = []
    for role, token, act in cast.parts():
        base = options.stream if role == "listener" else options.base
        meter = Meter(base, token, tallies[role])
        threads.append(threading.Thread(target=_play, args=(meter, act, until, options.pause), daemon=True))
    print(f"{len(threads)} virtual people for {options.seconds:g} seconds ...", flush=True)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(options.seconds + 60)
    return _show(tallies, time.perf_counter() - began, cast)


def _play(meter: Meter, act: Callable[[Meter, float], None], until: float, pause: float) -> None:
    dice = random.Random()
    time.sleep(dice.uniform(0, pause))
    while time.perf_counter() < until:
        act(meter, until)
        time.sleep(dice.uniform(0.5, 1.5) * pause)


def _show(tallies: dict[str, Tally], took: float, cast: Cast) -> int:
    print(f"\n| role | people | calls/s | p50 | p95 | p99 | answers |\n|{'---|' * 7}")
    for role in [role for role in ROLES if role in tallies]:
        tally = tallies[role]
        waits = Spread(tally.waits or [0.0])
        said = ", ".join(f"{count} x {answer}" for answer, count in tally.answers.most_common(8))
        times = " | ".join(ms(waits.at(share)) for share in (0.5, 0.95, 0.99))
        print(f"| {role} | {cast.count(role)} | {len(tally.waits) / took:.1f} | {times} | {said} |")
    faults = [fault for tally in tallies.values() for fault in tally.faults]
    for fault in faults[:20]:
        print(f"FAULT {fault}", file=sys.stderr)
    print(f"\n{sum(len(tally.waits) for tally in tallies.values()) / took:.0f} calls/s, {len(faults)} faults.")
    return 1 if faults else 0


def _options() -> argparse.Namespace:
    base = os.environ.get("BASE_URL", "http://127.0.0.1:8000")
    parser = argparse.ArgumentParser(prog="python -m bench.all_roles")
    parser.add_argument("--base", default=base, help="the product (BASE_URL)")
    parser.add_argument("--stream", default=os.environ.get("STREAM_URL", ""), help="its live streams (STREAM_URL)")
    parser.add_argument("--sandbox", default=os.environ.get("SANDBOX_URL", "http://127.0.0.1:8090"))
    parser.add_argument("--each", type=int, default=4, help="virtual people of each role")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two deeds of one person, on average")
    options = parser.parse_args()
    options.stream = options.stream or _next_port(options.base)
    return options


def _next_port(base: str) -> str:
    head, _, port = base.rpartition(":")
    return f"{head}:{int(port) + 1}"


if __name__ == "__main__":
    sys.exit(main())
