from common.errors import Conflict


class VisitNotByVideo(Conflict):
    code, message = "visit_not_by_video", "This appointment is no video consultation that is going to be held."


class MeetingPending(Conflict):
    code, message = "meeting_pending", "The link is not there yet. Try again in a minute."


class MeetingNotOpen(Conflict):
    code, message = "meeting_not_open", "The link opens shortly before the appointment, and closes after it."
