"""What the generated clients find when they come: a live partner of their own, and its owner's password."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from clients.generate import PROGRAMS, check_python, check_typescript, make_python, make_typescript
from sandbox.demo.client import Administrator, Api
from sandbox.demo.people import PASSWORD, new_phone
from sandbox.demo.stage import DEMO_ADMIN


def open_partner(base: str, *, lat: float, lng: float) -> dict[str, str]:
    """Register a partner and let an administrator approve it; return how its owner signs in."""
    phone, public = new_phone(), Api(base)
    claim = public.post(
        "/partner/auth/register",
        201,
        organisation={
            "name": "Client Hospital",
            "kind": "both",
            "license_number": f"MH/DEMO/{secrets.token_hex(4).upper()}",
            "phone": "+912026050002",
            "email": "desk@client.example",
            "address": "1 Client Road",
            "city": "Nagpur",
            "state": "Maharashtra",
            "pincode": "440001",
            "lat": lat,
            "lng": lng,
        },
        owner={"name": "Meera Joshi", "phone": phone, "password": PASSWORD},
    )
    Administrator(base, *DEMO_ADMIN).approve(claim["partner"]["id"])
    return {"PHONE": phone, "PASSWORD": PASSWORD}


def drive(command: Sequence[str | Path], folder: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=dict(settings), capture_output=True, text=True, timeout=120, check=False
    )


def drive_python(into: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Generate the Python client, check its types and drive it."""
    folder = make_python(into)
    check_python(folder)
    partner = open_partner(settings["BASE_URL"], lat=21.15, lng=79.09)
    return drive([sys.executable, "drive.py"], folder, {**settings, **partner})


def drive_typescript(into: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Generate the TypeScript client, check its types and drive it."""
    folder = make_typescript(into)
    check_typescript(folder)
    partner = open_partner(settings["BASE_URL"], lat=22.72, lng=75.86)
    return drive([PROGRAMS / "node", "--no-warnings", "drive.ts"], folder, {**settings, **partner})


def plain_shell() -> dict[str, str]:
    """Return the few variables that a program needs of whoever started it."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
