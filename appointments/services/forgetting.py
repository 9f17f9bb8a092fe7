"""What stays of a person who is gone: a doctor's registration, which the law asks for beside what he signed."""

from __future__ import annotations

import uuid

from appointments.models import Appointment, Doctor, Place, TimeException, WeeklyHours
from appointments.selectors.doctors import find_doctor_of_user
from appointments.services import approving, rating
from common import clock
from common.db import lock_one, step


@step
def forget_person(*, user_id: uuid.UUID) -> None:
    """Keep of a doctor the name, number and council alone; nobody finds him any more. Of a patient, no words.

    Locks: the doctor.
    """
    known = find_doctor_of_user(user_id)
    if known is not None:
        doctor = lock_one(Doctor, known.pk)
        approving.retire(doctor)
        doctor.about = ""
        doctor.search_text = ""
        doctor.languages = []
        doctor.next_video_at = doctor.next_in_person_at = None
        doctor.save()
        Appointment.objects.filter(doctor=doctor).update(end_reason=None)
        WeeklyHours.objects.filter(doctor=doctor).delete()
        TimeException.objects.filter(doctor=doctor).delete()
        Place.objects.filter(doctor=doctor, ended_at=None).update(ended_at=clock.now())
    rating.forget_words(person_id=user_id)
