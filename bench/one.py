"""`python -m bench.one NAME`: one benchmark, in a process of its own."""

from __future__ import annotations

import importlib
import os
import sys

import django

from bench.frame import MISSED, Report


def main(name: str) -> int:
    """Run the benchmark and print its table; return 0, or MISSED if a bar does not hold."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
    django.setup()
    benchmark = importlib.import_module(f"bench.{name}")
    report = Report(benchmark.TITLE)
    benchmark.run(report)
    report.show()
    return MISSED if report.missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
