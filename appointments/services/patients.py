"""What patients say of themselves. Every version stays, with who wrote it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from appointments.errors import PatientProfileChanged
from appointments.models import PatientVersion
from appointments.models.records import seal
from appointments.selectors.records import newest_version
from common.db import command
from users.services.consents import hold_person


@command
def save_profile(*, patient_id: uuid.UUID, facts: Mapping[str, Any], version: int | None = None) -> None:
    """Say all of it anew; what says the same as before writes nothing. `version` is the one that was read, if told.

    Locks: the person.      Raises: NotFound, AccountErased, PatientProfileChanged
    """
    person = hold_person(patient_id)
    newest = newest_version(patient_id)
    number = 0 if newest is None else newest.number
    if version is not None and version != number:
        raise PatientProfileChanged(version=number)
    before = {} if newest is None else newest.said
    sealed = seal({name: value for name, value in facts.items() if value not in (None, "", [])})
    told = json.loads(sealed)
    changed = sorted(name for name in {*before, *told} if before.get(name) != told.get(name))
    if changed:
        PatientVersion.objects.create(
            patient=person, number=number + 1, facts=sealed, changed=changed, changed_by=person
        )
