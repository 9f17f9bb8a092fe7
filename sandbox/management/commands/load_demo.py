from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand

from common import clock
from common.blood import BloodGroup, Sex
from partners.models import Partner
from partners.services.approval import approve_partner
from partners.services.registering import NewMember, Organisation, register
from partners.states import PartnerKind
from users.models import User
from users.services.donors import save_donor

DIRECTORY = Path(settings.BASE_DIR) / "partners" / "data" / "demo_directory.csv"
LOGINS = Path(settings.BASE_DIR) / ".run" / "demo-logins.txt"
PASSWORD = "bridge-of-life"  # noqa: S105  (of the demo's own people)
ADMIN, HOSPITAL, DONOR = "+919800000101", "+919800000102", "+919800000103"
PUNE = (Decimal("18.520400"), Decimal("73.856700"))
DONORS = 60
# Rounded from a published count of 10 000 donors in India: O 37, B 32, A 23, AB 8 per cent; RhD-negative 5.
GROUPS = {
    BloodGroup.O_POS: 35,
    BloodGroup.B_POS: 30,
    BloodGroup.A_POS: 22,
    BloodGroup.AB_POS: 7,
    BloodGroup.O_NEG: 2,
    BloodGroup.B_NEG: 2,
    BloodGroup.A_NEG: 1,
    BloodGroup.AB_NEG: 1,
}
NAMES = ("Asha", "Bhaskar", "Chitra", "Dev", "Esha", "Farhan", "Gita", "Harish", "Isha", "Jatin", "Kavya", "Lalit")


class Command(BaseCommand):
    """Load invented banks, one live hospital, donors around Pune and an administrator into an empty database."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists() or Partner.objects.exists():
            self.stdout.write("There is data already; the demo data stays out.")
            return
        call_command("import_directory", DIRECTORY, stdout=self.stdout, stderr=self.stderr)
        User.objects.create_superuser(ADMIN, PASSWORD, name="Demo Administrator")
        _open_hospital()
        _invite_donors()
        LOGINS.parent.mkdir(exist_ok=True)
        LOGINS.write_text(
            f"administrator    {ADMIN}   {PASSWORD}   (admin)\n"
            f"hospital owner   {HOSPITAL}   {PASSWORD}   (POST /api/v1/partner/auth/login)\n"
            f"donor, O-        {DONOR}   {PASSWORD}   (POST /api/v1/auth/login)\n",
            encoding="utf-8",
        )
        self.stdout.write(f"Loaded the demo data: {Partner.objects.count()} partners, {DONORS} donors.")


def _open_hospital() -> None:
    organisation = Organisation(
        name="Deccan Demo Hospital",
        kind=PartnerKind.HOSPITAL,
        license_number="DEMO/MH/0001",
        phone="+912025530000",
        email="blood@deccan.example",
        address="4 Bhandarkar Road",
        city="Pune",
        state="Maharashtra",
        pincode="411004",
        lat=PUNE[0],
        lng=PUNE[1],
    )
    owner = register(
        organisation=organisation,
        owner=NewMember(name="Meera Joshi", phone=HOSPITAL, password=PASSWORD, language="en"),
    )
    approve_partner(partner_id=owner.partner_id, actor="demo data")


def _invite_donors() -> None:
    chance = random.Random(1)  # noqa: S311  (the same people on every machine)
    password = make_password(PASSWORD)
    groups = chance.choices(list(GROUPS), weights=list(GROUPS.values()), k=DONORS - 1)
    today = clock.today(settings.DEFAULT_ZONE)
    for index, group in enumerate([BloodGroup.O_NEG, *groups]):
        north, east = chance.uniform(-0.08, 0.08), chance.uniform(-0.08, 0.08)  # about 9 km either way
        user = User.objects.create(
            phone=f"+9198000{103 + index:05d}",
            name=f"{NAMES[index % len(NAMES)]} Demo {index + 1}",
            password=password,
            city="Pune",
            lat=PUNE[0] + Decimal(str(round(north, 6))),
            lng=PUNE[1] + Decimal(str(round(east, 6))),
            located_at=clock.now(),
        )
        save_donor(
            user_id=user.pk,
            values={
                "blood_group": group,
                "sex": chance.choice([Sex.MALE, Sex.FEMALE]),
                "date_of_birth": today - dt.timedelta(days=chance.randint(20 * 366, 50 * 365)),
                "weight_kg": Decimal(chance.randint(50, 90)),
                "on_leaderboard": index % 2 == 0,
            },
        )
