"""Where a metric moved, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from nbtrack.display.look import muted
from nbtrack.display.markup import Html, clipped, joined, tag, visible
from nbtrack.display.number_format import format_change, format_column, format_number
from nbtrack.display.text_table import aligned
from nbtrack.provenance.bisection.bisection import Attempt, Bisection
from nbtrack.provenance.bisection.proof import Proof, Trial
from nbtrack.provenance.differences.as_html import FRAME, difference_html, small_table
from nbtrack.provenance.differences.as_text import KEY_LIMIT, difference_text, run_label
from nbtrack.records.runs import Run

_MOST_SHOWN = 12  # attempts around the jump
_TRIAL_LIMIT = 120


def bisection_text(found: Bisection, proof: Proof | None) -> str:
    rows = aligned([row for row, _ in attempt_rows(found)], right={4})
    lines = [_title(found), *(f"  {row}" for row in rows), *(f"  {s}" for s in _remarks(found))]
    blocks = ["\n".join(lines), *_proof_text(proof), difference_text(found.difference)]
    return "\n\n".join(blocks)


def _proof_text(proof: Proof | None) -> list[str]:
    if proof is None:
        return []
    rows = [f"  {row}" for row in aligned(proof_rows(proof))]
    return ["\n".join([visible(proof.verdict), *rows, *(f"  {visible(r)}" for r in proof.remarks)])]


def proof_rows(proof: Proof) -> list[list[str]]:
    """What ran, the metric that came of it, and on which side that is."""
    values = format_column([trial.value for trial in proof.trials])
    return [
        [clipped(trial.words, _TRIAL_LIMIT), value, clipped(_side(trial), _TRIAL_LIMIT)]
        for trial, value in zip(proof.trials, values)
    ]


def _side(trial: Trial) -> str:
    return trial.problem or ("as in B" if trial.is_past else "as in A")


def bisection_html(found: Bisection, proof: Proof | None) -> str:
    rows = [[_cell(cell, marked) for cell in row] for row, marked in attempt_rows(found)]
    table = small_table(rows)
    remarks = [tag("div", muted(each)) for each in _remarks(found)]
    head = tag("div", tag("b", _title(found)), table, *remarks, style=FRAME)
    return joined([head, *_proof_html(proof), Html(difference_html(found.difference))])


def _proof_html(proof: Proof | None) -> list[Html]:
    if proof is None:
        return []
    remarks = [tag("div", muted(each)) for each in proof.remarks]
    return [
        tag("div", tag("b", proof.verdict), small_table(proof_rows(proof)), *remarks, style=FRAME)
    ]


def _cell(text: str, is_marked: bool) -> str:
    return tag("b", text) if is_marked else text


def _title(found: Bisection) -> str:
    before, after = found.before, found.after
    old, new = format_column([before.value, after.value])
    change = format_change(after.value - before.value, like=new)
    moved = f"{clipped(found.metric, KEY_LIMIT)} moved from {old} to {new} ({change})"
    return f"{moved} in {_attempt_words(after)}"


def _attempt_words(attempt: Attempt) -> str:
    label = run_label(attempt.run)
    return f"attempt {attempt.number}, {label}" if attempt.number else label


def attempt_rows(found: Bisection) -> list[tuple[list[str], bool]]:
    """Mark, attempt, name, id, value; and whether the metric moved here."""
    start = max(0, min(found.place - _MOST_SHOWN // 2, len(found.attempts) - _MOST_SHOWN))
    shown = list(enumerate(found.attempts))[start:][:_MOST_SHOWN]
    texts = format_column([attempt.value for _, attempt in shown])
    return [
        (["▸" if n == found.place else "", *_facts(found, attempt), text], n == found.place)
        for (n, attempt), text in zip(shown, texts)
    ]


def _facts(found: Bisection, attempt: Attempt) -> list[str]:
    label, number = run_label(attempt.run), attempt.number
    return [label, f"attempt {number}" if number else "", _end(found, attempt.run)]


def _end(found: Bisection, run: Run) -> str:
    ends = {found.good: "good", found.bad: "bad"}
    return ends.get(run.info.run_id, run.info.run_id[:8])


def _remarks(found: Bisection) -> Sequence[str]:
    rule = f"The largest step across {format_number(found.middle)}, half-way between both runs"
    count = found.crossings
    several = f"; it was crossed {count:,} times" if count > 1 else ""
    more = len(found.attempts) - _MOST_SHOWN
    hidden = [f"{more:,} more attempts are not shown."] if more > 0 else []
    skipped = [f"{found.without:,} between them without the metric."] if found.without else []
    return [f"{rule}{several}.", *hidden, *skipped]
