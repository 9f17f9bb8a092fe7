"""Exchange between partners: bags asked for, offered, sent and received; none appears or vanishes on the way.

Every act on a need locks its first transfer, so that what belongs together happens one after the other.
"""

from stock.services.exchanging.asking import raise_transfer
from stock.services.exchanging.ending import cancel_transfer_of

__all__ = ["cancel_transfer_of", "raise_transfer"]
