"""A test database in a quarter of the time: what an operation adds to a model draws no other model anew.

After every operation Django renders the model again and all that are related to it, near and far, for the migrations'
own Python to find in `_meta`. PostgreSQL is given tables, indexes and constraints by statements of their own, and no
migration of ours looks for the new ones in the models of others.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.state import ModelState, ProjectState


def install() -> None:
    ProjectState.add_model = _add_model
    ProjectState._append_option = _append_option


def _add_model(state: ProjectState, model: ModelState) -> None:
    key = model.app_label, model.name_lower
    state.models[key] = model
    if state._relations is not None:
        state.resolve_model_relations(key)
    if "apps" in state.__dict__:
        state.apps.render_multiple([model])


def _append_option(state: ProjectState, app_label: str, model_name: str, option_name: str, added: Any) -> None:
    options = state.models[app_label, model_name].options
    options[option_name] = [*options.get(option_name, []), added]
