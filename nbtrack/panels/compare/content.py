"""What a comparison of runs says, in words: made once, then shown as HTML, as text, by the panel.

So the three cannot tell different stories.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from nbtrack.charts.run_styles import PALETTE, run_labels
from nbtrack.display.markdown import markdown_words
from nbtrack.display.markup import clipped, first_line
from nbtrack.display.number_format import (
    MISSING,
    format_age,
    format_change,
    format_column,
    format_duration,
)
from nbtrack.lookup.difference import (
    NOTE,
    SAMPLED,
    Compared,
    ComparedMetric,
    Difference,
    difference,
    differing_first,
    is_sampled,
)
from nbtrack.lookup.line_difference import added_and_removed, signed_lines
from nbtrack.lookup.meant_runs import pinned_baseline
from nbtrack.lookup.metric_direction import Direction, Verdict, direction, directions, verdict
from nbtrack.lookup.run_times import seconds_of
from nbtrack.lookup.salience import Meaning, told_metrics
from nbtrack.panels.compare.kinds import grouped_params, meaning_of_difference, metric_order
from nbtrack.panels.runs.run_scope import read_experiments
from nbtrack.records.runs import Experiment, LifecycleStage, Run
from nbtrack.stores.store import Store

HANDFUL = 6  # lines, of params, metrics and tags together: beyond that only what differs is shown
MOST_LINES = 500  # of a section
_VALUE_LIMIT, _NAME_LIMIT, _ERROR_LIMIT = 300, 120, 300


class Value(NamedTuple):
    """*change* is what a metric is above or below the baseline: ▲ +0.012; *verdict* what that
    means, where it is known. *differs*: from the baseline."""

    text: str
    change: str = ""
    verdict: Verdict = ""
    differs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    key: str
    values: Sequence[Value]  # by run
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """*lines* begin with those that differ; *more* are past what is shown at all. One that
    *is_folded* shows its lines to whoever opens it."""

    name: str
    title: str
    lines: Sequence[Line]
    more: int = 0
    is_folded: bool = False

    @property
    def differing(self) -> Sequence[Line]:
        return [line for line in self.lines if line.differs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A run over its column. *experiment* is "" where all are of one; the swatch of the second
    ten runs, whose colours come again, *is_hollow*."""

    run_id: str
    label: str
    status: str  # in lower case
    age: str
    duration: str
    experiment: str
    colour: str
    is_hollow: bool
    is_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    runs: Sequence[Head]
    baseline: int  # its place among *runs*
    sections: Sequence[Section]

    @property
    def is_short(self) -> bool:
        """So short that what is equal need not be left out."""
        named = ("params", "metrics", "tags")
        return sum(len(s.lines) for s in self.sections if s.name in named) <= HANDFUL


def comparison(store: Store, run_ids: Sequence[str], *, baseline: str | None = None) -> Comparison:
    """Seen from *baseline*; by default from the one an experiment has, or the first run.

    Raises RunNotFound, and InvalidValue for another number of runs than 2 to 20.
    """
    return content_of(store, read_difference(store, run_ids, baseline=baseline))


def read_difference(
    store: Store, run_ids: Sequence[str], *, baseline: str | None = None
) -> Difference:
    return difference(store, run_ids, baseline=baseline or pinned_baseline(store, run_ids))


def content_of(store: Store, found: Difference) -> Comparison:
    experiments = read_experiments(store, list({run.info.experiment_id for run in found.runs}))
    place = found.baseline
    meaning = meaning_of_difference(found)
    sections = [
        _section("errors", "Errors", _errors(found)),
        *_metric_sections(found, meaning, directions(experiments)),
        *_param_sections(found, meaning),
        _section("tags", "Tags", _tag_lines(found.tags, place)),
        _section("data", "Data", compared_lines(found.data, place, in_words=data_words)),
        _section("code", "Code", _code(found.sources, place)),
        _section("environment", "Environment", environment_lines(found.environment, place)),
    ]
    return Comparison(
        runs=_heads(found, {e.experiment_id: e for e in experiments}),
        baseline=place,
        sections=[section for section in sections if section.lines],
    )


def _metric_sections(
    found: Difference, meaning: Meaning, declared: Mapping[str, Direction]
) -> list[Section]:
    """What somebody measured; folded behind it what autolog noted of the training."""
    order = metric_order(found, meaning)
    metrics = sorted(found.metrics, key=lambda each: (not each.differs, order[each.key]))
    keys = set(told_metrics([each.key for each in metrics], meaning))
    told = [each for each in metrics if each.key in keys]
    rest = [each for each in metrics if each.key not in keys]
    lines, folded = (metric_lines(each, found.baseline, declared) for each in (told, rest))
    return [
        _section("metrics", "Metrics", lines),
        _section("training", "Of the training", folded, is_folded=True),
    ]


def _param_sections(found: Difference, meaning: Meaning) -> list[Section]:
    params = grouped_params(found, meaning)
    shown = differing_first([*params.shared, *([params.by_kind] if params.by_kind else [])])
    folded = compared_lines(params.folded, found.baseline)
    return [
        _section("params", "Params", compared_lines(shown, found.baseline)),
        _section("kinds", "Params of one kind only", folded, is_folded=True),
    ]


def _section(name: str, title: str, lines: Sequence[Line], *, is_folded: bool = False) -> Section:
    return Section(
        name=name,
        title=title,
        lines=lines[:MOST_LINES],
        more=max(0, len(lines) - MOST_LINES),
        is_folded=is_folded,
    )


def labels_of(runs: Sequence[Run]) -> list[str]:
    """What to call each run, no two alike."""
    names = {run.info.run_id: run.info.run_name for run in runs}
    labels = run_labels(list(names), names)
    return [labels[run.info.run_id] for run in runs]


