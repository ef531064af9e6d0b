"""What a gate asks of runs, read for whoever may move the model's versions.

A role for a model alone is none for the experiment of its runs. The rule of a gate asks them all
the same: it was set by an admin, and its answer is all that is told. So the server reads a run
here in place of the user, and hands on what the rules of that model ask, and nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from nbtrack.errors import NotAllowed
from nbtrack.lookup.registered_models import get_model
from nbtrack.model_registry.gate_rule import parse_rule, references_in
from nbtrack.records.registry import RegistryQuery
from nbtrack.records.runs import Run, RunData
from nbtrack.records.tags import (
    REPRODUCED_AT_TAG,
    REPRODUCED_BY_TAG,
    REPRODUCED_TAG,
    REPRODUCED_WHY_TAG,
)
from nbtrack.stores.store import Store

_VERDICT = (REPRODUCED_TAG, REPRODUCED_BY_TAG, REPRODUCED_AT_TAG, REPRODUCED_WHY_TAG)


def store_at_gate(store: Store, whole: Store, model: str) -> Store:
    """*store* of a user who may move versions of *model*; *whole* is the project's."""
    return cast("Store", _AtGate(store, whole, model))  # by __getattr__, which no type describes


class _AtGate:
    def __init__(self, store: Store, whole: Store, model: str) -> None:
        self._store, self._whole, self._model = store, whole, model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get_run(self, run_id: str) -> Run:
        """Raises RunNotFound; NotAllowed for a run of which the model has no version."""
        try:
            return self._store.get_run(run_id)
        except NotAllowed:
            versions = self._whole.search_model_versions(RegistryQuery(name=self._model))
            if run_id not in {each.run_id for each in versions}:
                raise
        return _cut(self._whole.get_run(run_id), self._asked())

    def _asked(self) -> set[tuple[str, str]]:
        """Families and names, of all gates: he may try each."""
        rules = [gate.rule for gate in get_model(self._whole, self._model).gates]
        terms = [parse_rule(rule) for rule in rules if rule is not None]
        return {(each.family, each.name) for term in terms for each in references_in(term)}


def _cut(run: Run, asked: set[tuple[str, str]]) -> Run:
    params = {key: text for key, text in run.data.params.items() if ("params", key) in asked}
    metrics = {key: value for key, value in run.data.metrics.items() if ("metrics", key) in asked}
    told = _VERDICT if ("tags", REPRODUCED_TAG) in asked else ()
    tags = {key: text for key, text in run.data.tags.items() if key in told}
    info = replace(run.info, run_name=None, experiment_id="", user_id="", artifact_uri="")
    return Run(info=info, data=RunData(params=params, metrics=metrics, tags=tags))
