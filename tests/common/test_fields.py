import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F
from django.test.utils import isolate_apps

from common.crypto import CannotDecrypt
from common.fields import E164Field, EncryptedTextField, e164_check


@pytest.fixture
def note(db):
    """A table of its own for each test."""
    with isolate_apps():

        class Note(models.Model):
            text = EncryptedTextField()
            other = EncryptedTextField(null=True, max_length=5)
            phone = E164Field(null=True)

            class Meta:
                app_label = "common"
                constraints = [e164_check("phone", name="note_phone_e164")]

        with connection.schema_editor() as editor:
            editor.create_model(Note)
        yield Note


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, other FROM common_note")
        return cursor.fetchone()


@pytest.mark.parametrize("text", ["Asha Devi", "", "आशा", "x" * 10_000])
def test_text_is_sealed_in_the_table_and_plain_in_python(note, text):
    note.objects.create(text=text)

    blob = bytes(stored()[0])
    assert note.objects.get().text == text
    assert blob[0] == 1
    assert text.encode() not in blob or not text


def test_null_stays_null(note):
    note.objects.create(text="x")

    assert stored()[1] is None
    assert note.objects.get().other is None


def test_text_that_nobody_gave_is_empty_text(note):
    assert note().text == ""
    note.objects.create()
    assert note.objects.get().text == ""


def test_bulk_writes_updates_and_values_seal_and_open_as_well(note):
    note.objects.bulk_create([note(text="one")])
    assert list(note.objects.values_list("text", flat=True)) == ["one"]

    note.objects.update(text="two")
    assert note.objects.values("text").get() == {"text": "two"}

    row = note.objects.get()
    row.text = "three"
    note.objects.bulk_update([row], ["text"])
    assert note.objects.get().text == "three"


def test_a_value_copied_into_another_column_does_not_open(note):
    note.objects.create(text="Asha")
    note.objects.update(other=F("text"))

    with pytest.raises(CannotDecrypt):
        note.objects.get()


def test_whether_there_is_a_value_can_be_asked(note):
    note.objects.create(text="x", other="y")
    note.objects.create(text="x")

    assert note.objects.filter(other__isnull=True).count() == 1
    assert note.objects.exclude(other__isnull=True).get().other == "y"


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "x"},
        {"text": None},
        {"text__exact": "x"},
        {"text__in": ["x"]},
        {"text__icontains": "x"},
        {"text__gt": "x"},
        {"text__upper": "X"},
    ],
)
def test_any_other_search_is_refused(note, asked):
    with pytest.raises(FieldError, match=r"^common\.note\.text is encrypted and cannot be searched"):
        note.objects.filter(**asked)


@pytest.mark.parametrize("wrong", [b"bytes", 7, ["x"]])
def test_only_text_is_sealed(note, wrong):
    with pytest.raises(TypeError, match=r"common\.note\.text takes text"):
        note.objects.create(text=wrong)


def test_a_length_limits_the_text_and_not_the_sealed_bytes(note):
    note(text="x", other="आशाद", phone="+919876543210").full_clean()
    note.objects.create(text="x", other="आशाद")

    with pytest.raises(ValidationError, match="at most 5 characters"):
        note(text="x", other="123456", phone="+919876543210").full_clean()


def test_no_form_shows_it_and_no_dump_holds_it(note):
    field = note._meta.get_field("text")

    assert not field.editable
    with pytest.raises(FieldError, match="does not leave the database in clear"):
        field.value_to_string(note(text="x"))


def test_a_migration_can_rebuild_the_fields():
    for field in [EncryptedTextField(), EncryptedTextField(null=True, editable=True), E164Field(unique=True)]:
        _, path, args, kwargs = field.deconstruct()
        rebuilt = type(field)(*args, **kwargs)

        assert path == f"common.fields.{type(field).__name__}"
        assert rebuilt.deconstruct() == field.deconstruct()


def test_the_column_is_bytea(note):
    assert note._meta.get_field("text").db_type(connection) == "bytea"


@pytest.mark.parametrize("phone", ["+919876543210", "+8801712345678", None])
def test_e164_is_kept(note, phone):
    note.objects.create(text="x", phone=phone)

    assert note.objects.get().phone == phone


@pytest.mark.parametrize("phone", ["9876543210", "+0919876543", "+91 98765432", "+919876543210\n", "", "+९१९८७६५४३२१०"])
def test_what_is_not_e164_is_refused_by_the_model_and_by_the_database(note, phone):
    with pytest.raises(ValidationError):
        note._meta.get_field("phone").run_validators(phone or "-")

    with pytest.raises(IntegrityError, match="note_phone_e164"), transaction.atomic():
        note.objects.create(text="x", phone=phone)
