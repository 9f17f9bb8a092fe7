"""Yesterday's release goes on working on today's tables: migrations only add (docs/operations/upgrades.md)."""

from __future__ import annotations

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from tests.architecture.sources import ROOMS

# The newest migration of every app in the release that is being replaced. What came with it or before is not looked at.
RELEASED = {
    "common": "0002_private_files",
    "users": "0009_report_consents",
    "partners": "0004_price_list",
    "payments": "0005_paying_out_and_disputes",
    "stock": "0005_shelf",
    "requests_app": "0003_requester_may_be_gone",
    "donations": "0004_camps",
    "orders": "0004_contract_bills",
    "appointments": "0008_end_reason",
    "notifications": "0002_email",
}
# Tables that grow with the people or the messages: on these an index is built beside the writing, a check is added
# without looking at the rows and validated afterwards.
LARGE = {
    ("users", "user"),
    ("users", "donor"),
    ("users", "session"),
    ("notifications", "notification"),
    ("notifications", "delivery"),
    ("common", "outboxevent"),
    ("requests_app", "ask"),
    ("donations", "donation"),
    ("donations", "invitation"),
    ("stock", "unit"),
    ("orders", "order"),
    ("payments", "entry"),
    ("payments", "payment"),
    ("appointments", "appointment"),
}
# Constraints that are new on an older table, and why whatever the release before writes satisfies them.
KEPT_BY_THE_RELEASE_BEFORE = {
    "member_phone_unique": "as before, with a condition that its rows meet",
    "member_phone_is_e164": "as before for members that are people, and it makes no others",
    "partner_test_part_is_whole": "it leaves the columns as they are: empty in what it makes",
    "partner_test_part_once": "it leaves the columns as they are: empty in what it makes",
    "delivery_channel_is_known": "the channels that it knows are among them",
    "user_email_is_there_to_be_verified": "a trigger empties what stood for the address before",
    "user_in_test_data_is_nobody": "it leaves the column as it is; nobody signs in as, edits or erases invented people",
}
GOING = (migrations.RemoveField, migrations.DeleteModel, migrations.RenameField, migrations.RenameModel)


def faults_of(operation, app, state, older) -> list[str]:
    """Return what of the operation the release before, or whoever writes meanwhile, would not bear."""
    name = (getattr(operation, "model_name", None) or getattr(operation, "name", "")).lower()
    if (app, name) not in older:
        return []
    if isinstance(operation, (*GOING, migrations.AlterModelTable)):
        return [f"{app}.{name}: it goes or is renamed while the release before still uses it"]
    found = []
    if isinstance(operation, migrations.AddField):
        field = operation.field
        if not (field.null or field.has_db_default() or field.many_to_many):
            found.append(
                f"{app}.{name}.{operation.name}: the release before says nothing of it, so it needs a db_default"
            )
    if isinstance(operation, migrations.AlterField):
        before = state.models[app, name].fields[operation.name]
        if (before.null and not operation.field.null) or (
            before.max_length and (operation.field.max_length or before.max_length) < before.max_length
        ):
            found.append(f"{app}.{name}.{operation.name}: it becomes narrower than what the release before writes")
    if isinstance(operation, migrations.AddConstraint):
        constraint = operation.constraint
        if constraint.name not in KEPT_BY_THE_RELEASE_BEFORE:
            found.append(f"{constraint.name}: say why what the release before writes satisfies it")
        if (app, name) in LARGE and not isinstance(operation, AddConstraintNotValid):
            found.append(f"{constraint.name}: nobody writes to a large table while it is looked through")
    if type(operation) is migrations.AddIndex and (app, name) in LARGE:
        found.append(f"{operation.index.name}: nobody writes to a large table while it is built")
    return found


def walk():
    """Return every fault of the migrations that the release before does not have."""
    loader = MigrationLoader(None)
    released = {name for app, last in RELEASED.items() for name in loader.graph.forwards_plan((app, last))}
    plan = [key for leaf in sorted(loader.graph.leaf_nodes()) for key in loader.graph.forwards_plan(leaf)]
    new = [key for key in dict.fromkeys(plan) if key not in released and key[0] in ROOMS]
    state = loader.project_state(list(released))
    older, found = set(state.models), []
    for key in new:
        for operation in loader.graph.nodes[key].operations:
            found += faults_of(operation, key[0], state, older)
            operation.state_forwards(key[0], state)
    return found


def test_the_release_before_works_on_the_tables_of_this_one():
    assert walk() == []


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (migrations.AddField("user", "size", models.IntegerField(default=1)), "db_default"),
        (migrations.RemoveField("user", "phone"), "goes"),
        (migrations.RenameField("user", "phone", "number"), "goes"),
        (migrations.DeleteModel("User"), "goes"),
        (migrations.AlterField("user", "phone", models.CharField(max_length=3)), "narrower"),
        (migrations.AddIndex("user", models.Index(fields=["phone"], name="by_phone")), "built"),
        (
            AddConstraintNotValid("user", models.CheckConstraint(condition=models.Q(phone="x"), name="phone_is_x")),
            "say why",
        ),
        (
            migrations.AddConstraint(
                "user", models.CheckConstraint(condition=models.Q(phone="x"), name="user_in_test_data_is_nobody")
            ),
            "looked through",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, migrations.operations.base.Operation) else "",
)
def test_what_the_release_before_would_not_bear_is_found(operation, word):
    state = MigrationLoader(None).project_state([("users", RELEASED["users"])])

    faults = faults_of(operation, "users", state, set(state.models))

    assert len(faults) == 1
    assert word in faults[0]
