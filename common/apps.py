from __future__ import annotations

import enum
from importlib import import_module

from django.apps import AppConfig
from django.db.migrations.serializer import BaseSerializer, serializer_factory
from django.db.migrations.writer import MigrationWriter


class ValueSerializer(BaseSerializer):
    """Writes a member of a closed set into a migration as its value: the code's names for it may change later."""

    def serialize(self) -> tuple[str, set[str]]:
        return serializer_factory(self.value.value).serialize()


class CommonConfig(AppConfig):
    name = "common"

    def ready(self) -> None:
        import_module("common.audit.recording")  # witnesses every command
        import_module("common.files.carrying")  # registers its handlers
        MigrationWriter.register_serializer(enum.Enum, ValueSerializer)
