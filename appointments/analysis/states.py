"""The states of a patient's file and of its analysis, and the closed sets around them."""

from enum import StrEnum
from typing import Final


class FileKind(StrEnum):
    """What a person says that a medical file is."""

    LAB_REPORT = "lab_report"
    IMAGING = "imaging"
    PRESCRIPTION = "prescription"
    DISCHARGE_SUMMARY = "discharge_summary"
    OTHER = "other"


class FileStatus(StrEnum):
    KEPT = "kept"
    DELETED = "deleted"  # seen by nobody, and can be brought back until it is destroyed
    DESTROYED = "destroyed"


FILE_TRANSITIONS: Final = {
    (FileStatus.KEPT, "delete"): FileStatus.DELETED,
    (FileStatus.DELETED, "restore"): FileStatus.KEPT,
    (FileStatus.KEPT, "destroy"): FileStatus.DESTROYED,
    (FileStatus.DELETED, "destroy"): FileStatus.DESTROYED,
}


class ScanStatus(StrEnum):
    """What the virus scanner said of one version."""

    UNSCANNED = "unscanned"
    CLEAN = "clean"
    INFECTED = "infected"  # destroyed at once; the row says why


SCAN_TRANSITIONS: Final = {
    (ScanStatus.UNSCANNED, "pass"): ScanStatus.CLEAN,
    (ScanStatus.UNSCANNED, "fail"): ScanStatus.INFECTED,
}


class Availability(StrEnum):
    """Whether a version may be opened, as its owner is told."""

    READY = "ready"
    SCANNING = "scanning"
    INFECTED = "infected"


class Analyser(StrEnum):
    TABLE = "table"  # rules, on this machine
    VISION = "vision"  # a vision-language model, wherever it is configured to be


class AnalysisStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SIGNED = "signed"


ANALYSIS_TRANSITIONS: Final = {
    (AnalysisStatus.QUEUED, "start"): AnalysisStatus.RUNNING,
    (AnalysisStatus.QUEUED, "fail"): AnalysisStatus.FAILED,
    (AnalysisStatus.RUNNING, "start"): AnalysisStatus.RUNNING,  # whoever ran it was killed
    (AnalysisStatus.RUNNING, "retry"): AnalysisStatus.QUEUED,
    (AnalysisStatus.RUNNING, "finish"): AnalysisStatus.DONE,
    (AnalysisStatus.RUNNING, "fail"): AnalysisStatus.FAILED,
    (AnalysisStatus.DONE, "sign"): AnalysisStatus.SIGNED,
}
OPEN_ANALYSIS: Final = (AnalysisStatus.QUEUED, AnalysisStatus.RUNNING)


class AnalysisFailure(StrEnum):
    """Why an analysis came to nothing."""

    FILE_GONE = "file_gone"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    UNREADABLE = "unreadable"  # the file does not open, or takes more time or memory than it may
    NO_TEXT = "no_text"  # a scan or a photo: nothing for rules to read
    NOT_CONFIGURED = "not_configured"
    UNAVAILABLE = "unavailable"  # tried as often as it may be
    ANSWER_INVALID = "answer_invalid"  # the model did not answer as it was asked to


class ObservationStatus(StrEnum):
    """What became of a value that was read: an analyser alone says nothing that counts."""

    READ = "read"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    REJECTED = "rejected"


OBSERVATION_TRANSITIONS: Final = {
    (ObservationStatus.READ, "confirm"): ObservationStatus.CONFIRMED,
    (ObservationStatus.READ, "correct"): ObservationStatus.CORRECTED,
    (ObservationStatus.READ, "reject"): ObservationStatus.REJECTED,
}


class Interpretation(StrEnum):
    """HL7 v3 ObservationInterpretation, as far as a report's own range says it."""

    NORMAL = "N"
    HIGH = "H"
    LOW = "L"
    UNKNOWN = "unknown"


class Passed(StrEnum):
    """Why a row that names something known was passed over."""

    AMBIGUOUS = "ambiguous"
    CENSORED = "censored"  # «< 0.01» is no value
    FLAG_DISAGREES = "flag_disagrees"
    NUMBER = "number"
    OUT_OF_RANGE = "out_of_range"
    REPEATED = "repeated"
    UNIT = "unit"
