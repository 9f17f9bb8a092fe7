"""What may be read of people, by themselves and by other apps."""

from users.selectors.consents import ConsentState, consent_state, consent_states, current_notice
from users.selectors.documents import DocumentCard, document_of, documents_of, documents_of_person, open_use
from users.selectors.donors import (
    DonorCard,
    DonorStanding,
    deferrals_of,
    donor_card,
    get_donor,
    leaderboard,
    score_ledger,
    standings,
)
from users.selectors.identities import Assurance, Way, assurance_of, attestation_of, ways_to_prove
from users.selectors.people import (
    Contact,
    account_emails,
    administrators,
    contacts,
    erased_before,
    find_person,
    get_user,
    people_among,
    usable_email,
)
from users.selectors.second_factors import begun_second_factor, recovery_codes_left, second_factor_of
from users.selectors.signing_in import CodeToSend, code_to_send, in_touch, seats_of, signed_in_from
from users.selectors.visits import GivenAnswer, GivenAnswers, answers_of, has_answers

__all__ = [
    "Assurance",
    "CodeToSend",
    "ConsentState",
    "Contact",
    "DocumentCard",
    "DonorCard",
    "DonorStanding",
    "GivenAnswer",
    "GivenAnswers",
    "Way",
    "account_emails",
    "administrators",
    "answers_of",
    "assurance_of",
    "attestation_of",
    "begun_second_factor",
    "code_to_send",
    "consent_state",
    "consent_states",
    "contacts",
    "current_notice",
    "deferrals_of",
    "document_of",
    "documents_of",
    "documents_of_person",
    "donor_card",
    "erased_before",
    "find_person",
    "get_donor",
    "get_user",
    "has_answers",
    "in_touch",
    "leaderboard",
    "open_use",
    "people_among",
    "recovery_codes_left",
    "score_ledger",
    "seats_of",
    "second_factor_of",
    "signed_in_from",
    "standings",
    "usable_email",
    "ways_to_prove",
]
