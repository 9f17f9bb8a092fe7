from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("common", "0005_retention"),
    ]

    operations = [
        migrations.CreateModel(
            name="LiveTicket",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("realm", models.CharField(help_text="Which of the two streams it opens.", max_length=10)),
                (
                    "kind",
                    models.CharField(
                        help_text="What it stands for: a person's session, a member's, a key.", max_length=10
                    ),
                ),
                ("credential", models.UUIDField(help_text="The id of that.")),
                ("access_until", models.DateTimeField(help_text="When the stream ends at the latest.", null=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
