"""What a run was told by calls on it, and not by a `RunPart` of it that hooks log to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nbtrack.records.origins import Origin, Origins


class LoggedKeys:
    def __init__(self) -> None:
        self.params: dict[str, str] = {}  # the texts as they were given last
        self.metrics: set[str] = set()
        self.models: set[str] = set()  # ids of logged models that hooks made
        self.datasets: set[tuple[str, str]] = set()  # name and digest, of those it read
        self.inputs: dict[tuple[str, str], str | None] = {}  # digest by context, name

    def add(self, *, params: Mapping[str, str], metrics: Iterable[str]) -> None:
        self.params.update(params)
        self.metrics.update(metrics)

    def add_input(self, name: str, digest: str, context: str) -> None:
        """Of one that is read twice, as different data, nobody can say which is meant: None."""
        before = self.inputs.setdefault((context, name), digest)
        if before != digest:
            self.inputs[context, name] = None

    def left_alone(self, found: Origins) -> Origins:
        """*found* without what it says of these keys."""
        return Origins(
            params={k: v for k, v in found.params.items() if k not in self.params},
            metrics={k: v for k, v in found.metrics.items() if k not in self.metrics},
            aliases=found.aliases,
        )

    def moved(self, known: Origins) -> Origins:
        """What is left of a part's keys on the whole: those that were logged by hand are not its
        alone."""
        return Origins(
            params={k: _moved(is_own=k in self.params) for k in known.params},
            metrics={k: _moved(is_own=k in self.metrics) for k in known.metrics},
        )


def _moved(*, is_own: bool) -> Origin:
    return Origin.LOGGED if is_own else Origin.MOVED


def not_moved(origins: Origins | None, params: Iterable[str], metrics: Iterable[str]) -> Origins:
    """Those of the keys that count as moved away, as they are when they are logged again."""
    if origins is None:
        return Origins()
    return Origins(
        params={k: Origin.LOGGED for k in params if origins.params.get(k) is Origin.MOVED},
        metrics={k: Origin.LOGGED for k in metrics if origins.metrics.get(k) is Origin.MOVED},
    )
