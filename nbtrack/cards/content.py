"""What a card says, in words: made once, then laid out as HTML and as text.

So the two twins cannot tell different stories.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nbtrack.cards.facts import CardFacts, ChildrenFacts, FitFact, MetricFact, ParamChange
from nbtrack.display.markup import clipped, first_line, visible
from nbtrack.display.number_format import (
    MISSING,
    format_column,
    format_delta,
    format_duration,
    format_like,
    format_milliseconds,
    format_number,
    most_decimals,
)
from nbtrack.display.sparkline import sparkline
from nbtrack.display.temporary_place import temporary_words
from nbtrack.lookup.key_facts import facts_of
from nbtrack.lookup.metric_direction import Direction
from nbtrack.lookup.salience import Meaning, metrics_in_order
from nbtrack.records.origins import Origin
from nbtrack.records.warned import Warned

SHOWN_METRICS = 6
SHOWN_PARAMS = 8
SHOWN_FITS = 12
SHOWN_FIT_METRICS = 4  # columns: what is wider than the card would have to be scrolled
LISTED = 60  # of those behind "+N more"
NAME_LIMIT, KEY_LIMIT, VALUE_LIMIT, ERROR_LIMIT, NOTE_LIMIT = 64, 36, 40, 200, 240
BEST_RUN_LIMIT, WARNING_LIMIT = 20, 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """*arrow* says where the number went and *verdict* what that means; both only if known."""

    text: str
    arrow: str = ""
    verdict: str = ""  # better, worse, best

    @property
    def number(self) -> str:
        return f"{self.arrow} {self.text}" if self.arrow else self.text

    @property
    def word(self) -> str:
        """What the colour says; of the best run the text says it."""
        return self.verdict if self.verdict in ("better", "worse") else ""

    def __str__(self) -> str:
        return f"{self.number} {self.word}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricLine:
    key: str
    value: str
    is_inferred: bool
    change: Comparison
    best: Comparison
    best_run: str | None
    trend: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricTable:
    """*more* are the lines past the first few; a flag is true when any line fills that column.

    *owner* is ("best of 12 children", its name) when the metrics are not the run's own.
    """

    owner: tuple[str, str] | None
    lines: Sequence[MetricLine]
    more: Sequence[MetricLine]
    has_change: bool
    has_best: bool
    has_trend: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamPiece:
    """`key=now`, or, when *before* is given, `key before → now`."""

    key: str
    now: str
    before: str | None = None

    def __str__(self) -> str:
        key, now = clipped(self.key, KEY_LIMIT), clipped(self.now, VALUE_LIMIT)
        if self.before is None:
            return f"{key}={now}"
        return f"{key} {clipped(self.before, VALUE_LIMIT)} → {now}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamLine:
    label: str
    pieces: Sequence[ParamPiece]


def run_name(facts: CardFacts) -> str:
    return facts.run_name or facts.run_id[:8]


def status_words(facts: CardFacts) -> list[str]:
    words = [clipped(facts.status.lower(), KEY_LIMIT)]
    if facts.duration_seconds is not None:
        words.append(format_duration(facts.duration_seconds))
    if facts.attempt > 1:
        words.append(f"attempt {facts.attempt}")
    return words


def error_parts(error: str) -> tuple[str, str]:
    """("ValueError", "could not convert …"), without the type's module; either may be empty."""
    line = first_line(error)
    kind, _, message = line.partition(": ")
    if kind.replace(".", "").replace("_", "").isalnum():
        return clipped(kind.rpartition(".")[2], KEY_LIMIT), message
    return "", line


def metric_table(facts: CardFacts) -> MetricTable | None:
    """The run's own metrics; if it has none, those of its only or best child."""
    if facts.metrics:
        return _table(facts.metrics, facts, owner=None)
    if facts.children is not None and facts.children.metrics:
        return _table(facts.children.metrics, facts, owner=_owner(facts.children))
    return None


