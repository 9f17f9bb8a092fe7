"""What may be read of people, by themselves and by other apps."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When, Window
from django.db.models.functions import Rank

from common import clock, sessions
from common.blood import BloodGroup, Sex
from common.crypto import decrypt
from common.errors import NotFound
from common.geo import Point
from users.errors import NotADonor
from users.models import (
    SEALED_CODE,
    Consent,
    ConsentNotice,
    Deferral,
    Document,
    DocumentUse,
    Donor,
    IdentityAssurance,
    IdentityAttestation,
    OtpChallenge,
    ScoreEntry,
    SecondFactor,
    Session,
    User,
    VisitAnswers,
)
from users.questionnaire import words_of
from users.states import (
    LABELS,
    STANDING_PURPOSES,
    AssuranceLabel,
    AssuranceLevel,
    ConsentPurpose,
    ConsentStatus,
    DocumentKind,
    IdentityMethod,
    Purpose,
    Tag,
)

LEADERS = 100


@dataclass(frozen=True)
class Contact:
    """How a person is reached; `email` is empty unless it is verified and takes mails."""

    id: uuid.UUID
    name: str
    phone: str
    language: str
    zone: str
    email: str = ""


@dataclass(frozen=True)
class CodeToSend:
    """What a message about a one-time code says. `kind` is code, account_exists or no_account."""

    phone: str
    language: str
    purpose: Purpose
    kind: str
    code: str
    expires_at: dt.datetime


@dataclass(frozen=True)
class DonorCard:
    """A donor as other apps may know him."""

    id: uuid.UUID
    public_id: str
    name: str
    phone: str
    blood_group: BloodGroup
    is_group_confirmed: bool
    sex: Sex
    tag: Tag
    score: int
    location: Point | None
    zone: str


@dataclass(frozen=True)
class DonorStanding:
    """Whether and when a donor may be asked to come; the days are those of whole blood, `locked_on` the lock's last."""

    today: dt.date
    is_active: bool
    is_available: bool
    locked_on: dt.date | None
    may_give_from: dt.date | None
    may_give_until: dt.date | None


@dataclass(frozen=True)
class Assurance:
    """How much is known of who a person is: never more than the level says."""

    level: AssuranceLevel
    label: AssuranceLabel
    since: dt.datetime | None
    method: IdentityMethod | None
    last4: str | None


@dataclass(frozen=True)
class Way:
    """A way to reach a level, and whether it is open here."""

    level: AssuranceLevel
    label: AssuranceLabel
    method: IdentityMethod
    offered: bool


@dataclass(frozen=True)
class ConsentState:
    """Where a person stands on one purpose, and the notice that holds now."""

    purpose: ConsentPurpose
    status: ConsentStatus
    granted_version: int | None
    granted_at: dt.datetime | None
    withdrawn_at: dt.datetime | None
    notice: ConsentNotice


@dataclass(frozen=True)
class DocumentCard:
    """A document as those may know it whom it was attached for; the content is behind a link."""

    id: uuid.UUID
    kind: DocumentKind
    name: str
    content_type: str
    size: int


def contacts(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Contact]:
    """Return how the active people among these are reached; one query."""
    rows = User.objects.filter(pk__in=list(user_ids), is_active=True)
    values = rows.values_list("pk", "name", "phone", "language", "zone", usable_email())
    return {row[0]: Contact(*row) for row in values}


def in_touch(*, since: dt.datetime) -> QuerySet[Session]:
    """Return the devices from which somebody was there after `since`, to five minutes, signed out meanwhile or not."""
    return Session.objects.filter(last_used_at__gt=since)


def usable_email() -> Case:
    """Return the expression for a person's e-mail address: empty unless it is verified and takes mails."""
    is_usable = Q(email_verified_at__isnull=False, email_refused_at=None)
    return Case(When(is_usable, then="email"), default=Value(""))


