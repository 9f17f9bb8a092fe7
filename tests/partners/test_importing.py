"""`manage.py import_directory`: the directory becomes listings, and stays theirs who claimed them."""

from __future__ import annotations

import csv
import shutil
from io import StringIO
from pathlib import Path
from threading import Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from common import clock
from common.db import advisory_lock, lock_one, unit_of_work
from partners.directory import Listing, Rejection, read_directory
from partners.management.commands import import_directory
from partners.models import Partner
from partners.services.listing import Listed, list_banks
from partners.states import PartnerStatus
from tests.partners.factories import make_partner

SAMPLE = Path(__file__).parent / "data" / "sample-directory.csv"
pytestmark = pytest.mark.django_db


@pytest.fixture
def sample(tmp_path):
    """The sample where a report may be written beside it."""
    return Path(shutil.copy(SAMPLE, tmp_path / "banks.csv"))


def run(path, **options):
    """Import, and return what is said on standard output and on standard error."""
    out, err = StringIO(), StringIO()
    call_command("import_directory", str(path), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def listings():
    return [row for row in read_directory(SAMPLE) if isinstance(row, Listing)]


def rejections():
    return [row for row in read_directory(SAMPLE) if isinstance(row, Rejection)]


def snapshot():
    return list(Partner.objects.order_by("pk").values())


def test_every_listing_of_the_file_is_listed(sample):
    out, err = run(sample)

    assert out.startswith(f"{len(listings())} new, 0 changed, 0 unchanged, 0 left to their partners,")
    assert "rows read" in err
    assert Partner.objects.count() == len(listings())
    for listing in listings():
        row = Partner.objects.get(license_key=listing.license_key)
        assert (row.status, row.in_directory, row.zone) == ("listed", True, "Asia/Kolkata")
        assert (row.name, row.kind, row.lat, row.lng) == (
            listing.name,
            "blood_bank",
            listing.lat,
            listing.lng,
        )
        assert (row.phone, row.has_components) == (listing.phone, listing.has_components)


def test_what_is_imported_is_found_by_the_public(sample, client):
    run(sample)

    found = client.get("/api/v1/partners", {"q": "tulsi"}).json()["results"]

    assert [row["name"] for row in found] == ["Tulsi Hill Blood Bank"]


def test_a_second_run_changes_nothing(sample):
    run(sample)
    before = snapshot()

    out, _ = run(sample)

    assert out.startswith(f"0 new, 0 changed, {len(listings())} unchanged")
    assert snapshot() == before


def test_a_listing_follows_the_directory_and_keeps_its_id(sample):
    run(sample)
    before = Partner.objects.get(name="Mango Grove Blood Bank")
    text = sample.read_bytes().replace(b"10,Mango Grove Blood Bank", b"10,Mango Orchard Blood Bank")
    sample.write_bytes(text)

    out, _ = run(sample)

    assert out.startswith("0 new, 1 changed,")
    after = Partner.objects.get(pk=before.pk)
    assert (after.name, after.created_at) == ("Mango Orchard Blood Bank", before.created_at)
    assert after.updated_at > before.updated_at


@pytest.mark.parametrize("status", ["pending", "live", "suspended", "rejected"])
def test_what_somebody_claimed_is_never_overwritten(sample, status):
    listing = listings()[0]
    mine = make_partner(status=status, name="Our Own Name", license_number=listing.license_number)

    out, _ = run(sample)

    assert f"{len(listings()) - 1} new, 0 changed, 0 unchanged, 1 left to their partners" in out
    kept = Partner.objects.get(pk=mine.pk)
    assert (kept.name, kept.status, kept.updated_at) == ("Our Own Name", status, mine.updated_at)


def test_the_report_stands_beside_the_file_and_holds_every_rejected_row(sample):
    out, _ = run(sample)

    report = sample.with_name("banks.rejected.csv")
    assert str(report) in out
    with report.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["row"]) for row in rows] == [row.row for row in rejections()]
    assert all(row["reasons"] for row in rows)


def test_the_report_goes_to_the_working_directory_when_the_files_folder_is_closed(sample, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(import_directory.os, "access", lambda path, mode: False)

    run(sample)

    assert (elsewhere / "banks.rejected.csv").exists()
    assert not sample.with_name("banks.rejected.csv").exists()


def test_the_report_goes_to_the_folder_that_is_named(sample, tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()

    run(sample, report=folder)

    assert (folder / "banks.rejected.csv").exists()
    assert not sample.with_name("banks.rejected.csv").exists()


def test_a_report_that_cannot_be_written_is_told_after_the_banks_are_listed(sample, tmp_path):
    with pytest.raises(CommandError, match=r"The banks are listed, but .* cannot be written"):
        run(sample, report=tmp_path / "nowhere")

    assert Partner.objects.count() == len(listings())


@pytest.mark.parametrize("content", [b"", b"a,b,c\n1,2,3\n", b"PK\x03\x04rest"])
def test_a_file_that_is_no_directory_is_refused_in_one_line(tmp_path, content):
    file = tmp_path / "banks.csv"
    file.write_bytes(content)

    with pytest.raises(CommandError, match=r"banks\.csv"):
        run(file)


def test_a_missing_file_is_refused_in_one_line(tmp_path):
    with pytest.raises(CommandError, match=r"nothing\.csv cannot be read"):
        run(tmp_path / "nothing.csv")


def test_batches_are_bounded(sample, monkeypatch):
    monkeypatch.setattr(import_directory, "BATCH", 7)
    sizes = []

    def count(*, listings):
        sizes.append(len(listings))
        return list_banks(listings=listings)

    monkeypatch.setattr(import_directory, "list_banks", count)

    run(sample)

    assert len(sizes) > 1
    assert max(sizes) <= 7
    assert sum(sizes) == Partner.objects.count() == len(listings())


def test_listing_nothing_is_nothing():
    assert list_banks(listings=[]) == Listed()


@pytest.mark.django_db(transaction=True)
def test_a_second_import_at_the_same_time_is_refused(sample):
    holding, done = Event(), Event()

    def hold():
        with advisory_lock("partners.import_directory") as is_mine:
            assert is_mine
            holding.set()
            done.wait(timeout=20)
        connection.close()

    other = Thread(target=hold)
    other.start()
    assert holding.wait(timeout=20)

    with pytest.raises(CommandError, match="Another import is running"):
        run(sample)

    done.set()
    other.join()
    assert not Partner.objects.exists()
    assert run(sample)[0].startswith(f"{len(listings())} new")


@pytest.mark.django_db(transaction=True)
def test_a_claim_that_is_being_made_wins_over_the_directory():
    listing = listings()[0]
    list_banks(listings=[listing])
    Partner.objects.update(name="An Old Name")
    results = []
    importing = Thread(target=lambda: (results.append(list_banks(listings=[listing])), connection.close()))

    with unit_of_work():
        partner = lock_one(Partner, Partner.objects.get().pk)
        partner.status = PartnerStatus.PENDING
        partner.save(update_fields=["status"])
        importing.start()
        wait_until_somebody_waits_for_a_lock()
    importing.join()

    assert results == [Listed(kept=1)]
    assert Partner.objects.get().name == "An Old Name"


def wait_until_somebody_waits_for_a_lock():
    deadline = clock.now().timestamp() + 2.5  # less than the lock timeout
    pause = Event()
    with connection.cursor() as cursor:
        while clock.now().timestamp() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            if cursor.fetchone()[0]:
                return
            pause.wait(0.01)
    raise AssertionError("Nobody waits.")
