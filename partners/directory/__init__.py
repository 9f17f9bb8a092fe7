"""Reading the published national directory of licensed blood banks: bytes in, listings and rejections out.

Nothing here knows the database. `read_directory` streams; `write_report` puts what could not be placed into a
file beside the input, for a person to mend and import again.
"""

from partners.directory.licenses import license_key
from partners.directory.listings import Fault, Listing, Note, Reason, Rejection
from partners.directory.reading import read_directory
from partners.directory.records import DirectoryUnreadable
from partners.directory.report import count_reasons, report_path, write_report

__all__ = [
    "DirectoryUnreadable",
    "Fault",
    "Listing",
    "Note",
    "Reason",
    "Rejection",
    "count_reasons",
    "license_key",
    "read_directory",
    "report_path",
    "write_report",
]
