"""Approve the partner with a licence, as the administrators' action does."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import DomainError
from partners.directory import license_key
from partners.models import Partner
from partners.services.approval import approve_partner


class Command(BaseCommand):
    help = "Approve the partner that is registered with LICENSE_NUMBER. Does nothing when it is live already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("license_number", metavar="LICENSE_NUMBER", help="in any spelling")
        parser.add_argument("--actor", default="manage.py approve_partner", help="who approves; goes to the history")

    def handle(self, *, license_number: str, actor: str, **options: Any) -> None:
        partner = Partner.objects.filter(license_key=license_key(license_number)).first()
        if partner is None:
            raise CommandError(f"No partner has the licence {license_number}.")
        if partner.is_live:
            self.stdout.write(f"{partner.name} is live already.")
            return
        try:
            approved = approve_partner(partner_id=partner.pk, actor=actor)
        except DomainError as exc:
            raise CommandError(f"{partner.name} is {partner.status} and cannot be approved: {exc.message}") from exc
        self.stdout.write(
            self.style.SUCCESS(f"{approved.name} is live; its facility code is {approved.facility_code}.")
        )
