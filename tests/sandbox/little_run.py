"""A run of little programs: `little_run.py FOLDER PORT STREAM_PORT SANDBOX_PORT KIND`."""

import sys
from pathlib import Path

from sandbox.processes import Program
from sandbox.run import Plan, run

WEB = """
import http.server, os, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["PUBLIC_URL"].encode())
print("web has", os.environ["DATABASE_URL"], flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
"""
SLEEP = "import time; time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
FALL = "raise SystemExit('the last words')"
OTHERS = {"steady": SLEEP, "stubborn": STUBBORN, "falling": FALL}


def program(name: str, code: str) -> Program:
    return Program(name=name, command=(sys.executable, "-c", code))


def main() -> int:
    folder, kind = Path(sys.argv[1]), sys.argv[5]
    port, stream_port, sandbox_port = map(int, sys.argv[2:5])
    setup = program("migrate", FALL if kind == "broken" else "print('migrated')")
    other = program("worker", OTHERS.get(kind, SLEEP))
    return run(
        Plan(
            folder=folder,
            host="127.0.0.1",
            port=port,
            stream_port=stream_port,
            sandbox_port=sandbox_port,
            setup=[setup],
            programs=[program("web", WEB), other],
        )
    )


if __name__ == "__main__":
    sys.exit(main())
