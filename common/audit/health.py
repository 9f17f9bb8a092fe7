"""What counts as health data, for the log of who reads it: one list, which docs/audit.md explains and tests walk.

Health data is what tells of the body or the care of somebody who can be identified by it here: answers before a visit,
deferrals, measurements, test results of a donation, records, prescriptions, files and their readings, what a patient is
treated for. A blood group alone, on a request without a name, is none; in a donor's row it is.
"""

from __future__ import annotations

from typing import Final

# The pages of the administration that show such rows, as «app.model».
SHOWN_IN_ADMIN: Final = frozenset(
    (
        "users.donor",
        "users.visitanswers",
        "users.document",
        "stock.unit",
        "stock.collection",
        "requests_app.assignment",
        "requests_app.attenderrequest",
        "donations.donation",
        "donations.enrolment",
        "orders.order",
        "appointments.appointment",
        "appointments.patientversion",
        "appointments.visitnote",
        "appointments.noteaddendum",
        "appointments.prescription",
        "appointments.doctorreferral",
        "appointments.recordgrant",
        "appointments.recordread",
        "appointments.breakglass",
        "appointments.medicalfile",
        "appointments.fileversion",
        "appointments.analysis",
        "appointments.observation",
        "appointments.sharedhaemoglobin",
        "appointments.appointmentfile",
        "chat.report",
    )
)
