"""Who was booked at the beginning is reminded, an hour before the time."""

from __future__ import annotations

from sandbox.demo.client import wait
from sandbox.demo.stage import Stage

LONGEST = 100.0  # seconds: the hour may begin in more than a minute, and the job looks every 15 seconds


def tell(stage: Stage) -> None:
    stage.chapter("An hour before a consultation")
    kiran = stage.awaited

    def reminder() -> str | None:
        letters = kiran.app.get("/me/notifications")["results"]
        return next((row["body"] for row in letters if row["kind"] == "visit_reminder"), None)

    stage.line(f"Kiran is reminded: «{wait(reminder, 'the reminder', LONGEST)}»")
