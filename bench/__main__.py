"""`python -m bench [NAME...]`: measure on the server that DATABASE_URL names; see docs/benchmarks.md."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

from bench.frame import BENCHMARKS, MISSED, load, machine, say
from bench.postgis_server import has_postgis, programs_with_postgis

MARK = "<!-- Below this line: what `--record` wrote. -->\n"


def main() -> int:
    """Run the benchmarks one after the other; return 1 if one broke, or with --strict if a bar does not hold."""
    options = _options()
    print(f"On {machine()}; {load()}.", flush=True)
    missed, broken = list[str](), list[str]()
    for name in options.names or BENCHMARKS:
        say(f"{name} ...")
        measured = f"Measured {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC; {load()}."
        command, environment = _how_to_run(name)
        done = subprocess.run(command, env=environment, check=False, stdout=subprocess.PIPE, text=True)
        print(f"{done.stdout}\n{measured}", flush=True)
        if done.returncode == MISSED:
            missed.append(name)
        elif done.returncode:
            broken.append(name)
        if options.record and name not in broken:
            _record(options.record, name, f"{done.stdout.strip()}\n\n{measured}")
    print(f"\n{_verdict(missed, broken)}")
    return 1 if broken or (options.strict and missed) else 0


def _record(file: Path, name: str, section: str) -> None:
    """Put the section below the mark, in the place of the one of that name."""
    kept, _, recorded = file.read_text(encoding="utf-8").partition(MARK)
    sections = {text.partition(":")[0]: f"## {text.strip()}" for text in recorded.split("\n## ")[1:]}
    sections[name] = section
    ordered = [sections[known] for known in BENCHMARKS if known in sections]
    file.write_text("\n\n".join([f"{kept}{MARK}\nOn {machine()}.", *ordered]) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which, of: {', '.join(BENCHMARKS)}; all unless told")
    parser.add_argument("--strict", action="store_true", help="exit non-zero when a bar does not hold")
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="write the results below the mark in docs/benchmarks.md, too"
    )
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}")
    return options


def _how_to_run(name: str) -> tuple[list[str], dict[str, str]]:
    """Return command and environment: where this server has no PostGIS, that one runs on a server which has."""
    command = [sys.executable, "-m", "bench.one", name]
    programs = programs_with_postgis()
    if name != "postgis" or programs is None or has_postgis(os.environ["DATABASE_URL"]):
        return command, dict(os.environ)
    elsewhere = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    server = [sys.executable, "-m", "sandbox.postgres", "exec", "--home", ".run/bench-postgis", "--"]
    return [*server, *command], {**elsewhere, "PG_BIN": str(programs)}


def _verdict(missed: list[str], broken: list[str]) -> str:
    lines = [f"Bars that do not hold: {', '.join(missed)}."] if missed else []
    lines += [f"Broken off: {', '.join(broken)}."] if broken else []
    return " ".join(lines) or "Every bar holds."


if __name__ == "__main__":
    sys.exit(main())
