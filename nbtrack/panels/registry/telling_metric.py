"""Which metric says most about the versions of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.model_registry.gate_rule import parse_rule, references_in
from nbtrack.records.registry import RegisteredModel


def best_known_metric(
    model: RegisteredModel,
    metrics: Collection[Mapping[str, float]],
    declared: Mapping[str, Direction],
) -> str:
    """One that a gate asks for; else one whose better side is known, and that most versions have,
    those on held-out data first. "" without metrics."""
    having = Counter(key for each in metrics for key in each)
    gated = [key for key in _gated(model) if key in having]
    known = [key for key in having if direction(key, declared) is not None]
    candidates = gated or known or list(having)
    # Training scores praise whoever learned by heart; the order of logging decides the rest.
    return max(candidates, key=lambda key: (not _is_training(key), having[key]), default="")


def _gated(model: RegisteredModel) -> Iterable[str]:
    for gate in model.gates:
        for reference in references_in(parse_rule(gate.rule)) if gate.rule else ():
            if reference.family == "metrics":
                yield reference.name


def _is_training(key: str) -> bool:
    return key.lower().startswith(("train", "fit_"))
