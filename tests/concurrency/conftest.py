"""Tests with real transactions find every table empty: what a migration loads is loaded again."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from users.models import EligibilityRule

packaged_rules = import_module("users.migrations.0002_packaged_rules")


@pytest.fixture(autouse=True)
def rules(transactional_db: None) -> None:
    """Load the packaged rules unless they are there."""
    if not EligibilityRule.objects.exists():
        packaged_rules.load(apps, None)
