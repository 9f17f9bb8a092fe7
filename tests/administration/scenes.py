"""Three weeks of a platform in six cities, the same at every run; written in bulk, because it is only looked at."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from appointments.models import Appointment, BreakGlass, Doctor, Place, RecordGrant
from common import clock, outbox
from common.blood import BloodGroup
from common.models import AuditEntry, OutboxEvent, SettingChange
from notifications.models import Announcement, Delivery, Notification
from orders.models import Order
from partners.models import Complaint, Member, Partner
from payments.models import Payment, Payout, Purchase, Refund
from requests_app.models import Assignment, BloodRequest, RequestEvent, Wave
from scheduler import JOBS
from stock.components import Component
from stock.din import format_din
from stock.models import Collection, Movement, Unit
from users.models import Donor, User

DAYS = 21
CITIES = (
    ("Pune", "Maharashtra", 18.52, 73.86),
    ("Mumbai", "Maharashtra", 19.08, 72.88),
    ("Bengaluru", "Karnataka", 12.97, 77.59),
    ("Kolkata", "West Bengal", 22.57, 88.36),
    ("Delhi", "Delhi", 28.61, 77.21),
    ("Guwahati", "Assam", 26.14, 91.74),
)
SORTS = {"hospital": "City Hospital", "blood_bank": "Red Cross Blood Centre", "both": "Lifeline"}
GROUPS = [str(group) for group in BloodGroup][:8]
OFTEN = [3, 28, 2, 20, 3, 30, 1, 7]  # of a hundred people of India, about, in the order of GROUPS
NAMES = ("Asha Kulkarni", "Rahul Sen", "Meera Joshi", "Imran Shaikh", "Kavya Raman", "Arjun Das", "Nisha Patel")


class Story:
    """Writes the rows; `self.dice` falls the same way each time."""

    def __init__(self) -> None:
        self.dice = random.Random(6)  # noqa: S311 - a story, no secret
        self.now = clock.now()
        self.number = 0

    def tell(self) -> None:
        self.partners = self.make_partners()
        self.people = self.put(User, [self.a_person() for _ in range(60)])
        self.donors = self.put(Donor, [self.a_donor(user) for user in self.people[:40]])
        self.ask_donors()
        self.fill_shelves()
        self.sell()
        self.consult()
        self.write_messages()
        self.complain()
        self.run_jobs()
        self.govern()

    def put(self, table: type[Model], rows: list[Any]) -> list[Any]:
        return table._default_manager.bulk_create(rows)

    def ago(self, days: float = DAYS) -> dt.datetime:
        return self.now - dt.timedelta(days=self.dice.random() * days)

    def group(self) -> str:
        return self.dice.choices(GROUPS, OFTEN)[0]

    def next(self) -> int:
        self.number += 1
        return self.number

    def near(self, city: Any) -> dict[str, Decimal]:
        lat, lng = (round(Decimal(at + self.dice.gauss(0, 0.08)), 6) for at in city[2:])
        return {"lat": lat, "lng": lng}

    def make_partners(self) -> list[Any]:
        kinds = ("hospital", "blood_bank", "both")
        rows = []
        for at in range(36):
            city, number = CITIES[at % 6], self.next()
            status = "pending" if at in (5, 12, 20) else "live"
            licence = f"{city[1][:2].upper()}/BB/{number:04d}"
            rows.append(
                Partner(
                    name=f"{city[0]} {SORTS[kinds[(at + at // 6) % 3]]} {at // 6 + 1}",
                    kind=kinds[(at + at // 6) % 3],
                    status=status,
                    license_number=licence,
                    license_key=licence.replace("/", ""),
                    facility_code=None if status == "pending" else f"A{number:04d}",
                    phone=f"+9120{number:08d}",
                    address=f"{at + 1} Station Road",
                    city=city[0],
                    state=city[1],
                    created_at=self.ago(5),
                    **self.near(city),
                )
            )
        self.put(Partner, rows)
        self.members = self.put(
            Member, [Member(partner=row, name=NAMES[self.next() % 7], phone=self.phone(), role="owner") for row in rows]
        )
        return [row for row in rows if row.status == "live"]

    def phone(self) -> str:
        return f"+9187{self.next():08d}"

    def a_person(self) -> User:
        city = self.dice.choice(CITIES)
        return User(phone=self.phone(), name=NAMES[self.next() % 7], city=city[0], **self.near(city))

    def a_donor(self, user: User) -> Donor:
        return Donor(
            user=user,
            blood_group=self.group(),
            sex="female",
            date_of_birth=dt.date(1995, 3, 8),
            weight_kg=60,
            lat=user.lat,
            lng=user.lng,
        )

    def ask_donors(self) -> None:
        rows = []
        for made in sorted(self.ago() for _ in range(140)):
            partner = self.dice.choice(self.partners)
            status = self.dice.choices(["fulfilled", "assigned", "open", "expired", "cancelled"], [60, 8, 12, 12, 8])[0]
            status = status if self.now - made > dt.timedelta(days=1) else self.dice.choice(["open", "assigned"])
            rows.append(
                BloodRequest(
                    partner=partner,
                    status=status,
                    blood_group=self.group(),
                    component=self.dice.choice(["red_cells", "red_cells", "platelets_random", "whole_blood"]),
                    units=1,
                    units_promised=1 if status == "assigned" else 0,
                    units_fulfilled=1 if status == "fulfilled" else 0,
                    urgency=self.dice.choices(["routine", "urgent", "critical"], [3, 5, 2])[0],
                    needed_by=made + dt.timedelta(hours=30),
                    expires_at=made + dt.timedelta(hours=30),
                    lat=partner.lat,
                    lng=partner.lng,
                    created_at=made,
                )
            )
        self.put(BloodRequest, rows)
        waves, promises = [], []
        for row in rows:
            asked = self.dice.randint(4, 30)
            waves.append(
                Wave(
                    request=row,
                    number=1,
                    radius_km=10,
                    asked=asked,
                    answered=self.dice.randint(0, asked // 2),
                    started_at=row.created_at,
                    stop_reason="filled",
                )
            )
            end = {"fulfilled": "donated", "cancelled": "released", "expired": "missed"}.get(row.status)
            end = "cancelled" if end == "missed" and self.dice.random() < 0.4 else end
            if end:
                took = row.created_at + dt.timedelta(minutes=self.dice.expovariate(1 / 25))
                promises.append(self.a_promise(row, self.dice.choice(self.donors), end, took))
        busy = [row for row in rows if row.status == "assigned"]
        for row, donor in zip(busy, self.donors, strict=False):
            promises.append(self.a_promise(row, donor, "accepted", row.created_at + dt.timedelta(minutes=9)))
        self.put(Wave, waves)
        self.put(Assignment, promises)
        self.put(RequestEvent, [RequestEvent(request=row, verb="post", actor="member:1") for row in rows])

    def a_promise(self, request: Any, donor: Any, status: str, moment: dt.datetime) -> Assignment:
        return Assignment(
            request=request,
            donor=donor,
            status=status,
            distance_km=Decimal("3.2"),
            attempts_left=5,
            expires_at=moment + dt.timedelta(hours=6),
            accepted_at=moment,
        )

    def fill_shelves(self) -> None:
        banks = [row for row in self.partners if row.kind != "hospital"]
        rows, moves, dins = [], [], []
        for _ in range(420):
            bank, made = self.dice.choice(banks), self.ago(30)
            status = self.dice.choices(
                ["available", "reserved", "quarantined", "in_transit", "discarded", "expired", "transfused"],
                [56, 8, 12, 3, 7, 5, 9],
            )[0]
            alive = self.now + dt.timedelta(days=self.dice.random() * 30 + 0.2)
            reason = self.dice.choice(["broken", "cold_chain", "reactive", "haemolysed", "separated"])
            din = format_din(bank.facility_code, 30, self.next())
            dins.append(Collection(din=din, partner=bank, created_at=made))
            rows.append(
                Unit(
                    partner=bank,
                    din=din,
                    component=self.dice.choice([Component.RED_CELLS, Component.RED_CELLS, Component.PLATELETS_RANDOM]),
                    status=status,
                    blood_group=self.group(),
                    volume_ml=280,
                    collected_at=made,
                    expires_at=self.now - dt.timedelta(hours=3) if status == "expired" else alive,
                    discard_reason=reason if status == "discarded" else "",
                    created_at=made,
                )
            )
        for row in rows:
            row.collected_at = min(row.collected_at, row.expires_at - dt.timedelta(days=2))
            moves.append(
                Movement(
                    unit=row,
                    partner=row.partner,
                    verb="collect",
                    status="quarantined",
                    actor="member:1",
                    created_at=row.created_at,
                )
            )
            if row.status in ("discarded", "expired"):
                verb = {"discarded": "discard", "expired": "expire"}[row.status]
                moves.append(
                    Movement(
                        unit=row,
                        partner=row.partner,
                        verb=verb,
                        status=row.status,
                        actor="system",
                        created_at=self.ago(10),
                    )
                )
        self.put(Collection, dins), self.put(Unit, rows), self.put(Movement, moves)

    def sell(self) -> None:
        banks = [row for row in self.partners if row.kind != "hospital"]
        orders, purchases, payments = [], [], []
        for at in range(70):
            bank, made, buyer = self.dice.choice(banks), self.ago(), self.dice.choice(self.people)
            old = self.now - made > dt.timedelta(days=1)
            states = ["delivered", "cancelled", "failed", "dispatched"] if old else ["placed", "dispatched"]
            status = self.dice.choices(states, [80, 9, 4, 7] if old else [3, 2])[0]
            price = self.dice.randint(12, 60) * 10_000
            orders.append(
                Order(
                    bank=bank,
                    buyer_user=buyer,
                    status=status,
                    terms="prepaid",
                    needed_by=made + dt.timedelta(hours=5),
                    total_minor=price,
                    currency="INR",
                    holding=uuid.uuid4(),
                    is_pickup=True,
                    end_reason="buyer" if status == "cancelled" else "",
                    expected_at=self.now + dt.timedelta(hours=self.dice.choice([-2, 1, 3])),
                    created_at=made,
                )
            )
            purchases.append(
                Purchase(
                    kind="order",
                    reference=orders[-1].pk,
                    status="open",
                    payer_user=buyer,
                    payee_partner=bank,
                    amount_minor=price,
                    fee_minor=price // 20,
                    currency="INR",
                    description="Blood order, 2 units",
                    created_at=made,
                )
            )
            paid = self.dice.choices(["succeeded", "failed", "expired", "pending"], [80, 6, 9, 5])[0]
            paid = "held" if at in (7, 40) else paid
            payments.append(
                Payment(
                    purchase=purchases[-1],
                    provider=self.dice.choice(["razorpay", "stripe", "phonepe"]),
                    status=paid,
                    payer_user=buyer,
                    payee_partner=bank,
                    amount_minor=price,
                    currency="INR",
                    received_minor={"succeeded": price, "held": price - 100}.get(paid, 0),
                    received_currency="INR" if paid in ("succeeded", "held") else "",
                    provider_ref=f"pay_{self.next():06d}",
                    expires_at=made + dt.timedelta(hours=1),
                    created_at=made,
                )
            )
        self.put(Order, orders), self.put(Purchase, purchases), self.put(Payment, payments)
        whole = [row for row in payments if row.status == "succeeded"]
        for at, row in enumerate(whole[:6]):
            Refund.objects.create(
                payment=row,
                key="k",
                status=("succeeded", "pending", "failed")[at % 3],
                amount_minor=row.amount_minor,
                currency="INR",
                reason="The order was cancelled.",
                actor="system",
                created_at=self.ago(6),
            )
        self.put(
            Payout,
            [
                Payout(
                    payee_partner=bank,
                    key=f"2030-04:{bank.pk}",
                    status=("succeeded", "succeeded", "pending", "failed")[at % 4],
                    amount_minor=self.dice.randint(200, 900) * 10_000,
                    currency="INR",
                    description="Settlement of April",
                    actor="system",
                    failure="account_closed" if at % 4 == 3 else "",
                    created_at=self.ago(6),
                )
                for at, bank in enumerate(banks[:9])
            ],
        )

    def consult(self) -> None:
        doctors = [
            Doctor(
                user=user,
                name=f"Dr {user.name}",
                status="pending" if at in (1, 4) else "live",
                approved_at=None if at in (1, 4) else self.now,
                registration_number=f"2009/{at:05d}",
                council="Maharashtra Medical Council",
                registered_in=2009,
                qualifications="MBBS, MD",
                specialisations=["internal_medicine"],
                languages=["en"],
                video_fee_minor=60_000,
                search_text="dr",
                created_at=self.ago(4),
            )
            for at, user in enumerate(self.people[40:46])
        ]
        self.put(Doctor, doctors)
        place = Place.objects.create(
            doctor=doctors[0], name="Clinic", address="12 FC Road", city="Pune", lat="18.52", lng="73.85"
        )
        rows = []
        for at in range(60):
            doctor, made = doctors[at % 6], self.ago()
            starts = made + dt.timedelta(days=2, minutes=at)
            status = self.dice.choice(["cancelled", "missed", "lapsed"]) if at % 5 == 0 else "completed"
            if starts > self.now:
                status, starts = "confirmed", self.now + dt.timedelta(hours=1 + at)
            rows.append(
                Appointment(
                    doctor=doctor,
                    patient=self.people[46 + at % 10],
                    kind="in_person" if doctor is doctors[0] else "video",
                    place=place if doctor is doctors[0] else None,
                    status=status,
                    starts_at=starts,
                    ends_at=starts + dt.timedelta(minutes=20),
                    busy_from=starts,
                    busy_until=starts + dt.timedelta(minutes=20),
                    terms="prepaid",
                    fee_minor=60_000,
                    currency="INR",
                    full_refund_until=starts,
                    late_refund_percent=50,
                    created_at=made,
                )
            )
        self.put(Appointment, rows)
        for at in range(2):
            grant = RecordGrant.objects.create(
                patient=self.people[50 + at],
                doctor=doctors[2],
                origin="emergency",
                scopes=["profile"],
                starts_at=self.now,
                ends_at=self.now + dt.timedelta(hours=4),
            )
            BreakGlass.objects.create(grant=grant, reason="Unconscious after an accident.", created_at=self.ago(2))

    def write_messages(self) -> None:
        told, sent = [], []
        for at in range(160):
            made = self.ago()
            told.append(
                Notification(
                    dedupe_key=f"story:{at}",
                    kind="ask",
                    user=self.people[at % 60],
                    title="Blood is needed near you",
                    body="City Hospital needs O- blood.",
                    created_at=made,
                )
            )
            for channel in (
                "sms",
                "whatsapp",
                *(["email"] if at % 4 == 0 else []),
                *(["voice"] if at % 9 == 0 else []),
            ):
                status = self.dice.choices(
                    ["delivered", "read", "sent", "dead", "skipped", "queued"], [52, 16, 12, 7, 9, 4]
                )[0]
                sent.append(
                    Delivery(
                        notification=told[-1],
                        channel=channel,
                        to=self.people[at % 60].phone,
                        status=status,
                        error_code="30003" if status == "dead" else "",
                        run_at=made,
                        valid_until=made + dt.timedelta(hours=2),
                        created_at=made,
                    )
                )
        self.put(Notification, told), self.put(Delivery, sent)

    def complain(self) -> None:
        for at, text in enumerate(("They asked for money for the blood.", "Nobody was there when I came.")):
            Complaint.objects.create(
                category=("money_asked", "conduct")[at],
                text=text,
                by_person=self.people[at],
                about_partner=self.partners[at],
                created_at=self.ago(3),
            )

    def run_jobs(self) -> None:
        jobs = [
            DjangoJob(id=job.name, next_run_time=self.now + dt.timedelta(minutes=-9 if at == 3 else at), job_state=b"x")
            for at, job in enumerate(JOBS)
        ]
        self.put(DjangoJob, jobs)
        runs = []
        for at in range(120):
            failed = at in (17, 60)
            runs.append(
                DjangoJobExecution(
                    job=jobs[at % len(jobs)],
                    status="Error!" if failed else "Executed",
                    run_time=self.now - dt.timedelta(minutes=11 * at),
                    duration=Decimal(round(self.dice.expovariate(3), 2)).quantize(Decimal("0.01")),
                    exception="OperationalError: the server closed the connection" if failed else None,
                )
            )
        self.put(DjangoJobExecution, runs)
        names = ("request.posted", "order.accepted", "payment.captured")
        self.put(
            OutboxEvent,
            [
                OutboxEvent(
                    name=names[at % 3],
                    key=f"story:{at}",
                    created_at=self.now - dt.timedelta(seconds=at),
                    available_at=self.now - dt.timedelta(seconds=at),
                    attempts=outbox.MAX_ATTEMPTS if at == 0 else 0,
                    last_error="KeyError: 'unit'" if at == 0 else "",
                )
                for at in range(4)
            ],
        )

    def govern(self) -> None:
        """What administrators write themselves, and what is written down of others."""
        by = self.people[0]
        Announcement.objects.create(
            title_en="Blood camp on Sunday",
            body_en="Red Cross Blood Centre, Station Road, 9:00 to 16:00. Eat well before you come.",
            audience="donors",
            city="Pune",
            channels=["sms"],
            valid_until=self.now + dt.timedelta(days=4),
            created_by=by,
        )
        changes = (
            ("quiet_from", "21:30", "22:00", "Asked for by the centres in Assam."),
            ("daily_ask_cap", "3", "2", "Donors say that they are asked too often."),
            ("register_partners", "on", "off", "The register of licences is being compared."),
            ("register_partners", "off", "on", "It is compared."),
        )
        self.put(
            SettingChange,
            [
                SettingChange(name=row[0], before=row[1], after=row[2], reason=row[3], actor="admin 1", created_at=at)
                for row, at in zip(changes, sorted(self.ago(9) for _ in changes), strict=True)
            ],
        )
        acts = (("write", "post_request", "request"), ("read", "patient", "patient"), ("write", "verify", "assignment"))
        self.put(
            AuditEntry,
            [
                AuditEntry(
                    at=self.now - dt.timedelta(minutes=7 * (40 - at)),
                    actor_kind="member",
                    actor_id=f"member-{1 + at % 5}",
                    realm="partner",
                    deed=acts[at % 3][0],
                    act=acts[at % 3][1],
                    subject_kind=acts[at % 3][2],
                    subject_id=f"{1 + at % 11}",
                    outcome="done" if at % 9 else "request_full",
                )
                for at in range(40)
            ],
        )


def a_month() -> Story:
    """Write the three weeks before this moment, with what waits for a person."""
    story = Story()
    story.tell()
    return story
