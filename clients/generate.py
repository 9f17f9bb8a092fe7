"""Generate a Python and a TypeScript client from docs/openapi.yaml into .run/clients, and check their types.

`python -m clients.generate`, or `make clients`. Nothing generated is kept in the repository: nothing goes stale. Node
comes with the local requirements; npm's packages are those of clients/typescript/package-lock.json.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parent.parent
SCHEMA: Final = PROJECT / "docs" / "openapi.yaml"
SOURCES: Final = PROJECT / "clients"
PROGRAMS: Final = Path(sys.executable).parent  # of the virtual environment: node and npm are there too
NPM_FILES: Final = ("package.json", "package-lock.json", ".npmrc")


class GeneratingFailed(Exception):
    """A program did not do its part; it says why."""


def run(*command: str | Path, folder: Path, **more: str) -> str:
    """Run a program of the virtual environment and return what it says. Raises: GeneratingFailed"""
    found = {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', '')}", **more}
    done = subprocess.run(  # noqa: S603
        [str(part) for part in command], cwd=folder, env=found, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    if done.returncode != 0:
        raise GeneratingFailed(f"{' '.join(str(part) for part in command)}\n{said}")
    return said


def make_python(into: Path) -> Path:
    """Generate the package `jeevansetu_client` and return the folder that holds it and `drive.py`."""
    folder = into / "python"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCES / "python" / "drive.py", folder)
    options: Sequence[str | Path] = (
        *("--path", SCHEMA, "--config", SOURCES / "python" / "config.yaml"),
        *("--meta", "none", "--output-path", folder / "jeevansetu_client", "--overwrite", "--fail-on-warning"),
    )
    run(sys.executable, "-m", "openapi_python_client", "generate", *options, folder=folder)
    return folder


def make_typescript(into: Path) -> Path:
    """Generate `schema.ts` and return the folder that holds it, `drive.ts` and the packages."""
    folder = into / "typescript"
    folder.mkdir(parents=True, exist_ok=True)
    for source in (SOURCES / "typescript").iterdir():
        if source.is_file():
            shutil.copy(source, folder)
    install(folder)
    options = ("--output", "schema.ts", "--default-non-nullable=false")  # what has a default may be left out
    run("npm", "exec", "--no", "openapi-typescript", "--", SCHEMA, *options, folder=folder)
    return folder


def install(folder: Path) -> None:
    """Install the locked packages, if these are not those that are there."""
    stamp = folder / "node_modules" / ".stamp"
    wanted = hashlib.sha256(b"".join((folder / name).read_bytes() for name in NPM_FILES)).hexdigest()
    if not stamp.is_file() or stamp.read_text(encoding="ascii") != wanted:
        run("npm", "ci", "--ignore-scripts", folder=folder)
        stamp.write_text(wanted, encoding="ascii")


def check_python(folder: Path) -> None:
    """Check the types of what drives the client, and of the client as far as that uses it. Raises: GeneratingFailed"""
    options = ("--strict", "--config-file", os.devnull, "--cache-dir", str(folder / ".mypy_cache"))
    run(sys.executable, "-m", "mypy", *options, "--follow-imports", "silent", "drive.py", folder=folder)


def check_typescript(folder: Path) -> None:
    """Check the types of everything. Raises: GeneratingFailed"""
    run("npm", "exec", "--no", "tsc", "--", "--noEmit", folder=folder)


def main() -> int:
    into = PROJECT / ".run" / "clients"
    try:
        for make, check in ((make_python, check_python), (make_typescript, check_typescript)):
            folder = make(into)
            check(folder)
            sys.stdout.write(f"{folder.relative_to(PROJECT)}\n")
    except GeneratingFailed as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