def account_emails(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the addresses that these active people have given, verified or not."""
    return dict(User.objects.filter(pk__in=list(user_ids), is_active=True).values_list("pk", "email"))


def code_to_send(challenge_id: uuid.UUID) -> CodeToSend | None:
    """Return what to tell the number about its challenge; None when there is nothing left to say."""
    challenge = OtpChallenge.objects.filter(pk=challenge_id, closed_at=None).first()
    if challenge is None or challenge.code_sealed is None:
        return None
    has_account = challenge.account_id is not None
    kind = "code"
    if challenge.purpose == Purpose.REGISTER and has_account:
        kind = "account_exists"
    elif challenge.purpose != Purpose.REGISTER and not has_account:
        kind = "no_account"
    code = decrypt(bytes(challenge.code_sealed), context=SEALED_CODE).decode() if kind == "code" else ""
    return CodeToSend(
        phone=challenge.phone,
        language=challenge.language,
        purpose=Purpose(challenge.purpose),
        kind=kind,
        code=code,
        expires_at=challenge.expires_at,
    )


def signed_in_from(phone: str) -> set[str]:
    """Return the addresses from which whoever has the number has signed in lately."""
    return sessions.addresses(Session, account__phone=phone)


def seats_of(session_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, sessions.Seat]:
    """Return those of the sessions by which somebody may still listen to what changes for them."""
    return sessions.seats(Session, session_ids, topic="account_id", account__is_active=True)


def get_donor(user_id: uuid.UUID) -> Donor:
    """Raises: NotADonor."""
    donor = Donor.objects.select_related("user").filter(pk=user_id).first()
    if donor is None:
        raise NotADonor
    return donor


def donor_card(donor_id: uuid.UUID) -> DonorCard:
    """Raises: NotADonor."""
    donor = get_donor(donor_id)
    return DonorCard(
        id=donor.pk,
        public_id=donor.user.public_id,
        name=donor.user.name,
        phone=donor.user.phone,
        blood_group=BloodGroup(donor.blood_group),
        is_group_confirmed=donor.group_confirmed_at is not None,
        sex=Sex(donor.sex),
        tag=donor.tag,
        score=donor.score,
        location=donor.location,
        zone=donor.user.zone,
    )


def standings(donor_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, DonorStanding]:
    """Return how these donors stand today, each in the own zone; one query."""
    rows = Donor.objects.filter(pk__in=list(donor_ids)).select_related("user")
    return {row.pk: _standing(row) for row in rows}


def _standing(donor: Donor) -> DonorStanding:
    zone, lock = ZoneInfo(donor.user.zone), donor.lock_in_force
    return DonorStanding(
        today=clock.today(donor.user.zone),
        is_active=donor.user.is_active,
        is_available=donor.available,
        locked_on=None if lock is None else lock.astimezone(zone).date(),
        may_give_from=donor.whole_blood_from,
        may_give_until=donor.whole_blood_until,
    )


def deferrals_of(user_id: uuid.UUID) -> QuerySet[Deferral]:
    return Deferral.objects.filter(donor_id=user_id)


def score_ledger(user_id: uuid.UUID) -> QuerySet[ScoreEntry]:
    """Return the lines that explain the donor's score, newest first."""
    return ScoreEntry.objects.filter(donor_id=user_id).order_by("-pk")


def leaderboard(*, city: str | None) -> QuerySet[Donor]:
    """Return the donors who agreed to be shown and have given, the most generous first, with their `rank`."""
    shown = Donor.objects.filter(on_leaderboard=True, verified_donations__gt=0, user__is_active=True, test_world=None)
    if city:
        shown = shown.filter(user__city__iexact=city)
    standing = Window(Rank(), order_by=[F("verified_donations").desc(), F("score").desc()])
    ordered = shown.order_by("-verified_donations", "-score", "user_id")
    return ordered.select_related("user").annotate(rank=standing)[:LEADERS]


def get_user(user_id: uuid.UUID) -> User:
    """Raises: NotFound."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user


def find_person(key: uuid.UUID | str) -> User | None:
    """Return the person with this id or public id, unless forgotten."""
    wanted = {"pk": key} if isinstance(key, uuid.UUID) else {"public_id": key}
    return User.objects.filter(erased_at=None, **wanted).first()


def people_among(ids: QuerySet[Any]) -> QuerySet[User]:
    """Return the people whose ids these are, but those who were forgotten."""
    return User.objects.filter(pk__in=ids, erased_at=None)


def administrators() -> list[uuid.UUID]:
    """Return the people who administer the product."""
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("pk").values_list("pk", flat=True))


def erased_before(moment: dt.datetime, *, after: uuid.UUID | None, limit: int) -> list[uuid.UUID]:
    """Return the next people who were forgotten before the moment, in the order of their ids."""
    gone = User.objects.filter(erased_at__lt=moment)
    if after is not None:
        gone = gone.filter(pk__gt=after)
    return list(gone.order_by("pk").values_list("pk", flat=True)[:limit])


def assurance_of(user_id: uuid.UUID) -> Assurance:
    """Return the highest level that the person has reached and not taken back."""
    row = IdentityAssurance.objects.filter(user_id=user_id, ended_at=None).order_by("-level", "-pk").first()
    if row is None:
        return Assurance(AssuranceLevel.NONE, AssuranceLabel.NONE, None, None, None)
    level = AssuranceLevel(row.level)
    return Assurance(level, LABELS[level], row.created_at, IdentityMethod(row.method), row.last4)


def attestation_of(user_id: uuid.UUID, attestation_id: uuid.UUID) -> IdentityAttestation:
    """Return one of the person's own attestations. Raises: NotFound."""
    row = IdentityAttestation.objects.filter(pk=attestation_id, user_id=user_id).first()
    if row is None:
        raise NotFound
    return row


def ways_to_prove() -> list[Way]:
    """Return every way to reach a level, and whether it is open here."""
    offered = {
        IdentityMethod.AADHAAR_FORMAT: True,
        IdentityMethod.LICENSED_PROVIDER: bool(settings.IDENTITY_PROVIDER_URL),
        IdentityMethod.AADHAAR_OFFLINE_XML: bool(settings.UIDAI_CERTIFICATES),
    }
    levels = (level for level in AssuranceLevel if level is not AssuranceLevel.NONE)
    return [Way(level, LABELS[level], method, offered[method]) for level, method in zip(levels, offered, strict=True)]


def current_notice(purpose: ConsentPurpose, language: str) -> ConsentNotice:
    """Return the newest notice in the language, or in English where there is none."""
    notices = ConsentNotice.objects.filter(purpose=purpose).order_by("-version")
    newest = notices.filter(language=language).first() or notices.filter(language="en").first()
    if newest is None:
        raise NotFound
    return newest


def consent_state(user: User, purpose: ConsentPurpose) -> ConsentState:
    """Return the person's latest word on a purpose."""
    mine = Consent.objects.filter(user=user, notice__purpose=purpose).select_related("notice").order_by("-pk")
    last = mine.filter(withdrawn_at=None).first() or mine.first()
    status = ConsentStatus.NOT_GIVEN
    if last is not None:
        status = ConsentStatus.GRANTED if last.withdrawn_at is None else ConsentStatus.WITHDRAWN
    return ConsentState(
        purpose=purpose,
        status=status,
        granted_version=last.notice.version if last else None,
        granted_at=last.granted_at if last else None,
        withdrawn_at=last.withdrawn_at if last else None,
        notice=current_notice(purpose, user.language),
    )


def consent_states(user: User) -> list[ConsentState]:
    return [consent_state(user, purpose) for purpose in STANDING_PURPOSES]


@dataclass(frozen=True)
class GivenAnswer:
    """One answer as it was given; `text` is the question in the reader's language, `asked` as the donor read it."""

    code: str
    text: str
    asked: str
    private: bool
    yes: bool
    on: dt.date | None


@dataclass(frozen=True)
class GivenAnswers:
    """What a donor answered before a visit."""

    version: str
    language: str
    answered_at: dt.datetime
    consent_version: int
    answers: list[GivenAnswer]


def has_answers(assignment: OuterRef) -> Exists:
    """Return, for a query of another app, whether the questions before the assignment's visit were answered."""
    return Exists(VisitAnswers.objects.filter(assignment_id=assignment))


def answers_of(assignment_id: uuid.UUID, *, language: str) -> GivenAnswers | None:
    """Return what was answered before the visit, None if nothing was. Who may read it is the caller's to know."""
    row = VisitAnswers.objects.select_related("notice").filter(assignment_id=assignment_id).first()
    if row is None:
        return None
    answers = [
        GivenAnswer(
            code=told["code"],
            text=words_of(told["code"], language) or told["text"],
            asked=told["text"],
            private=told["private"],
            yes=told["yes"],
            on=dt.date.fromisoformat(told["on"]) if told["on"] else None,
        )
        for told in json.loads(row.answers or "[]")
    ]
    return GivenAnswers(row.version, row.language, row.answered_at, row.notice.version, answers)


def documents_of_person(owner_id: uuid.UUID) -> QuerySet[Document]:
    """Return the person's documents, without their content."""
    return Document.objects.filter(owner_id=owner_id).select_related("file").defer("file__content")


def document_of(owner_id: uuid.UUID, document_id: uuid.UUID) -> Document:
    """Raises: NotFound, also for somebody else's."""
    found = documents_of_person(owner_id).filter(pk=document_id).first()
    if found is None:
        raise NotFound
    return found


def documents_of(purpose: str) -> list[DocumentCard]:
    """Return the documents that were attached to the purpose and are still there, in order; one query."""
    rows = Document.objects.filter(uses__purpose=purpose).order_by("uses__pk")
    values = rows.values_list("pk", "kind", "file__name", "file__content_type", "file__size")
    return [DocumentCard(pk, DocumentKind(kind), name, written_as, size) for pk, kind, name, written_as, size in values]


def open_use(document_id: uuid.UUID, purpose: str) -> DocumentUse:
    """Return the use of a document for a purpose that is not over. Raises: NotFound"""
    uses = DocumentUse.objects.filter(document_id=document_id, purpose=purpose, ended_at=None)
    found = uses.select_related("document__file").defer("document__file__content").first()
    if found is None:
        raise NotFound
    return found


def second_factor_of(user_id: uuid.UUID) -> SecondFactor | None:
    """Return the administrator's second factor, if it counts."""
    return SecondFactor.objects.filter(user_id=user_id, confirmed_at__isnull=False).first()


def begun_second_factor(user_id: uuid.UUID, factor_id: str | None) -> SecondFactor | None:
    """Return the second factor that is being set up, if it is this one and not confirmed yet."""
    if not factor_id:
        return None
    return SecondFactor.objects.filter(user_id=user_id, pk=factor_id, confirmed_at=None).first()


def recovery_codes_left(factor: SecondFactor) -> int:
    """Return how many recovery codes were not used."""
    return factor.recovery_codes.filter(used_at=None).count()
