"""What time does to doctors and appointments, in bounded transactions."""

from __future__ import annotations

from typing import Final

from appointments.services.doctors import find_next_free_of_stale

ROUNDS: Final = 100  # batches in one run; the next one goes on


def refresh_next_free() -> int:
    """Look again when doctors are free whose kept times have passed; return how many."""
    refreshed = 0
    for _ in range(ROUNDS):
        found = find_next_free_of_stale()
        if not found:
            break
        refreshed += found
    return refreshed
