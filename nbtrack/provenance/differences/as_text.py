"""Why a run is different, as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from nbtrack.display.markup import clipped, visible
from nbtrack.display.number_format import MISSING, format_change, format_column, format_moment
from nbtrack.display.text_table import aligned
from nbtrack.lookup.line_difference import SignedLine
from nbtrack.provenance.differences.difference import MetricDifference, RunDifference
from nbtrack.provenance.differences.findings import Change, Finding
from nbtrack.records.runs import Run

NO_DIFFERENCE = "No difference was recorded."
MOST_CHANGES, MOST_LINES, MOST_METRICS = 30, 40, 40  # of a part, of a change, in all
KEY_LIMIT, VALUE_LIMIT, LINE_LIMIT = 60, 80, 160
_NAME_LIMIT, _SENTENCE_LIMIT = 80, 200
SIGNS = {"~": "~", "-": "−", "+": "+", "=": " "}


def difference_text(found: RunDifference) -> str:
    return _joined([_heads(found), _section("METRICS", metric_rows(found)), *_parts(found)])


def causes_text(found: RunDifference, *, title: str = "") -> str:
    """All but the runs and their metrics, for below a table that has them."""
    return _joined([[title] if title else [], *_parts(found)])


def _joined(blocks: Iterable[Sequence[str]]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _parts(found: RunDifference) -> list[list[str]]:
    return [
        _section(*_causes(found)),
        _section("CANNOT HAVE MOVED A NUMBER", _numbered(found.harmless)),
        _section("NOT PROVEN THE SAME", _indented(sentences(found.findings, "doubts"))),
        _section("NOT CAPTURED", _indented(sentences(found.findings, "gaps"))),
        _section("THE SAME", _indented([", ".join(found.same)] if found.same else [])),
    ]


def run_label(run: Run) -> str:
    return clipped(run.info.run_name or run.info.run_id, _NAME_LIMIT)


def run_facts(run: Run) -> str:
    return f"{run.info.run_id[:8]}, {format_moment(run.info.start_time)} UTC"


def _heads(found: RunDifference) -> list[str]:
    rows = [[name, run_label(run), run_facts(run)]
            for name, run in (("A", found.before), ("B", found.after))]  # fmt: skip
    return ["Why is B different from A?", *(f"  {line}" for line in aligned(rows))]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [title, *lines] if lines else []


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


# --- metrics


def metric_rows(found: RunDifference) -> list[str]:
    shown = shown_metrics(found)
    rows = aligned([[clipped(each.key, KEY_LIMIT), *metric_words(each)] for each in shown])
    return _indented([*rows, *other_metrics_words(found)])


def shown_metrics(found: RunDifference) -> Sequence[MetricDifference]:
    """What somebody measured; without it, what autolog noted."""
    told = [each for each in found.metrics if each.is_told]
    return (told or found.metrics)[:MOST_METRICS]


def metric_words(metric: MetricDifference) -> list[str]:
    """0.91, →, 0.957, ▲ +0.047 better."""
    old, new = format_column([metric.before, metric.after])
    change = format_change(metric.delta, like=new)
    return [old, "→", new, f"{change} {metric.verdict}".strip()]


def other_metrics_words(found: RunDifference) -> list[str]:
    """What is said below them."""
    more = len(found.metrics) - len(shown_metrics(found))
    if not found.metrics:
        same = found.same_metrics
        return [f"all {same:,} are the same" if same else "none was recorded in either run"]
    counted = ((more, "more differ"), (found.same_metrics, "the same"))
    words = ", ".join(f"{count:,} {what}" for count, what in counted if count)
    return [words] if words else []


# --- causes


def _causes(found: RunDifference) -> tuple[str, list[str]]:
    if not found.causes:
        return "WHAT EXPLAINS IT", [f"  {NO_DIFFERENCE}"]
    return "WHAT EXPLAINS IT, the likeliest first", _numbered(found.causes)


def _numbered(findings: Iterable[Finding]) -> list[str]:
    return [
        line
        for n, finding in enumerate(findings, 1)
        for line in [f"  {n}. {finding.part.heading}", *_change_lines(finding)]
    ]


def _change_lines(finding: Finding) -> list[str]:
    shown = finding.changes[:MOST_CHANGES]
    lines = [f"     {line}" for change in shown for line in _change(change)]
    more = len(finding.changes) - len(shown)
    return [*lines, f"     … and {more:,} more"] if more else lines


def _change(change: Change) -> list[str]:
    return [change_words(change), *(f"  {line}" for line in _lines(change.lines))]


def change_words(change: Change) -> str:
    """max_depth: 2 → 8; cell [3], edited: 1 line changed."""
    key, note = clipped(change.key, KEY_LIMIT), clipped(change.note, VALUE_LIMIT)
    values = value_words(change)
    if values:
        told = f"{key}: {values}"
        return f"{told} ({note})" if note else told
    named = {"~": "", "+": " added", "-": " removed"}[change.sign]
    return f"{key}{named}: {note}" if key else note


def value_words(change: Change) -> str:
    """Of what has no lines: 2 → 8, – → 8."""
    if not (change.before or change.after) and (change.note or change.lines):
        return ""
    before = MISSING if change.sign == "+" else clipped(change.before, VALUE_LIMIT)
    after = MISSING if change.sign == "-" else clipped(change.after, VALUE_LIMIT)
    return f"{before} → {after}"


def _lines(lines: Sequence[SignedLine]) -> list[str]:
    """One below the other, those that are the same left out."""
    shown = [text for line in lines for text in sides(line)]
    more = len(shown) - MOST_LINES
    texts = [f"{sign} {clipped(text, LINE_LIMIT)}" for sign, text in shown[:MOST_LINES]]
    return [*texts, f"… and {more:,} more lines"] if more > 0 else texts


def sides(line: SignedLine) -> list[tuple[str, str]]:
    """What went, then what came, with a sign; nothing of what is the same."""
    if line.sign == "=":
        return []
    gone = [("−", line.before)] if line.before is not None else []
    come = [("+", line.after)] if line.after is not None else []
    return [(sign, visible(text.expandtabs(4))) for sign, text in (*gone, *come)]


# --- what is not known


def sentences(findings: Iterable[Finding], kind: Literal["doubts", "gaps"]) -> list[str]:
    """Parts of which the same is to be said in one: Packages, Python: not captured in A."""
    titles: dict[str, list[str]] = {}
    for finding in findings:
        for words in finding.doubts if kind == "doubts" else finding.gaps:
            titles.setdefault(words, []).append(finding.part.heading)
    return [f"{', '.join(parts)}: {clipped(words, _SENTENCE_LIMIT)}"
            for words, parts in titles.items()]  # fmt: skip
