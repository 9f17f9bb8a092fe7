from partners.models.complaints import Complaint, ComplaintEvent
from partners.models.keys import ApiKey
from partners.models.organisations import (
    SEARCHED,
    Member,
    MemberSession,
    Partner,
    PartnerEvent,
    PartnerQuerySet,
)
from partners.models.prices import Contract, ContractCharge, DeliveryBand, PriceList, ProcessingCharge

__all__ = [
    "SEARCHED",
    "ApiKey",
    "Complaint",
    "ComplaintEvent",
    "Contract",
    "ContractCharge",
    "DeliveryBand",
    "Member",
    "MemberSession",
    "Partner",
    "PartnerEvent",
    "PartnerQuerySet",
    "PriceList",
    "ProcessingCharge",
]
