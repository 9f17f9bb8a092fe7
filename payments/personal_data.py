"""What this app holds of a person."""

from __future__ import annotations

from payments import payout_selectors, plan_selectors, selectors
from users.personal_data import Holding, hold

hold(
    Holding(
        "payments",
        "To take your money for what you ordered, to give it back, and to account for it.",
        "The provider that you chose, and whoever you paid.",
        "Eight years after the financial year (Companies Act 2013, section 128).",
        "Payments, invoices and the ledger stay, because the law wants them kept.",
        selectors.personal_rows,
    )
)
hold(
    Holding(
        "plans",
        "To give you the plan that you subscribed to, and the credits that are yours.",
        "Nobody else.",
        "Eight years after the financial year (Companies Act 2013, section 128).",
        "The subscription ends and credits are forfeited; what was charged stays, because the law wants it kept.",
        plan_selectors.personal_rows,
    )
)
hold(
    Holding(
        "payouts",
        "To pay you what is owed to you.",
        "The provider by which you are paid.",
        "Eight years after the financial year (Companies Act 2013, section 128).",
        "The account is forgotten; what was paid out stays, because the law wants it kept.",
        payout_selectors.personal_rows,
    )
)
hold(
    Holding(
        "invoices",
        "To give you and the other side a paper of what was paid.",
        "Whoever sold it or bought it of you.",
        "Eight years after the financial year (Companies Act 2013, section 128).",
        "They stay, because the law wants them kept.",
        selectors.personal_invoices,
    )
)
hold(
    Holding(
        "friends",
        "To thank you for friends that you brought.",
        "Nobody else.",
        "As long as the account.",
        "That somebody came by somebody, with no name: credits were given for it.",
        plan_selectors.personal_friends,
    )
)
