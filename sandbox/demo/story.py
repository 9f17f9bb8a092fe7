"""The story: the donation loop, then what grows around it, chapter by chapter."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from sandbox.demo.chapters import (
    announcement,
    audit,
    bkash_timeout,
    breach,
    by_courier,
    camp,
    chat_live,
    coming_back,
    consult,
    family_by_transfer,
    family_from_stock,
    hospital_order,
    identity,
    look_back,
    patient_order,
    razorpay_ten_times,
    reminder,
    teleconsult,
    test_and_release,
    transfer_fee,
    trial_balance,
    webhook,
)
from sandbox.demo.loop import Loop
from sandbox.demo.stage import Stage

# Told in this order, on the stage that the loop has set.
CHAPTERS: Final[tuple[Callable[[Stage], None], ...]] = (
    teleconsult.tell,
    consult.tell,
    coming_back.tell,
    test_and_release.tell,
    family_from_stock.tell,
    family_by_transfer.tell,
    hospital_order.tell,
    by_courier.tell,
    transfer_fee.tell,
    patient_order.tell,
    razorpay_ten_times.tell,
    bkash_timeout.tell,
    breach.tell,
    camp.tell,
    look_back.tell,
    identity.tell,
    reminder.tell,
    announcement.tell,
    chat_live.tell,
    webhook.tell,
    trial_balance.tell,
    audit.tell,
)


def tell(base: str, sandbox: str) -> None:
    """Tell everything. Raises: Surprise."""
    story = Loop(base, sandbox)
    story.inbox.fail()
    try:
        story.tell_loop()
        for chapter in CHAPTERS:
            chapter(story)
    finally:
        story.inbox.fail()
    story.line(f"The end, after {time.perf_counter() - story.started:.1f} s and without a surprise.")
