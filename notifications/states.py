from enum import StrEnum


class Channel(StrEnum):
    SMS = "sms"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    EMAIL = "email"
    PUSH = "push"


# By number. A voice call follows when none of them arrives.
TEXT_CHANNELS = frozenset({Channel.SMS, Channel.WHATSAPP})

# What people may switch on and off; a call comes only when a critical text reached nobody.
CHOSEN_CHANNELS = (Channel.SMS, Channel.WHATSAPP, Channel.EMAIL, Channel.PUSH)
# What rings or lights up a telephone at night; a mailbox does not.
LOUD_CHANNELS = frozenset({Channel.SMS, Channel.WHATSAPP, Channel.PUSH})


class Group(StrEnum):
    """What people choose by: a kind of message belongs to one group."""

    CRITICAL = "critical"  # codes, changed passwords, danger: cannot be switched off
    REQUESTS = "requests"
    CAMPS = "camps"
    ORDERS = "orders"
    APPOINTMENTS = "appointments"
    MONEY = "money"
    ACCOUNT = "account"
    ANNOUNCEMENTS = "announcements"


class QuietMode(StrEnum):
    """Which quiet hours hold: everybody's, one's own, or none."""

    DEFAULT = "default"
    OWN = "own"
    OFF = "off"


class Platform(StrEnum):
    """What a device runs that takes push messages."""

    ANDROID = "android"
    IOS = "ios"
    WEB = "web"


class TextForm(StrEnum):
    """Where a wording of a kind is used: in the inbox (and all that has no wording of its own), or by one channel."""

    INBOX = "inbox"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    EMAIL = "email"
    PUSH = "push"


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"  # leased by a worker
    IN_DOUBT = "in_doubt"  # the provider may have it; nothing is sent again before that is known
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"  # tried again later
    DEAD = "dead"
    SKIPPED = "skipped"  # not wanted, above the daily cap, or no longer worth sending


DELIVERY_TRANSITIONS = {
    (DeliveryStatus.QUEUED, "send"): DeliveryStatus.SENDING,
    (DeliveryStatus.FAILED, "send"): DeliveryStatus.SENDING,
    (DeliveryStatus.QUEUED, "skip"): DeliveryStatus.SKIPPED,
    (DeliveryStatus.FAILED, "skip"): DeliveryStatus.SKIPPED,
    (DeliveryStatus.SENDING, "accept"): DeliveryStatus.SENT,
    (DeliveryStatus.SENDING, "fail"): DeliveryStatus.FAILED,
    (DeliveryStatus.SENDING, "refuse"): DeliveryStatus.DEAD,
    (DeliveryStatus.SENDING, "doubt"): DeliveryStatus.IN_DOUBT,
    (DeliveryStatus.SENDING, "hand_back"): DeliveryStatus.QUEUED,  # leased, and nothing left this process
    (DeliveryStatus.SENDING, "deliver"): DeliveryStatus.DELIVERED,
    (DeliveryStatus.SENDING, "read"): DeliveryStatus.READ,
    (DeliveryStatus.IN_DOUBT, "accept"): DeliveryStatus.SENT,
    (DeliveryStatus.IN_DOUBT, "deliver"): DeliveryStatus.DELIVERED,
    (DeliveryStatus.IN_DOUBT, "read"): DeliveryStatus.READ,
    (DeliveryStatus.IN_DOUBT, "refuse"): DeliveryStatus.DEAD,
    (DeliveryStatus.IN_DOUBT, "lose"): DeliveryStatus.FAILED,  # looked up: the provider never had it
    # A late receipt proves that an attempt counted as lost arrived; it is not made again.
    (DeliveryStatus.FAILED, "accept"): DeliveryStatus.SENT,
    (DeliveryStatus.FAILED, "deliver"): DeliveryStatus.DELIVERED,
    (DeliveryStatus.FAILED, "read"): DeliveryStatus.READ,
    (DeliveryStatus.SENT, "deliver"): DeliveryStatus.DELIVERED,
    (DeliveryStatus.SENT, "read"): DeliveryStatus.READ,
    (DeliveryStatus.SENT, "refuse"): DeliveryStatus.DEAD,  # undelivered
    (DeliveryStatus.SENDING, "rephrase"): DeliveryStatus.FAILED,  # again, as an approved template
    (DeliveryStatus.IN_DOUBT, "rephrase"): DeliveryStatus.FAILED,
    (DeliveryStatus.SENT, "rephrase"): DeliveryStatus.FAILED,
    (DeliveryStatus.DELIVERED, "read"): DeliveryStatus.READ,
    (DeliveryStatus.DEAD, "replay"): DeliveryStatus.QUEUED,
}
REACHED = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.READ})
OVER = frozenset({DeliveryStatus.DEAD, DeliveryStatus.SKIPPED})
# What is known to lie at the provider, or never will: a secret body is needed no longer.
FATE_KNOWN = frozenset({DeliveryStatus.SENT}) | REACHED | OVER


