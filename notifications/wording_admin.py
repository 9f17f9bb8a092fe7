"""The editor of texts: what is sent by kind, channel and language, its history, a preview, and the way back."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from common.admin import ReadOnlyAdmin
from notifications import wordings
from notifications.kinds import Kind
from notifications.models import Wording
from notifications.services import wording
from notifications.states import Channel, TextForm
from notifications.templates import PACKAGED, Overrides, Words, languages

KINDS = [(kind.value, kind.value.replace("_", " ")) for kind in Kind]


class WordingForm(forms.ModelForm):
    """A new version. Where nothing is written yet, it begins with what is packaged."""

    kind = forms.ChoiceField(choices=KINDS, widget=UnfoldAdminSelectWidget)
    language = forms.ChoiceField(
        choices=[(code, code) for code in sorted(languages())], initial="en", widget=UnfoldAdminSelectWidget
    )
    form = forms.ChoiceField(choices=[(form.value, form.value) for form in TextForm], widget=UnfoldAdminSelectWidget)
    title = forms.CharField(
        required=False,
        max_length=wordings.LONGEST_TITLE,
        widget=UnfoldAdminTextInputWidget,
        help_text="Empty: the packaged one.",
    )
    body = forms.CharField(max_length=wordings.LONGEST_BODY, widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}))

    class Meta:
        model = Wording
        fields = ("kind", "language", "form", "title", "body")

    def clean(self) -> dict[str, Any]:
        """Say at each field what is wrong with it."""
        values = super().clean() or {}
        if not self.errors:
            found = wordings.faults(
                Kind(values["kind"]),
                values["language"],
                TextForm(values["form"]),
                Words(values["title"], values["body"]),
            )
            for field, reason in found.items():
                self.add_error(field, reason)
        return values


@admin.register(Wording)
class WordingAdmin(ReadOnlyAdmin):
    """Every version ever written, newest first; the highest of a kind, language and form is in force."""

    form = WordingForm
    list_display = ("kind", "language", "form", "version", "says", "written_by", "created_at")
    list_filter = ("form", "language", "kind")
    search_fields = ("kind", "body")
    list_select_related = ("written_by",)
    ordering = ("-pk",)
    fields = ("kind", "language", "form", "title", "body")
    readonly_fields = ("preview",)
    add_form_template = "admin/notifications/wording/add_form.html"
    actions = ("go_back",)

    @admin.display(description="text")
    def says(self, row: Wording) -> str:
        return row.body[:80] or "the packaged text"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.add_wording")

    def get_fields(self, request: HttpRequest, obj: Wording | None = None) -> tuple[str, ...]:
        own = ("kind", "language", "form", "title", "body")
        return own if obj is None else (*own, "version", "written_by", "created_at", "preview")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with what is said now (`?kind=ask&language=en&form=sms`), or with what a preview was asked of."""
        if "_preview" in request.POST:
            return {name: request.POST.get(name, "") for name in self.fields}
        given = {name: request.GET[name] for name in ("kind", "language", "form") if name in request.GET}
        found = _named(given)
        if found is None:
            return dict(given)
        words = wordings.current().get(found) or wordings.packaged_words(*found)
        return {**given, "title": words.title, "body": words.body}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """With `_preview` nothing is kept: the form comes back with what every channel would carry."""
        context = dict(extra_context or {})
        if request.method == "POST" and "_preview" in request.POST:
            draft = WordingForm(request.POST)
            context["draft_errors"] = [] if draft.is_valid() else [str(one[0]) for one in draft.errors.values()]
            if draft.is_valid():
                row = Wording(**draft.cleaned_data)
                context["draft_preview"] = self.preview(row)
            request.method = "GET"  # shown, not kept
        return super().add_view(request, form_url, context)

    @admin.display(description="Preview, with sample facts")
    def preview(self, row: Wording | None) -> str:
        """Return what each channel carries, and what the SMS costs."""
        if row is None:
            return ""
        found = _named({"kind": row.kind, "language": row.language, "form": row.form})
        if found is None:
            return "There is no such text any more."
        overrides: Overrides = PACKAGED if row.is_packaged else {found: Words(row.title, row.body)}
        return preview_of(found[0], found[1], overrides)

    def save_model(self, request: HttpRequest, obj: Wording, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        kept = wording.write(
            kind=Kind(obj.kind),
            language=obj.language,
            form=TextForm(obj.form),
            title=obj.title,
            body=obj.body,
            by_id=_id_of(request),
        )
        obj.pk, obj.version = kept.pk, kept.version

    @admin.action(description="Back to the packaged text", permissions=["add"])
    def go_back(self, request: HttpRequest, rows: QuerySet[Wording]) -> None:
        texts = {(row.kind, row.language, row.form) for row in rows}
        for kind, language, form in sorted(texts):
            wording.go_back(kind=Kind(kind), language=language, form=TextForm(form), by_id=_id_of(request))
        self.message_user(request, f"{len(texts)} texts are the packaged ones again.", messages.SUCCESS)


def preview_of(kind: Kind, language: str, overrides: Overrides) -> str:
    """Return a table of what every channel carries, with sample facts."""
    said = wordings.sample(kind, language, overrides)
    rows = [("inbox", said.title, said.inbox)] if said.inbox else []
    rows += [(channel, said.titles.get(channel, ""), body) for channel, body in said.by_channel.items()]
    table = format_html_join("", '<tr><th>{}</th><td><b>{}</b></td><td style="white-space:pre-wrap">{}</td></tr>', rows)
    if Channel.SMS not in said.by_channel:
        return format_html('<table class="js-table">{}</table>', table)
    encoding, count = wordings.segments(said.by_channel[Channel.SMS])
    return format_html('<table class="js-table">{}</table><p>SMS: {}, segments: {}</p>', table, encoding, count)


def _id_of(request: HttpRequest) -> uuid.UUID:
    found: uuid.UUID = request.user.pk  # type: ignore[assignment]  # pages of the administration know who asks
    return found


def _named(given: dict[str, str]) -> tuple[Kind, str, TextForm] | None:
    try:
        found = Kind(given.get("kind", "")), given.get("language", ""), TextForm(given.get("form", ""))
    except ValueError:
        return None
    return found if found[1] in languages() and found[2] in wordings.forms_of(found[0]) else None