def column_heads(metrics: MetricTable, facts: CardFacts) -> list[str]:
    """Heads of the columns that have something to say."""
    against = f"attempt {facts.previous_attempt}" if facts.previous_attempt else "last attempt"
    heads = ["metric", "now"]
    heads += ["trend"] if metrics.has_trend else []
    heads += [f"vs {against}"] if metrics.has_change else []
    return heads + (["best other run"] if metrics.has_best else [])


def children_line(facts: CardFacts) -> str | None:
    children = facts.children
    if children is None or children.count == 0:
        return None
    if children.metrics and not facts.metrics:
        return None  # the heading of their metrics has it
    words = f"{children.count:,}{_failures(children)}"
    if children.best_name and children.metrics:
        listed = ", ".join(
            f"{clipped(m.key, KEY_LIMIT)} {format_number(m.value)}" for m in children.metrics[:3]
        )
        which = "" if children.count == 1 else "best: "
        words += f" · {which}{clipped(children.best_name, NAME_LIMIT)}, {listed}"
    return words


def fit_columns(fits: Sequence[FitFact]) -> tuple[list[str], list[list[str]]]:
    """The most telling metrics of the fits, and one column of numbers for each; a dash where a fit
    has none."""
    shown, keys = fits[:SHOWN_FITS], _fit_metrics(fits)[:SHOWN_FIT_METRICS]
    return keys, [format_column([fit.metrics.get(key) for fit in shown]) for key in keys]


def more_fit_metrics(fits: Sequence[FitFact]) -> str | None:
    """`+2 more: training_recall_score · n_iter`."""
    more = _fit_metrics(fits)[SHOWN_FIT_METRICS:]
    if not more:
        return None
    listed = [clipped(key, KEY_LIMIT) for key in more[:SHOWN_METRICS]]
    return f"+{len(more)} more: {' · '.join(listed)}" + " · …" * (len(more) > SHOWN_METRICS)


def _fit_metrics(fits: Sequence[FitFact]) -> list[str]:
    """The most telling ones first; of equals, those that more fits have."""
    shown = fits[:SHOWN_FITS]
    origins: dict[str, Origin] = {}
    for fit in shown:
        origins |= fit.origins
    facts = facts_of([fit.metrics for fit in shown], len(shown))
    return [each.key for each in metrics_in_order(facts, Meaning(metrics=origins))]


def fits_head(fits: Sequence[FitFact]) -> str:
    shown = f", first {SHOWN_FITS}" if len(fits) > SHOWN_FITS else ""
    return f"{len(fits):,} fits{shown}"


def param_lines(facts: CardFacts) -> list[ParamLine]:
    """Changed params first, then the others, then those that nobody logged by hand."""
    changed = {change.key for change in facts.params_changed}
    rest = [ParamPiece(key=k, now=v) for k, v in facts.params.items() if k not in changed]
    compared = facts.previous_attempt is not None
    lines = [
        ParamLine(label="changed", pieces=[_changed_piece(c) for c in facts.params_changed]),
        ParamLine(
            label="unchanged" if compared else "params",
            pieces=[p for p in rest if p.key not in facts.inferred],
        ),
        ParamLine(
            label="inferred",
            pieces=[p for p in rest if p.key in facts.inferred],
        ),
    ]
    return [line for line in lines if line.pieces]


def warning_lines(facts: CardFacts) -> list[tuple[Warned, str]]:
    return [(each, clipped(first_line(each.sentence), WARNING_LIMIT)) for each in facts.warnings]


def store_words(facts: CardFacts) -> str | None:
    if facts.store_path is None:
        return None
    place = clipped(facts.store_path, 300)
    if not facts.store_is_temporary:
        return place
    return f"{place} ({temporary_words(Path(facts.store_path))})"


def footer_words(facts: CardFacts) -> list[str]:
    words = [f"run {visible(facts.run_id[:8])}"]
    if facts.artifacts:
        words.append(f"{facts.artifacts:,} artifact{'s' if facts.artifacts != 1 else ''}")
    if facts.cost_ms is not None:
        words.append(f"recording took {format_milliseconds(facts.cost_ms)}")
    if facts.set_up_seconds is not None:
        words.append(f"set-up, once: {format_duration(facts.set_up_seconds)}")
    return words


