"""The users of the server: who serves when root starts it, and under which name initdb runs.

PostgreSQL refuses root, and initdb a user without a name, as containers often have them.
"""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.postgres.binaries import PostgresError

if sys.platform != "win32":
    import pwd

# In systemd's table of users (https://systemd.io/UIDS-GIDS/) this number belongs to nobody, and it exists
# in containers, which often have 65536 users and no more.
FIRST_UID = 60_600
CLONE_NEWUSER = 0x10000000  # unshare(2)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A user, by number: no name is needed, so none is created."""

    uid: int
    gid: int

    def identity(self) -> dict[str, Any]:
        """Return what makes `subprocess` run a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def identity_with_name(self) -> dict[str, Any]:
        """Return the identity of another, unprivileged user who has a name, in this user's group."""
        return self.identity() | {"user": _named_uid()}

    def take(self, path: Path) -> None:
        """Make the path this user's. Raises PostgresError where root has not the right to."""
        try:
            os.chown(path, self.uid, self.gid)
        except OSError as error:
            raise PostgresError(
                f"Root may not act as user {self.uid} here ({error.strerror}): "
                "set EMBEDDED_PG_UID to another, run as a normal user, or set DATABASE_URL to a server."
            ) from error

    def may_reach(self, path: Path) -> bool:
        """Tell whether this user may pass through every folder above the path, and use it if it is there."""
        return all(self._may_pass(step.stat()) for step in (path, *path.parents) if step.exists())

    def _may_pass(self, found: os.stat_result) -> bool:
        if found.st_uid == self.uid:
            return bool(found.st_mode & 0o100)
        if found.st_gid == self.gid:
            return bool(found.st_mode & 0o010)
        return bool(found.st_mode & 0o001)


def owner_for(*data: Path) -> Owner | None:
    """Return whose the first existing data directory is, else a new owner; None unless root asks."""
    if os.geteuid() != 0:
        return None
    for folder in data:
        if folder.exists():
            found = folder.stat()
            return Owner(uid=found.st_uid, gid=found.st_gid)
    uid = os.environ.get("EMBEDDED_PG_UID") or str(_first_free_uid())
    if not uid.isdecimal() or int(uid) == 0:
        raise PostgresError(f"EMBEDDED_PG_UID must be the number of a user other than root, not {uid!r}.")
    return Owner(uid=int(uid), gid=int(uid))


def name_for_caller() -> dict[str, Any]:
    """Return what makes `subprocess` run a program of the caller, who is not root, under some name.

    A nameless user becomes, for that program alone, a named one in a user namespace; what it writes stays the
    caller's. Where the system forbids namespaces the program runs all the same, and says what it lacks.
    """
    uid, gid = os.geteuid(), os.getegid()
    if sys.platform != "linux" or uid in {entry.pw_uid for entry in pwd.getpwall()}:
        return {}
    unshare = ctypes.CDLL(None).unshare
    maps = {"setgroups": "deny", "uid_map": f"{_named_uid()} {uid} 1", "gid_map": f"{gid} {gid} 1"}

    def enter() -> None:
        if unshare(CLONE_NEWUSER) == 0:
            for name, value in maps.items():
                Path("/proc/self", name).write_text(value, encoding="ascii")

    return {"preexec_fn": enter}


def _named_uid() -> int:
    named = sorted((entry.pw_name != "nobody", entry.pw_uid) for entry in pwd.getpwall() if entry.pw_uid)
    if not named:
        raise PostgresError("This machine knows root alone: add a user, or set DATABASE_URL to a server.")
    return named[0][1]


def _first_free_uid() -> int:
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(FIRST_UID, 2**16) if uid not in taken)
