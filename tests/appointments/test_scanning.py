"""The virus scanner: nothing is opened before it has spoken, and it is asked until it does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from appointments.analysis.states import Analyser
from appointments.errands import reading
from appointments.models import Analysis, FileVersion
from common import outbox
from common.files import clamd
from common.models import OutboxEvent, PrivateFile
from notifications.models import Notification
from payments.models import QuotaCounter
from tests.appointments.clamd import EICAR, scanner
from tests.appointments.file_scenes import ask, give
from tests.factories import make_user, person_client
from tests.files import pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def clam(settings: Any) -> Any:
    """A clamd that is up."""
    with scanner() as address:
        settings.CLAMD_ADDRESS, settings.FILE_SCANNER = address, "common.files.clamd.is_clean"
        yield settings


def link(file: Any) -> Any:
    return person_client(file.patient).get(f"/api/v1/me/files/{file.pk}/link")


@pytest.mark.parametrize("is_unix", [False, True])
def test_clamd_is_asked_in_its_own_protocol(settings, tmp_path, is_unix):
    with scanner(str(tmp_path / "clamd.ctl") if is_unix else None) as settings.CLAMD_ADDRESS:
        said = [clamd.is_clean(content) for content in (b"clean", b"x" * 200_000, b"..." + EICAR)]

    assert said == [True, True, False]


@pytest.mark.parametrize("says", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: OK but\0"])
def test_an_answer_that_is_none_counts_for_nothing(settings, says):
    with scanner(says=says) as settings.CLAMD_ADDRESS, pytest.raises(clamd.ScannerFailed):
        clamd.is_clean(b"clean")


def test_a_file_waits_for_the_scanner_and_opens_after_it(clam):
    file = give(make_user())
    before = link(file)

    reading.scan_due()

    after = link(file)
    assert (before.status_code, before.json()["code"], after.status_code) == (409, "file_not_scanned", 200)
    assert reading.scan_due() == 0


def test_an_infected_file_is_destroyed_and_its_owner_told(clam):
    owner = make_user()
    file = give(owner, pdf(b"%" + EICAR))
    ask(file)

    reading.scan_due()
    reading.analyse_due()
    outbox.drain()

    answer = link(file)
    assert (answer.status_code, answer.json()["code"]) == (409, "file_infected")
    assert not PrivateFile.objects.exists()
    assert sum(QuotaCounter.objects.filter(user=owner).values_list("used", flat=True)) == 0
    assert Analysis.objects.get().failure == "file_gone"
    assert list(Notification.objects.filter(user_id=owner.pk).values_list("kind", flat=True)) == ["file_infected"]


def test_a_file_waits_as_long_as_the_scanner_is_down(settings, noon):
    settings.CLAMD_ADDRESS, settings.FILE_SCANNER = "tcp://127.0.0.1:1", "common.files.clamd.is_clean"
    file = give(make_user())
    row = ask(file)

    for _ in range(20):
        reading.scan_due()
        reading.analyse_due()
        noon.shift(dt.timedelta(minutes=11))
    answer = link(file)
    with scanner() as settings.CLAMD_ADDRESS:
        reading.scan_due()

    assert (answer.status_code, answer.json()["code"]) == (409, "file_not_scanned")
    assert Analysis.objects.get(pk=row.pk).tries == 0
    assert link(file).status_code == 200


def test_without_a_scanner_files_open_at_once_until_there_is_one(settings):
    file = give(make_user())
    opened = link(file).status_code

    settings.CLAMD_ADDRESS, settings.FILE_SCANNER = "tcp://127.0.0.1:1", "common.files.clamd.is_clean"

    assert (opened, link(file).status_code) == (200, 409)
    assert FileVersion.objects.get().scan == "unscanned"


def test_what_a_killed_worker_held_is_scanned_by_the_next(clam, noon, monkeypatch):
    give(make_user())
    monkeypatch.setattr("common.files.checking.is_clean", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        reading.scan_due()
    monkeypatch.undo()
    early = reading.scan_due()

    noon.shift(dt.timedelta(seconds=91))
    with scanner() as address:
        clam.CLAMD_ADDRESS, clam.FILE_SCANNER = address, "common.files.clamd.is_clean"
        late = reading.scan_due()

    assert (early, late) == (0, 1)
    assert FileVersion.objects.get().scan == "clean"


def test_an_analysis_waits_for_the_scanner(clam):
    row = ask(give(make_user(), pdf()), Analyser.TABLE)

    waiting = reading.analyse_due()
    reading.scan_due()
    worked = reading.analyse_due()

    assert (waiting, worked) == (0, 1)
    assert Analysis.objects.get(pk=row.pk).status == "failed"  # an empty page has no text
    assert not OutboxEvent.objects.filter(name="file.infected").exists()
