"""What every chapter of the story stands on: the clients, and how a line is told."""

from __future__ import annotations

import datetime as dt
import os
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sandbox.demo.client import Administrator, Api, Inbox, Surprise
from sandbox.demo.people import Donor

if TYPE_CHECKING:
    from sandbox.demo.chapters.practice import Practice

DEMO_ADMIN = ("+919800000101", "bridge-of-life")


class Stage:
    """Measures what a person would have waited for, and stops at the first surprise.

    `partner` is the bank that the first chapter lets go live, `desk` its owner's session, `place` where it stands;
    `doctor` the one who sees patients by video, `awaited` a patient whom she sees in an hour.
    """

    partner: dict[str, Any]
    place: dict[str, float]
    doctor: Practice
    awaited: Donor

    def __init__(self, base: str, sandbox: str) -> None:
        self.base = base
        self.public = Api(base)
        self.desk = Api(base)
        self.inbox = Inbox(sandbox)
        self.started = time.perf_counter()

    @cached_property
    def admin(self) -> Administrator:
        """The administrator of the demo data, or ADMIN_PHONE with ADMIN_PASSWORD, who signs in once."""
        phone, password = DEMO_ADMIN
        return Administrator(
            self.base, os.environ.get("ADMIN_PHONE", phone), os.environ.get("ADMIN_PASSWORD", password)
        )

    def expect(self, got: Any, wanted: Any, line: str) -> None:
        if got != wanted:
            raise Surprise(f"{line}: expected {wanted!r}, got {got!r}")
        self.line(f"{line[0].upper()}{line[1:]}.")

    def chapter(self, title: str) -> None:
        print(f"\n{title}")

    def line(self, text: str) -> None:
        print(f"  {time.perf_counter() - self.started:6.2f} s  {text}", flush=True)

    def donor(self, name: str, group: str, km: float) -> Donor:
        donor = Donor(name, group, self.base, self.inbox)
        user = donor.sign_up()
        donor.become_donor(near=self.place, km=km)
        self.line(f"{name}, {group}, {km:g} km away, is {user['public_id']}.")
        return donor

    def post_request(self, *, units: int, blood_group: str = "O-") -> dict[str, Any]:
        needed_by = dt.datetime.now(tz=dt.UTC) + dt.timedelta(hours=6)
        return dict(
            self.desk.post(
                "/partner/requests",
                201,
                blood_group=blood_group,
                component="whole_blood",
                units=units,
                urgency="critical",
                needed_by=needed_by.isoformat(),
            )
        )
