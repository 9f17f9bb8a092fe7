"""The names that the schema gives to closed sets of strings, so that generated clients share one type for each."""

from __future__ import annotations

from collections.abc import Iterable

from appointments.analysis.states import (
    Analyser,
    AnalysisFailure,
    AnalysisStatus,
    Availability,
    FileKind,
    Interpretation,
    ObservationStatus,
    Passed,
)
from appointments.records.states import (
    EVERY_SCOPE,
    LOGGED_GROUNDS,
    DrugList,
    GrantOrigin,
    NoteStatus,
    PrescriptionStatus,
    ReferralStatus,
    ReferralUrgency,
    Scope,
)
from appointments.states import DoctorOrder, DoctorStatus, SlotsEmpty, VisitKind
from common.blood import BloodGroup, DonationType, Sex
from common.money import Currency
from donations.states import CampStatus, CheckInOutcome, ConsentForm, EnrolmentStatus, JourneyStep
from notifications.states import Channel, DeliveryStatus
from orders.states import BagFate, CourierKind, EndReason, Fault, OrderStatus, Terms
from partners.states import ComplaintCategory, ComplaintStatus, PartnerKind, PartnerStatus, Role, SubjectKind
from payments.states import (
    ActionType,
    InvoiceKind,
    OfflineMethod,
    PaymentStatus,
    Provider,
    PurchaseKind,
    RefundStatus,
)
from requests_app.states import (
    OWN_REFUSALS,
    Answered,
    AssignmentStatus,
    FamilyStatus,
    RefuseReason,
    RequestStatus,
    SourceKind,
    SourceStatus,
    StopReason,
    Urgency,
    WaveKind,
)
from stock.compatibility import UNKNOWN
from stock.components import Component
from stock.states import (
    OWN_REASONS,
    Answer,
    Condition,
    DiscardReason,
    Fate,
    Finding,
    MandatoryTest,
    TransferEnd,
    TransferStatus,
    UnitStatus,
)
from users.states import (
    STANDING_PURPOSES,
    AssuranceLabel,
    AttestationFailure,
    AttestationStatus,
    ConsentStatus,
    DocumentKind,
    IdentityMethod,
    Purpose,
    ScoreReason,
    Tag,
)

# What a bag must be besides compatible.
REQUIREMENTS = ("irradiated", "leukoreduced", "cmv_negative", "k_negative")
SETS: dict[str, Iterable[str]] = {
    "ActionType": ActionType,
    "Analyser": Analyser,
    "AnalysisFailure": AnalysisFailure,
    "AnalysisStatus": AnalysisStatus,
    "FileAvailability": Availability,
    "MedicalFileKind": FileKind,
    "Interpretation": Interpretation,
    "ObservationStatus": ObservationStatus,
    "PassedRow": Passed,
    "AssignmentStatus": AssignmentStatus,
    "Answered": Answered,
    "AssuranceLabel": AssuranceLabel,
    "AttestationFailure": AttestationFailure,
    "AttestationStatus": AttestationStatus,
    "BloodGroup": BloodGroup,
    "CampStatus": CampStatus,
    "Channel": Channel,
    "CheckInOutcome": CheckInOutcome,
    "ComplaintCategory": ComplaintCategory,
    "ComplaintStatus": ComplaintStatus,
    "Component": Component,
    "ConsentForm": ConsentForm,
    "ConsentPurpose": STANDING_PURPOSES,
    "ConsentStatus": ConsentStatus,
    "Currency": Currency,
    "DeliveryStatus": DeliveryStatus,
    "DiscardReason": DiscardReason,
    "AccessGround": LOGGED_GROUNDS,
    "DrugList": DrugList,
    "GrantOrigin": GrantOrigin,
    "NoteStatus": NoteStatus,
    "PrescriptionStatus": PrescriptionStatus,
    "DoctorReferralStatus": ReferralStatus,
    "DoctorReferralUrgency": ReferralUrgency,
    "RecordScope": Scope,
    "AskedScope": [*Scope, EVERY_SCOPE],
    "DoctorOrder": DoctorOrder,
    "DoctorStatus": DoctorStatus,
    "DocumentKind": DocumentKind,
    "DonationType": DonationType,
    "EnrolmentStatus": EnrolmentStatus,
    "FamilyStatus": FamilyStatus,
    "Finding": Finding,
    "IdentityMethod": IdentityMethod,
    "InvoiceKind": InvoiceKind,
    "JourneyStep": JourneyStep,
    "MandatoryTest": MandatoryTest,
    "OfflineMethod": OfflineMethod,
    "OrderBagFate": BagFate,
    "OrderCourierKind": CourierKind,
    "OrderEnd": EndReason,
    "OrderFault": Fault,
    "OrderStatus": OrderStatus,
    "OrderTerms": Terms,
    "Requirement": REQUIREMENTS,
    "OwnDiscardReason": OWN_REASONS,
    "OwnRefuseReason": OWN_REFUSALS,
    "PartnerKind": PartnerKind,
    "PartnerStatus": PartnerStatus,
    "PaymentStatus": PaymentStatus,
    "Provider": Provider,
    "PurchaseKind": PurchaseKind,
    "Purpose": Purpose,
    "RecipientGroup": [*BloodGroup, UNKNOWN],
    "RefuseReason": RefuseReason,
    "RequestStatus": RequestStatus,
    "Role": Role,
    "ScoreReason": ScoreReason,
    "Sex": Sex,
    "SourceKind": SourceKind,
    "SlotsEmpty": SlotsEmpty,
    "SourceStatus": SourceStatus,
    "StopReason": StopReason,
    "SubjectKind": SubjectKind,
    "Tag": Tag,
    "MoneyStatus": RefundStatus,  # of refunds and payouts
    "TransferAnswer": Answer,
    "TransferCondition": Condition,
    "TransferEnd": TransferEnd,
    "TransferFate": Fate,
    "TransferStatus": TransferStatus,
    "UnitStatus": UnitStatus,
    "Urgency": Urgency,
    "VisitKind": VisitKind,
    "WaveKind": WaveKind,
}
ENUM_NAMES = {name: [(str(value), str(value)) for value in values] for name, values in SETS.items()}
