"""What the worker does outside transactions for this app, in a thread for each: a slow model holds up no meeting."""

from typing import Final

from appointments.errands import meetings, reading

ERRANDS: Final = (("meetings", meetings.run_due), ("scans", reading.scan_due), ("analyses", reading.analyse_due))
