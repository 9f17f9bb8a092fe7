"""The questions before a visit, and what was answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from requests_app.api.serializers import ANSWERED, answered
from users.api.privacy_serializers import NoticeOut
from users.api.serializers import EligibilityOut
from users.questionnaire import Answer

MOST_ANSWERS = 200


class AnswerIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=60)
    yes = serializers.BooleanField()
    on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="With a yes, where the question asks for a day."
    )


class AnswersIn(serializers.Serializer[Any]):
    version = serializers.CharField(max_length=32, help_text="Of the questions that were read.")
    consent_version = serializers.IntegerField(
        min_value=1, max_value=32767, help_text="The version of the consent that was read: sending it agrees to it."
    )
    answers = AnswerIn(many=True, min_length=1, max_length=MOST_ANSWERS)  # type: ignore[call-arg]

    def validate_answers(self, rows: list[dict[str, Any]]) -> list[Answer]:
        return [Answer(**row) for row in rows]


class QuestionOut(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable: that of the deferral the question is about.")
    text = serializers.CharField()
    asks_date = serializers.BooleanField()
    is_over = serializers.BooleanField(help_text="The day is that of recovery, and may be left open.")
    private = serializers.BooleanField(help_text="Only the centre looks at the answer; show it with care.")


class AnswerOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    yes = serializers.BooleanField()
    on = serializers.DateField(allow_null=True)


class QuestionnaireOut(serializers.Serializer[Any]):
    """As the donor sees it."""

    status = serializers.SerializerMethodField()
    version = serializers.CharField(source="asked.version")
    language = serializers.CharField(source="asked.language")
    questions = QuestionOut(many=True, source="asked.questions")
    consent = NoticeOut(source="notice")
    answers = serializers.SerializerMethodField()
    answered_at = serializers.SerializerMethodField()
    eligibility = EligibilityOut(
        source="hint", allow_null=True, help_text="What the rules make of the answers; the centre decides."
    )

    @extend_schema_field(serializers.ChoiceField(choices=ANSWERED))
    def get_status(self, questions: Any) -> str:
        return answered(questions.given)

    @extend_schema_field(AnswerOut(many=True, allow_null=True))
    def get_answers(self, questions: Any) -> Any:
        return None if questions.given is None else AnswerOut(questions.given.answers, many=True).data

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_answered_at(self, questions: Any) -> dt.datetime | None:
        return None if questions.given is None else questions.given.answered_at


class GivenAnswerOut(AnswerOut):
    text = serializers.CharField(help_text="The question in your language, as it stands today.")
    asked = serializers.CharField(help_text="The question as the donor read it.")
    private = serializers.BooleanField(help_text="Talk about it with the donor alone.")


class GivenAnswersOut(serializers.Serializer[Any]):
    """As the partner of the visit sees it."""

    status = serializers.ChoiceField(choices=ANSWERED)
    version = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    consent_version = serializers.IntegerField(allow_null=True, help_text="Of the consent given with the answers.")
    answers = GivenAnswerOut(many=True)
