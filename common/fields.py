"""Model fields whose values have rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CheckConstraint, Lookup, Q
from psycopg2 import Binary

from common.crypto import decrypt_text, encrypt
from common.phone import E164_PATTERN

if TYPE_CHECKING:
    TextBase = models.Field[str | None, str | None]
    CharBase = models.CharField[str, str]
else:  # Django's fields take type arguments in the stubs only
    TextBase, CharBase = models.Field, models.CharField


class EncryptedTextField(TextBase):
    """Text that is sealed in the database (`bytea`) and a `str` in Python; NULL stays NULL.

    The context is `app_label.model.field`: a value copied into another column does not open, and a rename has
    to seal the values anew. It cannot be searched or compared; only `isnull` works. Find rows by
    `common.crypto.blind_index`. Not editable by default, so that no admin form shows it unasked, and never
    part of `dumpdata`. A `max_length` counts characters of the text and is checked by `full_clean`.
    """

    description = "Encrypted text"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.editable:
            kwargs["editable"] = True
        else:
            kwargs.pop("editable", None)
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "BinaryField"

    @property
    def context(self) -> str:
        """What values of this field are sealed for."""
        return f"{self.model._meta.label_lower}.{self.name}"

    def to_python(self, value: Any) -> str | None:
        return value if value is None or isinstance(value, str) else str(value)

    def from_db_value(self, value: Any, _expression: Any, _connection: BaseDatabaseWrapper) -> str | None:
        return None if value is None else decrypt_text(bytes(value), context=self.context)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        if value is None:
            return None
        if not isinstance(value, str):
            raise TypeError(f"{self.context} takes text, not {type(value).__name__}.")
        return Binary(encrypt(value, context=self.context))

    def get_lookup(self, lookup_name: str) -> type[Lookup[Any]] | None:
        if lookup_name != "isnull":
            raise FieldError(f"{self.context} is encrypted and cannot be searched by {lookup_name}.")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self.context} is encrypted and cannot be searched by {lookup_name}.")

    def value_to_string(self, obj: models.Model) -> str:
        raise FieldError(f"{self.context} is encrypted and does not leave the database in clear.")


class E164Field(CharBase):
    """A phone number in E.164: parse the input with `common.phone.parse_phone`, add `e164_check` below."""

    default_validators = [RegexValidator(E164_PATTERN, "Enter a phone number in E.164.", "phone_invalid")]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 16)
        super().__init__(*args, **kwargs)


def e164_check(field: str, *, name: str) -> CheckConstraint:
    """The constraint by which the database refuses anything but E.164 in `field`."""
    return CheckConstraint(condition=Q(**{f"{field}__regex": E164_PATTERN}), name=name)
