"""`nbtrack.columns`, and the Columns menu: what a table of runs shows first, or at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nbtrack.base.nearest import did_you_mean
from nbtrack.base.values import check_experiment_id
from nbtrack.errors import InvalidValue
from nbtrack.lookup.column_choice import (
    COLUMNS_TAG,
    NO_CHOICE,
    ColumnChoice,
    choice_of,
    choice_text,
)
from nbtrack.panels.runs.known_keys import by_column
from nbtrack.panels.runs.remembered_columns import ChoicePlace, choice_places
from nbtrack.panels.runs.state import HasRunsState
from nbtrack.panels.runs.table_state import ATTRIBUTES, known
from nbtrack.panels.shared.requests import text_of, texts_of
from nbtrack.recording.experiments import keep_text
from nbtrack.recording.session import current_session
from nbtrack.records.runs import RunQuery


def columns(*names: str) -> None:
    """Show these columns first, in every table of the active experiment.

    What was chosen in the Columns menu stays; without a name all of it is forgotten.

    A name is a metric, else a param, else a fact such as "duration"; "params.lr" says which of
    them. Raises InvalidValue for one that no run has.
    """
    session = current_session()
    found = session.store.find_experiment(session.experiment.name)
    if found is None:  # before its first run
        if names:
            raise InvalidValue(_unknown(names[0], [], session.experiment.name))
        return
    scope = RunQuery(experiment_ids=(found.experiment_id,))
    have = list(by_column(session.store.read_keys(scope)))
    pinned = tuple(_column_named(name, have, found.name) for name in dict.fromkeys(names))
    choice = replace(choice_of(found.tags).with_first(pinned), pinned=pinned)
    place = ChoicePlace(found.experiment_id, COLUMNS_TAG)
    keep_text(session.store, *place, choice_text(choice if names else NO_CHOICE))


def choose(panel: HasRunsState, arguments: Mapping[str, Any]) -> None:
    """What the page chose, for each of the experiments that it shows, or for all together.

    Raises InvalidValue.
    """
    are_all = arguments.get("experiments") is None
    for place in choice_places(None if are_all else texts_of(arguments, "experiments")):
        tags = panel.store.get_experiment(check_experiment_id(place.experiment_id)).tags
        before = choice_of(tags, tag=place.tag)
        keep_text(panel.store, *place, choice_text(_changed(before, arguments)))
    panel.state.known_keys.forget()


def _changed(choice: ColumnChoice, arguments: Mapping[str, Any]) -> ColumnChoice:
    """What was not sent stays as it is: experiments that are shown together may differ."""
    if "columns" in arguments:
        choice = replace(choice, shown=_chosen(arguments))
    if "pinned" in arguments:
        choice = replace(choice, pinned=tuple(map(known, texts_of(arguments, "pinned"))))
    if "pin" in arguments:
        column = known(text_of(arguments, "pin"))
        pinned = tuple(dict.fromkeys((*choice.pinned, column)))
        choice = replace(choice.with_first([column]), pinned=pinned)
    if "unpin" in arguments:
        column = text_of(arguments, "unpin")
        choice = replace(choice, pinned=tuple(e for e in choice.pinned if e != column))
    return choice


def _chosen(arguments: Mapping[str, Any]) -> tuple[str, ...] | None:
    if arguments["columns"] is None:
        return None
    return tuple(map(known, texts_of(arguments, "columns")))


def _column_named(name: str, have: list[str], experiment: str) -> str:
    facts = {label: column for column, label in ATTRIBUTES.items()}
    for column in (f"metrics.{name}", f"params.{name}", f"tags.{name}", name):
        if column in have or column in ATTRIBUTES:
            return column
    if name in facts:
        return facts[name]
    raise InvalidValue(_unknown(name, have, experiment))


def _unknown(name: str, have: list[str], experiment: str) -> str:
    wanted = f"No metric, param or tag {name!r} in the runs of {experiment}"
    kinds = ("metrics.", "params.")
    keys = [each.partition(".")[2] for each in have if each.startswith(kinds)]
    if proposal := did_you_mean(name, [*ATTRIBUTES.values(), *keys]):
        return f"{wanted}.{proposal}"
    if not keys:
        return f"{wanted}: they have none yet."
    return f"{wanted}. There are {', '.join(map(repr, keys[:10]))}{' …' if keys[10:] else ''}."