def _heads(found: Difference, experiments: Mapping[str, Experiment]) -> list[Head]:
    return [
        Head(
            run_id=run.info.run_id,
            label=clipped(label, _NAME_LIMIT),
            status=run.info.status.lower(),
            age=format_age(time.time() - run.info.start_time / 1000),
            duration=format_duration(seconds_of(run.info, now=time.time())),
            experiment=_experiment(run, experiments),
            colour=PALETTE[place % len(PALETTE)],
            is_hollow=place >= len(PALETTE),
            is_deleted=run.info.lifecycle_stage == LifecycleStage.DELETED,
        )
        for place, (run, label) in enumerate(zip(found.runs, labels_of(found.runs)))
    ]


def _experiment(run: Run, experiments: Mapping[str, Experiment]) -> str:
    known = experiments.get(run.info.experiment_id)
    return "" if known is None or len(experiments) < 2 else clipped(known.name, _NAME_LIMIT)


def compared_lines(
    compared: Sequence[Compared], baseline: int, *, in_words: Callable[[str], str] = str
) -> list[Line]:
    return [
        Line(
            key=clipped(each.key, _NAME_LIMIT),
            values=[
                Value(
                    MISSING if value is None else clipped(in_words(value), _VALUE_LIMIT),
                    differs=value != each.values[baseline],
                )
                for value in each.values
            ],
            differs=each.differs,
        )
        for each in compared
    ]


def _tag_lines(tags: Sequence[Compared], baseline: int) -> list[Line]:
    """A note without its marks."""
    words = {NOTE: markdown_words}
    lines = (compared_lines([tag], baseline, in_words=words.get(tag.key, str)) for tag in tags)
    return [line for found in lines for line in found]


def metric_lines(
    compared: Sequence[ComparedMetric], baseline: int, declared: Mapping[str, Direction]
) -> list[Line]:
    return [
        Line(
            key=clipped(each.key, _NAME_LIMIT),
            values=_metric_values(each, baseline, direction(each.key, declared)),
            differs=each.differs,
        )
        for each in compared
    ]


def _metric_values(metric: ComparedMetric, baseline: int, better: Direction | None) -> list[Value]:
    texts, base = format_column(metric.values), metric.values[baseline]
    return [
        Value(
            text,
            change=format_change(delta, like=text),
            verdict=verdict(delta, better),
            differs=repr(value) != repr(base),  # NaN is as NaN
        )
        for text, delta, value in zip(texts, metric.deltas, metric.values)
    ]


def _errors(found: Difference) -> list[Line]:
    """One line, if any run has failed with an error."""
    errors = [cell.get("error") or "" for cell in found.cells]
    if not any(errors):
        return []
    values = [Value(clipped(first_line(each), _ERROR_LIMIT) or MISSING) for each in errors]
    return [Line(key="error", values=values, differs=True)]


def data_words(text: str) -> str:
    """Digest and shape: 3f2a9c · 150 rows, 3f2a9c · 284 × 30."""
    digest, _, profile = text.partition(" ")
    sampled = f" · {SAMPLED}" if is_sampled(text) else ""
    try:
        found = json.loads(profile)
        shape = found.get("features_shape") or found.get("num_rows")
    except (ValueError, AttributeError, TypeError, RecursionError):
        return text
    if isinstance(shape, int):
        return f"{digest} · {shape:,} rows{sampled}"
    if isinstance(shape, list) and shape and all(isinstance(each, int) for each in shape):
        return f"{digest} · {' × '.join(f'{each:,}' for each in shape)}{sampled}"
    return text


def environment_lines(compared: Sequence[Compared], baseline: int) -> list[Line]:
    readable = [
        Compared(key="memory", values=[_gibibytes(value) for value in each.values])
        if each.key == "memory bytes"
        else each
        for each in compared
    ]
    lines = compared_lines(readable, baseline)
    noted = [each for each in compared if each.key != "git commit"]  # that is a tag of the run
    recorded = [any(each.values[n] is not None for each in noted) for n in _places(compared)]
    if all(recorded) or not any(recorded):
        return lines
    return sorted((_among(line, recorded) for line in lines), key=lambda line: not line.differs)


def _places(compared: Sequence[Compared]) -> range:
    return range(len(compared[0].values) if compared else 0)


def _among(line: Line, recorded: Sequence[bool]) -> Line:
    """A run whose packages nobody noted differs in none of them."""
    values = [v._replace(differs=v.differs and known) for v, known in zip(line.values, recorded)]
    texts = {value.text for value, known in zip(line.values, recorded) if known}
    return replace(line, values=values, differs=len(texts) > 1)


def _gibibytes(text: str | None) -> str | None:
    is_count = text is not None and text.isdecimal() and len(text) < 20
    return f"{int(text or 0) / (1 << 30):.1f} GiB" if is_count else text


def _code(sources: Sequence[str | None], baseline: int) -> list[Line]:
    """How many lines of each run's cell are not those of the baseline's."""
    if not any(sources):
        return []
    base = sources[baseline]
    words = {source: _changed_lines(base, source) for source in set(sources)}
    values = [
        Value("baseline" if place == baseline and source else words[source], differs=source != base)
        for place, source in enumerate(sources)
    ]
    return [Line(key="lines of the cell", values=values, differs=len(set(sources)) > 1)]


def _changed_lines(base: str | None, source: str | None) -> str:
    if source is None:
        return MISSING
    if base is None:
        return f"{len(source.splitlines()):,} lines"
    if source == base:
        return "same"
    added, removed = added_and_removed(signed_lines(base, source))
    return f"+{added:,} −{removed:,}"
