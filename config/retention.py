"""Every app's rules of what is kept how long; imported when Django starts, so that nobody sees half of them."""

from __future__ import annotations

import appointments.jobs
import appointments.services.attendance
import appointments.services.prescribing
import appointments.services.reminders
import chat.jobs
import donations.services.announcing
import notifications.services.devices
import notifications.services.inbox
import notifications.services.tapping
import notifications.webhooks.services.queueing
import orders.jobs
import orders.services.notices
import partners.jobs
import payments.services.notices
import scheduler
import users.jobs
import users.services.answering
import users.services.attesting
import users.services.otp
from common import idempotency, live, live_tickets, outbox, throttle
from common.audit import anchors

# What holds rules, below the rooms that know everybody.
HOLDERS = (
    appointments.jobs,
    appointments.services.attendance,
    appointments.services.prescribing,
    appointments.services.reminders,
    chat.jobs,
    donations.services.announcing,
    notifications.services.devices,
    notifications.services.inbox,
    notifications.services.tapping,
    notifications.webhooks.services.queueing,
    orders.jobs,
    orders.services.notices,
    partners.jobs,
    payments.services.notices,
    scheduler,
    users.jobs,
    users.services.answering,
    users.services.attesting,
    users.services.otp,
    idempotency,
    live,
    live_tickets,
    outbox,
    throttle,
    anchors,
)
