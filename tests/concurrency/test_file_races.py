"""Storage counted by parallel uploads, two workers at one analysis, two doctors at one signature."""

from __future__ import annotations

import pytest

from appointments.models import Analysis, MedicalFile, Observation
from appointments.services import analysing, files
from payments.models import Plan, QuotaCounter
from tests.appointments.file_scenes import ask, give, make_doctor, read_report, treat
from tests.appointments.reports import report
from tests.concurrency.scenes import race_test, unlock
from tests.factories import make_user
from tests.files import picture
from tests.payments.plan_scenes import new_price
from tests.races import meeting, names, race

pytestmark = race_test


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.PRIVATE_FILES_DIR = str(tmp_path)


def allow(number: int) -> None:
    """Let the free plan keep so many pictures."""
    new_price(Plan.objects.get(rank=0).code, 0, storage_bytes=number * len(picture()))


def test_uploads_at_once_do_not_pass_the_plan():
    allow(3)
    owner = make_user()

    outcomes = race(*[lambda: give(owner) for _ in range(6)])

    assert names(outcomes) == ["MedicalFile"] * 3 + ["QuotaExceeded"] * 3
    assert QuotaCounter.objects.get().used == 3 * len(picture())
    assert MedicalFile.objects.count() == 3


def test_without_the_locks_they_would(monkeypatch):
    allow(1)
    owner = make_user()
    give_first = give(owner)
    files.delete_file(patient_id=owner.pk, file_id=give_first.pk, at_once=True)  # the counter is there

    with meeting(3) as wait:
        monkeypatch.setattr(files, "hold_person", lambda _: owner)
        unlock(monkeypatch, "common.db.lock", after=QuotaCounter, wait=wait)
        outcomes = race(*[lambda: give(owner) for _ in range(3)])

    assert names(outcomes) == ["MedicalFile"] * 3


def test_an_analysis_is_taken_up_by_one_worker():
    ask(give(make_user(), report()))

    outcomes = race(*[lambda: analysing.claim(limit=1) for _ in range(4)])

    assert sorted(map(len, outcomes)) == [0, 0, 0, 1]
    assert Analysis.objects.get().tries == 1


def test_one_analysis_is_asked_for_once():
    file = give(make_user(), report())

    outcomes = race(*[lambda: ask(file) for _ in range(4)])

    assert names(outcomes) == ["Analysis"] + ["AnalysisOpen"] * 3


def test_without_the_look_the_constraint_still_lets_one_win(monkeypatch):
    file = give(make_user(), report())
    monkeypatch.setattr(analysing, "OPEN_ANALYSIS", ())

    outcomes = race(*[lambda: ask(file) for _ in range(4)])

    assert names(outcomes) == ["Analysis"] + ["AnalysisOpen"] * 3


def test_two_doctors_sign_once():
    patient = make_user()
    row = read_report(patient)
    doctors = [make_doctor() for _ in range(2)]
    for doctor in doctors:
        treat(doctor, patient)

    outcomes = race(
        *[
            lambda doctor=doctor: analysing.sign_off(
                doctor_user_id=doctor.user_id, patient_id=patient.pk, analysis_id=row.pk
            )
            for doctor in doctors
        ]
    )

    assert names(outcomes) == ["Analysis", "IllegalTransition"]
    assert set(Observation.objects.values_list("status", flat=True)) == {"confirmed"}


@pytest.mark.parametrize("_", range(3))
def test_a_file_is_destroyed_or_read_and_leaves_nothing_behind(_):
    owner = make_user()
    file = give(owner, report())

    outcomes = race(lambda: ask(file), lambda: files.delete_file(patient_id=owner.pk, file_id=file.pk, at_once=True))

    assert names(outcomes) in (["Analysis", "NoneType"], ["NoneType", "NotFound"])
    assert not Analysis.objects.exclude(status="failed").exists()
