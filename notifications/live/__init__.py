"""What people and partners see change while they look: which events, and to whom.

A change holds the id of what has changed, its state at this moment, and when it happened. No name, no number, nothing
about health: whoever hears of it fetches the rest, and is asked then whether it may.
"""

from notifications.live import inbox, subjects

__all__ = ["inbox", "subjects"]
