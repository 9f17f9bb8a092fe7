from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the writing: these tables are large. If it breaks off: docs/operations/upgrades.md."""

    atomic = False
    dependencies = [
        ("users", "0011_verified_email"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="donor",
            index=models.Index(
                condition=models.Q(("test_world__isnull", False)), fields=["test_world"], name="donor_in_test_data"
            ),
        ),
        AddConstraintNotValid(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("test_world", None),
                    models.Q(("email", ""), ("is_staff", False), ("phone__startswith", "+999")),
                    _connector="OR",
                ),
                name="user_in_test_data_is_nobody",
            ),
        ),
        ValidateConstraint(model_name="user", name="user_in_test_data_is_nobody"),
        ValidateConstraint(model_name="user", name="user_email_is_there_to_be_verified"),
    ]
