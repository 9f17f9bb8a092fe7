"""Writing texts in place of the packaged ones: each a new version, none ever changed."""

from __future__ import annotations

import uuid

from django.db.models import Max

from common import clock
from common.db import joined, step, take_turn
from notifications import wordings
from notifications.errors import WordingInvalid
from notifications.kinds import Kind
from notifications.models import Wording
from notifications.states import TextForm
from notifications.templates import Words


@joined
def write(*, kind: Kind, language: str, form: TextForm, title: str, body: str, by_id: uuid.UUID) -> Wording:
    """Say it like this from now on; every process knows within seconds. Takes the text's turn.

    Raises: WordingInvalid, which names the field
    """
    words = Words(title.strip(), body.strip().replace("\r\n", "\n"))
    found = wordings.faults(kind, language, form, words)
    if found:
        field, reason = next(iter(found.items()))
        raise WordingInvalid(field=field, reason=reason)
    return _add(kind, language, form, words, by_id)


@joined
def go_back(*, kind: Kind, language: str, form: TextForm, by_id: uuid.UUID) -> Wording:
    """Say what is packaged again, as a version of its own. Takes the text's turn."""
    return _add(kind, language, form, Words("", ""), by_id)


@step
def _add(kind: Kind, language: str, form: TextForm, words: Words, by_id: uuid.UUID) -> Wording:
    take_turn(f"wording of {kind} {language} {form}")
    text = {"kind": kind, "language": language, "form": form}
    newest = Wording.objects.filter(**text).aggregate(found=Max("version"))["found"] or 0
    wordings.forget()
    return Wording.objects.create(
        **text, version=newest + 1, title=words.title, body=words.body, written_by_id=by_id, created_at=clock.now()
    )
