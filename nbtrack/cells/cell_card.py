"""The card under a tracked cell: facts put together, compared with earlier runs, and shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nbtrack.cards.early import early_html, early_text
from nbtrack.cards.facts import CardFacts, ChildrenFacts, MetricFact, ParamChange
from nbtrack.cards.fits import fit_facts, only_fit, telling_first, without_fits
from nbtrack.cells.look_back import LookBack
from nbtrack.cells.outcome import Outcome
from nbtrack.cells.tracked_cell import SetUp, TrackedCell
from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.lookup.own_values import own_values
from nbtrack.recording.session import Session
from nbtrack.records.history import Attempt
from nbtrack.records.runs import RunStatus
from nbtrack.records.traces import MetricTrace, RunTrace
from nbtrack.records.warned import Warned
from nbtrack.settings import is_temporary
from nbtrack.stores.opening import folder_of, is_server, without_password

_HINT = "No metric found: --metrics NAME or nbtrack.log_metric records one."
_NOTICEABLE_SECONDS = 0.3
_SHOWING = frozenset({"print", "display", "head", "info", "describe"})


class CardMaker:
    def __init__(self, session: Session, look_back: LookBack) -> None:
        self.is_quiet: bool | None = None  # None: as the settings say
        self._session = session
        self._look_back = look_back
        self._store_shown = ""
        self._has_hinted = False
        self._has_told_set_up = False

    def show(
        self,
        tracked: TrackedCell,
        outcome: Outcome,
        trace: RunTrace,
        *,
        ended_us: int,
        is_in_the_way: bool = False,
    ) -> None:
        """Nothing is shown where it would take the place of what the cell shows."""
        facts = self._facts(tracked, outcome, trace, ended_us=ended_us)
        self._remember(tracked, trace, facts)
        if not (is_in_the_way or tracked.arguments.quiet or self._is_quiet_here()):
            self._store_shown = tracked.run.store.uri
            self._has_told_set_up |= facts.set_up_seconds is not None
            _publish(self._with_hint(facts, tracked, trace))

    def show_early(self, tracked: TrackedCell, warned: Warned) -> None:
        """Before the cell runs: it may take hours for what is known."""
        if not (tracked.arguments.quiet or self._is_quiet_here()):
            _display(early_html(warned), early_text(warned))

    def directions(self, tracked: TrackedCell) -> dict[str, Direction]:
        """Which way metrics are better, as the experiment and the cell declare it."""
        run = tracked.run
        before = self._look_back.directions(run.store, run.info.experiment_id)
        return {**before, **tracked.arguments.directions}

    def _is_quiet_here(self) -> bool:
        return self._session.settings.quiet if self.is_quiet is None else self.is_quiet

    def _facts(
        self, tracked: TrackedCell, outcome: Outcome, trace: RunTrace, *, ended_us: int
    ) -> CardFacts:
        run, place = tracked.run, tracked.place
        params = own_values(trace.params, trace.origins.params)
        beside_fits = without_fits(trace)
        metrics = telling_first(beside_fits)
        if metrics or trace.children or place.attempt > 1:
            self._look_back_at(tracked)
        previous = self._look_back.previous(run.store, place.lineage)
        has_children = bool(beside_fits.children or beside_fits.uncounted)
        children = self._children(tracked, beside_fits, previous) if has_children else None
        is_new_place = run.store.uri != self._store_shown
        set_up = self._set_up(tracked)
        return CardFacts(
            run_id=run.run_id,
            run_name=tracked.name,
            status=str(outcome.status),
            experiment=self._experiment_name(tracked),
            duration_seconds=(ended_us - tracked.cell.started_us) / 1e6 - set_up.in_cell,
            attempt=place.attempt,
            previous_attempt=None if previous is None else previous.number,
            metrics=self._metric_facts(tracked, metrics, previous),
            params={k: v for k, v in params.items() if k not in run.hook_params},
            params_changed=[] if previous is None else _changes(tracked, trace, previous),
            children=children,
            fits=fit_facts(trace),
            error=outcome.error(),
            said=_said(tracked, fitted=only_fit(trace)),
            notes=tracked.notes,
            warnings=tracked.line.warned,
            inferred=frozenset(trace.inferred_params),
            inferred_metrics=frozenset(tracked.results.metrics),
            artifacts=len(trace.artifacts | tracked.files.paths),
            cost_ms=tracked.cost.milliseconds - set_up.in_cost * 1000,
            set_up_seconds=set_up.total or None,
            store_path=_shown_place(run.store.uri) if is_new_place else None,
            store_is_temporary=is_new_place and _is_temporary(run.store.uri),
        )

    def _set_up(self, tracked: TrackedCell) -> SetUp:
        """What is told apart: once in a kernel, and only what somebody notices."""
        found = tracked.set_up
        is_told = found.total >= _NOTICEABLE_SECONDS and not self._has_told_set_up
        return found if is_told else SetUp()

    def _look_back_at(self, tracked: TrackedCell) -> None:
        run, place = tracked.run, tracked.place
        self._look_back.wait(
            run.store,
            run.info.experiment_id,
            lineage=place.lineage if place.attempt > 1 else None,
            run_id=run.run_id,
        )

    def _with_hint(self, facts: CardFacts, tracked: TrackedCell, trace: RunTrace) -> CardFacts:
        """Once per kernel, under a cell that did something of which nothing was recorded."""
        logged = (trace.params, trace.metrics, trace.children, trace.artifacts)
        is_empty = not any((facts.metrics, facts.params, *logged))
        is_empty &= facts.status == RunStatus.FINISHED
        is_empty &= not facts.notes  # they say why
        has_worked = not _SHOWING.issuperset(tracked.cell.source.functions)
        if self._has_hinted or not (is_empty and has_worked and tracked.is_inferring):
            return facts
        self._has_hinted = True
        return replace(facts, notes=[*facts.notes, _HINT])

    def _metric_facts(
        self, tracked: TrackedCell, metrics: Mapping[str, MetricTrace], previous: Attempt | None
    ) -> list[MetricFact]:
        before = {} if previous is None else previous.metrics
        return [
            self._metric_fact(tracked, key, metric, before=before.get(key))
            for key, metric in metrics.items()
        ]

    def _metric_fact(
        self, tracked: TrackedCell, key: str, metric: MetricTrace, *, before: float | None
    ) -> MetricFact:
        way = direction(key, self.directions(tracked))
        run = tracked.run
        best = way and self._look_back.best(run.store, run.info.experiment_id, key, way)
        return MetricFact(
            key=key,
            value=metric.latest,
            previous=before,
            best=best.value if best else None,
            best_run=best.run_name if best else None,
            direction=way,
            points=metric.count,
            spark=metric.series if metric.count > 1 else None,
        )

    def _children(
        self, tracked: TrackedCell, trace: RunTrace, previous: Attempt | None
    ) -> ChildrenFacts:
        children = list(trace.children.values())
        best = _best_child(tracked, trace)
        told = telling_first(best) if best else {}
        ended = Counter(child.status for child in children)
        return ChildrenFacts(
            count=len(children) + trace.uncounted,
            failed=ended[RunStatus.FAILED] + trace.uncounted_failed,
            killed=ended[RunStatus.KILLED],
            best_name=best.name if best else None,
            metrics=self._metric_facts(tracked, told, previous),
        )

    def _experiment_name(self, tracked: TrackedCell) -> str | None:
        for known in (tracked.experiment, self._session.experiment):
            if known and known.experiment_id == tracked.run.info.experiment_id:
                return known.name
        return None

    def _remember(
        self,
        tracked: TrackedCell,
        trace: RunTrace,
        facts: CardFacts,
    ) -> None:
        """Later cells are compared with this one, and with its children."""
        run, experiment_id = tracked.run, tracked.run.info.experiment_id
        declared = tracked.arguments.directions
        self._look_back.remember_directions(run.store, experiment_id, declared)
        named = RunTrace(name=tracked.name)
        self._remember_reached(tracked, run.run_id, named, trace.values())
        for child_id, child in trace.children.items():
            self._remember_reached(tracked, child_id, child, child.values())
        shown = facts.metrics or (facts.children.metrics if facts.children else ())
        attempt = Attempt(
            run_id=run.run_id,
            number=tracked.place.attempt,
            params=own_values(trace.params, trace.origins.params),
            metrics={fact.key: fact.value for fact in shown if fact.value is not None},
            inputs=dict(run.logged.inputs),
        )
        self._look_back.remember_attempt(run.store, tracked.place.lineage, attempt)

    def _remember_reached(
        self, tracked: TrackedCell, run_id: str, trace: RunTrace, metrics: Mapping[str, float]
    ) -> None:
        # A child that began before the cell set another experiment is in the one before.
        experiment_id = trace.experiment_id or tracked.run.info.experiment_id
        if metrics:
            self._look_back.remember(
                tracked.run.store, experiment_id, run_id, name=trace.name, metrics=metrics
            )


def _said(tracked: TrackedCell, *, fitted: str | None) -> list[tuple[str, str]]:
    """What was fitted, the note and tags of the magic line, the run that this is a child of."""
    arguments, parent = tracked.arguments, tracked.run.parent
    lines = [("model", fitted)] if fitted else []
    if tracked.run.is_stopped:
        lines.append(("stopped", "by you, with what was trained until then"))
    if arguments.note:
        lines.append(("note", arguments.note))
    if arguments.tags:
        lines.append(("tags", " · ".join(f"{k}={v}" for k, v in arguments.tags.items())))
    if parent is not None:
        is_left_open = parent.is_open and not parent.is_cell  # a cell ends by itself
        cure = ", which is still open: nbtrack.end_run() closes it" if is_left_open else ""
        lines.append(("child of", f"{parent.info.run_name!r}{cure}"))
    return lines


def _changes(tracked: TrackedCell, trace: RunTrace, previous: Attempt) -> list[ParamChange]:
    """What the run shows of its children is not compared."""
    now, of_children = (
        own_values(trace.params, trace.origins.params),
        tracked.best.params if tracked.best else {},
    )
    left_out = {*trace.params, *of_children} - now.keys()
    before = {key: value for key, value in previous.params.items() if key not in left_out}
    return [
        ParamChange(key=key, before=before.get(key), now=now.get(key))
        for key in dict.fromkeys([*now, *before])
        if before.get(key) != now.get(key)
    ]


def _best_child(tracked: TrackedCell, trace: RunTrace) -> RunTrace | None:
    """The only one, or the one that the run says is best."""
    if len(trace.children) + trace.uncounted == 1:
        return next(iter(trace.children.values()), None)
    best = trace.best_child if tracked.best is None else tracked.best.run_id
    return trace.children.get(best or "")


def _shown_place(uri: str) -> str:
    return without_password(uri) if is_server(uri) else str(folder_of(uri))


def _is_temporary(uri: str) -> bool:
    """Of a server it is not this machine that keeps what is logged."""
    return not is_server(uri) and is_temporary(folder_of(uri))


def _publish(facts: CardFacts) -> None:
    from nbtrack.cards.card import card_html, card_text
    from nbtrack.cards.mark import card_mark

    _display(card_html(facts), card_text(facts), {"nbtrack": card_mark(facts)})


def _display(html: str, text: str, metadata: Mapping[str, Any] | None = None) -> None:
    from IPython.display import display

    bundle: dict[str, Any] = {"text/html": html, "text/plain": text}
    display(bundle, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
