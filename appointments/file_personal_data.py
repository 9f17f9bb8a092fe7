"""What is held of a person's medical files and of what was read from them."""

from __future__ import annotations

import uuid

from appointments.analysis.states import FileStatus
from appointments.models import Observation
from appointments.selectors.files import every_file_of
from appointments.services.files import delete_traces
from users.personal_data import Holding, Rows, hold, leaves_traces

OBSERVED = (
    "id",
    "analysis_id",
    "analysis__analyser",
    "analysis__engine",
    "analysis__signed_at",
    "code",
    "name",
    "value",
    "unit",
    "low",
    "high",
    "interpretation",
    "taken_on",
    "status",
)


def medical_files(user_id: uuid.UUID) -> Rows:
    return [
        {
            "id": row.pk,
            "kind": row.kind,
            "title": row.title,
            "taken_on": row.taken_on,
            "status": row.status,
            "created_at": row.created_at,
            "versions": [
                {
                    "number": one.number,
                    "name": one.name,
                    "size": one.size,
                    "scan": one.scan,
                    "created_at": one.created_at,
                }
                for one in row.versions.all()
            ],
        }
        for row in every_file_of(user_id).exclude(status=FileStatus.DESTROYED)
    ]


def observations(user_id: uuid.UUID) -> Rows:
    rows = Observation.objects.filter(patient_id=user_id).order_by("pk").values(*OBSERVED)
    return [{name.removeprefix("analysis__"): value for name, value in row.items()} for row in rows]


leaves_traces(delete_traces)
hold(
    Holding(
        "medical_files",
        "To keep reports, pictures and letters that you want to have at hand, or to show to a doctor.",
        "You, and doctors who treat you or whom you let.",
        "Until you delete them, and seven days more in which you can bring them back.",
        "",
        medical_files,
    )
)
hold(
    Holding(
        "observations",
        "To show you, and doctors who treat you, the values of the reports that you had read.",
        "You, and doctors who treat you or whom you let.",
        "As long as the file; what a doctor has signed, as long as medical records are kept.",
        "With no name, what a doctor has signed: medical records are kept for at least three years.",
        observations,
    )
)
