"""Doctors found by what they do, when and where; their ratings; and the fields of medicine."""

import csv
import datetime
from pathlib import Path

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import common.clock
import common.ids
import partners.searching

DATA = Path(__file__).resolve().parent.parent / "data" / "specialisations.csv"


def load(apps, schema_editor):
    kind = apps.get_model("appointments", "Specialisation")
    with DATA.open(encoding="utf-8", newline="") as file:
        kind.objects.bulk_create([kind(**row) for row in csv.DictReader(file)], ignore_conflicts=True)


def forget(apps, schema_editor):
    apps.get_model("appointments", "Specialisation").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DoctorRating",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("stars", models.PositiveSmallIntegerField()),
                ("comment", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="doctor",
            name="doctors_next_video",
        ),
        migrations.RemoveIndex(
            model_name="doctor",
            name="doctors_next_visit",
        ),
        migrations.AddField(
            model_name="doctor",
            name="name",
            field=models.CharField(
                default="", help_text="As the council wrote it; the account's may change.", max_length=120
            ),
        ),
        migrations.AddField(
            model_name="place",
            name="city",
            field=models.CharField(default="", max_length=80),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=django.contrib.postgres.indexes.GinIndex(
                partners.searching.SearchDocument("search_text"), name="doctors_by_words"
            ),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce(
                    django.db.models.functions.comparison.Least("next_video_at", "next_in_person_at"),
                    models.Value(datetime.datetime(9999, 1, 1, 0, 0, tzinfo=datetime.UTC)),
                    output_field=models.DateTimeField(),
                ),
                models.F("id"),
                condition=models.Q(("status", "live")),
                name="doctors_first",
            ),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce(
                    models.F("next_video_at"),
                    models.Value(datetime.datetime(9999, 1, 1, 0, 0, tzinfo=datetime.UTC)),
                    output_field=models.DateTimeField(),
                ),
                models.F("id"),
                condition=models.Q(("status", "live")),
                name="doctors_first_video",
            ),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce(
                    models.F("next_in_person_at"),
                    models.Value(datetime.datetime(9999, 1, 1, 0, 0, tzinfo=datetime.UTC)),
                    output_field=models.DateTimeField(),
                ),
                models.F("id"),
                condition=models.Q(("status", "live")),
                name="doctors_first_in_person",
            ),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce(
                    django.db.models.functions.comparison.Least("video_fee_minor", "in_person_fee_minor"),
                    models.Value(10000000000000),
                    output_field=models.BigIntegerField(),
                ),
                models.F("id"),
                condition=models.Q(("status", "live")),
                name="doctors_fee",
            ),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce(
                    models.F("video_fee_minor"), models.Value(10000000000000), output_field=models.BigIntegerField()
                ),
                models.F("id"),
                condition=models.Q(("status", "live")),
                name="doctors_fee_video",
            ),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce(
                    models.F("in_person_fee_minor"), models.Value(10000000000000), output_field=models.BigIntegerField()
                ),
                models.F("id"),
                condition=models.Q(("status", "live")),
                name="doctors_fee_in_person",
            ),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=models.Index(
                django.db.models.expressions.CombinedExpression(
                    django.db.models.expressions.CombinedExpression(
                        django.db.models.expressions.CombinedExpression(models.F("stars"), "+", models.Value(20)),
                        "*",
                        models.Value(-1000),
                    ),
                    "/",
                    django.db.models.expressions.CombinedExpression(models.F("ratings"), "+", models.Value(5)),
                ),
                models.F("id"),
                condition=models.Q(("status", "live")),
                name="doctors_standing",
            ),
        ),
        migrations.AddIndex(
            model_name="doctor",
            index=models.Index(
                models.OrderBy(models.F("next_computed_at"), nulls_first=True),
                models.F("id"),
                condition=models.Q(("status", "live")),
                name="doctors_to_compute",
            ),
        ),
        migrations.AddIndex(
            model_name="place",
            index=models.Index(condition=models.Q(("ended_at", None)), fields=["lat", "lng"], name="places_on_the_map"),
        ),
        migrations.AddIndex(
            model_name="place",
            index=models.Index(
                django.db.models.functions.text.Upper("city"),
                condition=models.Q(("ended_at", None)),
                name="places_by_city",
            ),
        ),
        migrations.AddField(
            model_name="doctorrating",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="appointments.appointment"
            ),
        ),
        migrations.AddField(
            model_name="doctorrating",
            name="doctor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="rated", to="appointments.doctor"
            ),
        ),
        migrations.AddIndex(
            model_name="doctorrating",
            index=models.Index(fields=["doctor", "-id"], name="ratings_of_doctor"),
        ),
        migrations.AddConstraint(
            model_name="doctorrating",
            constraint=models.UniqueConstraint(fields=("appointment",), name="appointment_rated_once"),
        ),
        migrations.AddConstraint(
            model_name="doctorrating",
            constraint=models.CheckConstraint(
                condition=models.Q(("stars__gte", 1), ("stars__lte", 5)), name="doctor_rating_has_one_to_five_stars"
            ),
        ),
        migrations.RunPython(load, forget),
    ]