def change_since(
    now: float | None, before: float | None, way: Direction | None, *, like: str = ""
) -> Comparison:
    """*now* against *before*; numbers that cannot be subtracted are told, not compared.

    *like* is the text of a number whose decimals are to be used.
    """
    if before is None:
        return Comparison(text=MISSING)
    if now is None or not (math.isfinite(now) and math.isfinite(before)):
        return Comparison(text=f"was {format_like(before, like)}")
    if math.isclose(now, before, rel_tol=1e-12):
        return Comparison(text="=")
    change = format_delta(now - before, like=like)
    if way is None:
        return Comparison(text=change)
    verdict = "better" if (now > before) == (way == "higher") else "worse"
    return Comparison(text=change, arrow="▲" if now > before else "▼", verdict=verdict)


def best_of_others(metric: MetricFact, *, like: str = "") -> Comparison:
    """Where the run stands among the others; "best" has no meaning without a direction."""
    if metric.best is None or metric.direction is None:
        return Comparison(text=MISSING)
    best = format_like(metric.best, like)
    against = change_since(metric.value, metric.best, metric.direction)
    if against.verdict == "better":
        return Comparison(text=f"beats {best}", arrow="★", verdict="best")
    return Comparison(text=f"= {best}" if against.text == "=" else best)


def _table(
    metrics: Sequence[MetricFact], facts: CardFacts, *, owner: tuple[str, str] | None
) -> MetricTable:
    values = _values(metrics)
    lines = [_line(metric, value, facts) for metric, value in zip(metrics, values)]
    shown = lines[:SHOWN_METRICS]
    return MetricTable(
        owner=owner,
        lines=shown,
        more=lines[SHOWN_METRICS:],
        has_change=any(line.change.text != MISSING for line in shown),
        has_best=any(line.best.text != MISSING for line in shown),
        has_trend=any(line.trend for line in shown),
    )


def _values(metrics: Sequence[MetricFact]) -> list[str]:
    """Scores share their decimals; counts and large numbers, another unit, keep to themselves."""
    scores = [m.value if m.value is not None and abs(m.value) <= 10 else None for m in metrics]
    return [
        format_number(metric.value) if score is None else text
        for metric, score, text in zip(metrics, scores, format_column(scores))
    ]


def _line(metric: MetricFact, value: str, facts: CardFacts) -> MetricLine:
    like = _pattern(metric, value)
    best = best_of_others(metric, like=like)
    return MetricLine(
        key=metric.key,
        value=format_like(metric.value, like),
        is_inferred=metric.key in facts.inferred_metrics and bool(facts.metrics),
        change=change_since(metric.value, metric.previous, metric.direction, like=like),
        best=best,
        best_run=metric.best_run if best.text != MISSING else None,
        trend=sparkline(metric.spark or ()),
        points=metric.points,
    )


def _pattern(metric: MetricFact, value: str) -> str:
    """What is compared shares its decimals: as many as any of it needs. *value* is the column's."""
    compared = [metric.value, metric.previous, metric.best if metric.direction else None]
    return most_decimals([value, *map(format_number, compared)])


def _owner(children: ChildrenFacts) -> tuple[str, str]:
    name = children.best_name or "unnamed"
    if children.count == 1:
        return f"of its child{_failures(children)}", name
    return f"best of {children.count:,} children{_failures(children)}", name


def _failures(children: ChildrenFacts) -> str:
    found = (children.failed, "failed"), (children.killed, "killed")
    told = ", ".join(f"{count:,} {how}" for count, how in found if count)
    return f" ({told})" if told else ""


def _changed_piece(change: ParamChange) -> ParamPiece:
    before, now = (MISSING if v is None else v for v in (change.before, change.now))
    return ParamPiece(key=change.key, before=before, now=now)
