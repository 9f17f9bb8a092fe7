"""What can go wrong with files and their analysis."""

from common.errors import Conflict, Invalid


class FileNotScanned(Conflict):
    code, message = "file_not_scanned", "The virus scanner has not looked at this file yet. Try again later."


class FileInfected(Conflict):
    code, message = "file_infected", "The virus scanner found something in this file; it was destroyed."


class FileNotRestorable(Conflict):
    code, message = "file_not_restorable", "This file was destroyed and cannot be brought back."


class TooManyVersions(Conflict):
    code, message = "too_many_versions", "This file has as many versions as it may have: send a new file."


class AttachedFileUnknown(Invalid):
    """Named by its place among those that were to be attached."""

    code, message = "attached_file_unknown", "This is none of your files."


class AnalyserUnavailable(Invalid):
    code, message, pointer = "analyser_unavailable", "This analyser is not offered here.", "/analyser"


class AnalysisConsentMissing(Invalid):
    code, message, pointer = "analysis_consent_missing", "Nothing is read unless you agree to it.", "/consent"


class AnalysisOpen(Conflict):
    code, message = "analysis_open", "This analyser is at this file already."
    constraint = "analysis_open_once"


class AnalysisSigned(Conflict):
    code, message = "analysis_signed", "A doctor has signed this analysis: it stays as it is."


class ValueImpossible(Invalid):
    code, message = "value_impossible", "No living person has this value in this unit."


class ObservationUnknown(Invalid):
    code, message = "observation_unknown", "This is no value of this analysis."


class HaemoglobinUnfit(Conflict):
    code, message = (
        "haemoglobin_unfit",
        "Only a dated haemoglobin of the last 90 days that a doctor has signed can be shared.",
    )
