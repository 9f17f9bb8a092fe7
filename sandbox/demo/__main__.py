"""`make demo`: the whole loop as real HTTP calls, told line by line; non-zero at the first surprise."""

from __future__ import annotations

import os
import sys

import requests

from sandbox.demo.client import Surprise
from sandbox.demo.story import tell


def main() -> int:
    base = os.environ.get("BASE_URL", "http://127.0.0.1:8000")
    sandbox = os.environ.get("SANDBOX_URL", "http://127.0.0.1:8090")
    try:
        tell(base, sandbox)
    except (Surprise, requests.HTTPError) as exc:
        print(f"\nSurprise: {exc}", file=sys.stderr)
        return 1
    except requests.RequestException as exc:
        print(
            f"\nNobody answers at {base} or {sandbox} (is `make run` running?): {type(exc).__name__}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