def sources(verb: str) -> list[DeliveryStatus]:
    """Return the states from which `verb` may go."""
    return [state for state, name in DELIVERY_TRANSITIONS if name == verb]


class AnnouncementStatus(StrEnum):
    """What an administrator says to many: written, then told in batches."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"  # begins at its hour
    SENDING = "sending"  # until every message has left, or is known not to
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


ANNOUNCEMENT_TRANSITIONS = {
    (AnnouncementStatus.DRAFT, "schedule"): AnnouncementStatus.SCHEDULED,
    (AnnouncementStatus.SCHEDULED, "start"): AnnouncementStatus.SENDING,
    (AnnouncementStatus.SCHEDULED, "withdraw"): AnnouncementStatus.DRAFT,  # to be written anew
    (AnnouncementStatus.SENDING, "pause"): AnnouncementStatus.PAUSED,
    (AnnouncementStatus.PAUSED, "resume"): AnnouncementStatus.SENDING,
    (AnnouncementStatus.SENDING, "finish"): AnnouncementStatus.FINISHED,
    (AnnouncementStatus.DRAFT, "cancel"): AnnouncementStatus.CANCELLED,
    (AnnouncementStatus.SCHEDULED, "cancel"): AnnouncementStatus.CANCELLED,
    (AnnouncementStatus.SENDING, "cancel"): AnnouncementStatus.CANCELLED,
    (AnnouncementStatus.PAUSED, "cancel"): AnnouncementStatus.CANCELLED,
}


TEST_MODE = "test_mode"  # why a message is skipped: nobody is behind a number of test data


class AudienceKind(StrEnum):
    """To whom an announcement goes."""

    DONORS = "donors"
    DOCTORS = "doctors"
    MEMBERS = "members"  # of live partners
    EVERYBODY = "everybody"  # people and members


class TapMatter(StrEnum):
    """What a link in a message answers."""

    ASK = "ask"  # a request for blood, to which one was asked
    CAMP = "camp"  # a place in a camp


class TapAct(StrEnum):
    COME = "come"
    DECLINE = "decline"
    GIVE_UP = "give_up"


ACTS = {TapMatter.ASK: (TapAct.COME, TapAct.DECLINE), TapMatter.CAMP: (TapAct.GIVE_UP,)}


class TicketStatus(StrEnum):
    """A question to the administrators."""

    OPEN = "open"  # waits for an administrator
    ANSWERED = "answered"  # waits for whoever asked
    RESOLVED = "resolved"  # an administrator says so
    CLOSED = "closed"  # whoever asked says so


TICKET_TRANSITIONS = {
    (TicketStatus.OPEN, "answer"): TicketStatus.ANSWERED,
    (TicketStatus.ANSWERED, "answer"): TicketStatus.ANSWERED,
    (TicketStatus.OPEN, "reply"): TicketStatus.OPEN,
    (TicketStatus.ANSWERED, "reply"): TicketStatus.OPEN,
    (TicketStatus.ANSWERED, "resolve"): TicketStatus.RESOLVED,
    (TicketStatus.OPEN, "close"): TicketStatus.CLOSED,
    (TicketStatus.ANSWERED, "close"): TicketStatus.CLOSED,
    (TicketStatus.RESOLVED, "reopen"): TicketStatus.OPEN,
    (TicketStatus.CLOSED, "reopen"): TicketStatus.OPEN,
}
WAITING_TICKETS = frozenset({TicketStatus.OPEN, TicketStatus.ANSWERED})


class TicketCategory(StrEnum):
    ACCOUNT = "account"
    DONATION = "donation"
    ORDER = "order"
    APPOINTMENT = "appointment"
    PAYMENT = "payment"
    MESSAGES = "messages"
    PRIVACY = "privacy"  # a grievance about personal data
    OTHER = "other"


# Days within which each is answered: the period we publish. For grievances about personal data the law (DPDP Rules
# 2025, rule 14) allows 90 at most.
DAYS_TO_ANSWER = {category: 30 if category is TicketCategory.PRIVACY else 14 for category in TicketCategory}


class TicketAuthor(StrEnum):
    PERSON = "person"
    MEMBER = "member"
    VISITOR = "visitor"
    ADMINISTRATOR = "administrator"
