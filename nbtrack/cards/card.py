"""The card under a tracked cell: one compact block of script-free HTML, and its text twin."""

from __future__ import annotations

from collections.abc import Sequence

from nbtrack.cards.content import (
    BEST_RUN_LIMIT,
    ERROR_LIMIT,
    KEY_LIMIT,
    LISTED,
    NAME_LIMIT,
    NOTE_LIMIT,
    SHOWN_FITS,
    SHOWN_METRICS,
    SHOWN_PARAMS,
    VALUE_LIMIT,
    Comparison,
    MetricLine,
    MetricTable,
    ParamPiece,
    children_line,
    column_heads,
    error_parts,
    fit_columns,
    fits_head,
    footer_words,
    metric_table,
    more_fit_metrics,
    param_lines,
    run_name,
    status_words,
    store_words,
    warning_lines,
)
from nbtrack.cards.facts import CardFacts, FitFact
from nbtrack.display.look import BAD, GOOD, LINE, MUTED, ROW, WARN, muted, status_dot, status_style
from nbtrack.display.markup import Html, clipped, clipped_html, first_line, joined, tag, visible
from nbtrack.display.number_format import MISSING
from nbtrack.display.text_table import aligned

_FRAME = (
    f"border:{LINE};border-radius:4px;padding:7px 12px 8px;margin:2px 0 4px;max-width:760px;"
    "overflow-x:auto;font-size:13px;line-height:1.45;font-variant-numeric:tabular-nums"
)
_GAP = "margin:4px 0 0"
_TABLE = f"{_GAP};border-collapse:collapse;border:0;font-size:13px;table-layout:auto"
# A notebook keeps every cell of every card: no more than what Lab would not do alone.
_NUMBER = "padding:2px 14px 2px 0"
_TEXT = f"{_NUMBER};text-align:left"
_CELL = f"{_TEXT};white-space:nowrap"
_TREND = f"{_CELL};font-size:9px;{MUTED}"
_HEAD = f"{_NUMBER};font-weight:normal;font-size:11px;white-space:nowrap"
# One width for the first column of every table of the card, so that they line up.
_LABEL = {"scope": "row", "align": "left", "style": f"{_CELL};font-weight:normal;width:104px"}
_FACT = {**_LABEL, "style": f"{_LABEL['style']};vertical-align:top"}  # beside several lines
_FIT_NAME = {**_LABEL, "style": f"{_TEXT};font-weight:normal;min-width:104px"}  # it may wrap
_FOOT = f"margin:5px 0 0;font-size:11px;{MUTED}"
_WARNED = "overflow-wrap:anywhere"
_VERDICT_STYLE = {"better": GOOD, "best": GOOD, "worse": BAD}


def card_html(facts: CardFacts) -> str:
    metrics = metric_table(facts)
    blocks = [
        _headline(facts),
        _error(facts),
        _metrics(metrics, facts) if metrics else None,
        _fits(facts.fits) if facts.fits else None,
        _more_fit_metrics(facts.fits),
        _table(_fact_rows(facts)),
        tag("div", joined(_footer(facts), " · "), style=_FOOT),
    ]
    return tag("div", *(block for block in blocks if block), style=_FRAME)


def card_text(facts: CardFacts) -> str:
    """The same facts for terminals and plain-text front ends."""
    metrics = metric_table(facts)
    error = [": ".join(part for part in error_parts(facts.error) if part)] if facts.error else []
    lines = [
        *(clipped(line, ERROR_LIMIT) for line in error),
        *(_text_metrics(metrics, facts) if metrics else ()),
        *_text_fits(facts.fits),
        *_text_facts(facts),
        " · ".join(footer_words(facts)),
    ]
    return "\n  ".join(visible(line) for line in [_text_headline(facts), *lines])


def _headline(facts: CardFacts) -> Html:
    name = tag("b", clipped_html(run_name(facts), NAME_LIMIT, dir="auto"))
    words: list[str] = [joined(status_words(facts), " · ")]
    if facts.experiment:
        words.append(muted(" · ", clipped_html(facts.experiment, KEY_LIMIT, dir="auto")))
    dot = status_dot(facts.status)
    return tag("div", dot, " ", name, " ", tag("span", *words, style="margin-left:6px"))


def _error(facts: CardFacts) -> Html | None:
    if not facts.error:
        return None
    kind, message = error_parts(facts.error)
    parts = [tag("b", kind) if kind else "", clipped_html(message, ERROR_LIMIT)]
    style = f"margin:3px 0 0;overflow-wrap:break-word;{status_style(facts.status)}"
    return tag("div", joined((part for part in parts if part), ": "), style=style)


def _metrics(metrics: MetricTable, facts: CardFacts) -> Html | None:
    rows = [_metric_row(line, metrics) for line in metrics.lines]
    if metrics.has_change or metrics.has_best:
        rows = [_head_row(metrics, facts), *rows]
    before = _owner_line(*metrics.owner) if metrics.owner else ""
    return joined(part for part in (before, _table(rows), _more_metrics(metrics)) if part)


def _owner_line(words: str, name: str) -> Html:
    return tag("div", muted(words, ": "), clipped_html(name, NAME_LIMIT, dir="auto"), style=_GAP)


def _head_row(metrics: MetricTable, facts: CardFacts) -> Html:
    heads = column_heads(metrics, facts)
    return _row(*(_head(name, "right" if name == "now" else "left") for name in heads))


def _head(name: str, side: str) -> Html:
    return tag("th", muted(name), scope="col", align=side, style=f"{_HEAD};text-align:{side}")


def _metric_row(line: MetricLine, metrics: MetricTable) -> Html:
    inferred = muted(" inferred") if line.is_inferred else ""
    cells = [
        tag("th", clipped_html(line.key, KEY_LIMIT), inferred, **_LABEL),
        tag("td", tag("b", line.value), align="right", style=_NUMBER),
    ]
    if metrics.has_trend:
        cells.append(tag("td", line.trend, title=f"{line.points:,} points", style=_TREND))
    if metrics.has_change:
        cells.append(tag("td", _comparison(line.change), style=_CELL))
    if metrics.has_best:
        cells.append(_best_cell(line))
    return _row(*cells)


def _best_cell(line: MetricLine) -> Html:
    run = [" ", clipped_html(line.best_run, BEST_RUN_LIMIT)] if line.best_run else []
    if line.best.verdict not in _VERDICT_STYLE and not line.best.word:
        return tag("td", line.best.number, *run, style=f"{_CELL};{MUTED}")
    return tag("td", _comparison(line.best), *map(muted, run), style=_CELL)


def _more_metrics(metrics: MetricTable) -> Html | None:
    if not metrics.more:
        return None
    return _folded([_brief(line) for line in metrics.more], style="margin:1px 0 0")


def _folded(parts: Sequence[str], *, style: str) -> Html:
    summary = tag("summary", f"+{len(parts)} more", style=f"cursor:pointer;{MUTED}")
    listed = [*parts[:LISTED], *(["…"] if len(parts) > LISTED else [])]
    return tag("details", summary, joined(listed, " · "), style=style)


def _comparison(found: Comparison) -> Html:
    """The number in the colour of the verdict, which is also said in a word."""
    style = _VERDICT_STYLE.get(found.verdict, MUTED)
    number = tag("span", found.number, style=style)
    return joined([number, muted(f" {found.word}")]) if found.word else number


def _brief(line: MetricLine) -> Html:
    """A metric past the first few, in a running line."""
    change = [" (", _comparison(line.change), ")"] if line.change.text != MISSING else []
    return tag("span", muted(clipped_html(line.key, KEY_LIMIT)), " ", line.value, *change)


def _fact_rows(facts: CardFacts) -> list[Html]:
    rows = [
        _fact(f"⚠ {warned.kind}", tag("span", sentence, style=_WARNED), style=WARN)
        for warned, sentence in warning_lines(facts)
    ]
    if children := children_line(facts):
        rows.append(_fact("children", children))
    for line in param_lines(facts):
        rows.append(_fact(line.label, *_pieces(line.pieces)))
    for label, text in facts.said:
        rows.append(_fact(label, clipped_html(first_line(text), NOTE_LIMIT)))
    for note in facts.notes:
        rows.append(_fact("note", clipped_html(first_line(note), NOTE_LIMIT), style=WARN))
    if place := store_words(facts):
        rows.append(_fact("store", place))
    return rows


def _fact(label: str, *content: str, style: str = MUTED) -> Html:
    head = tag("th", tag("span", label, style=style), **_FACT)
    return _row(head, tag("td", *content, align="left", style=_TEXT))


def _pieces(pieces: Sequence[ParamPiece]) -> list[Html]:
    written = [_piece(piece) for piece in pieces]
    shown, rest = written[:SHOWN_PARAMS], written[SHOWN_PARAMS:]
    return [joined(shown, " · "), *([_folded(rest, style="margin:0")] if rest else [])]


def _piece(piece: ParamPiece) -> Html:
    key, now = clipped_html(piece.key, KEY_LIMIT), clipped_html(piece.now, VALUE_LIMIT)
    if piece.before is None:
        return tag("span", muted(key, "="), now)
    before = clipped_html(piece.before, VALUE_LIMIT)
    return tag("span", muted(key), " ", before, muted(" → "), now)


def _fits(fits: Sequence[FitFact]) -> Html | None:
    """One row a fit, one column a metric: all fits are equals."""
    keys, columns = fit_columns(fits)
    heads = [_head(clipped(key, KEY_LIMIT), "right") for key in keys]
    rows = [_row(_head(fits_head(fits), "left"), *heads)]
    names = [
        tag("th", clipped_html(fit.name, NAME_LIMIT), **_FIT_NAME) for fit in fits[:SHOWN_FITS]
    ]
    for name, *numbers in zip(names, *columns):
        rows.append(_row(name, *(tag("td", n, align="right", style=_NUMBER) for n in numbers)))
    return _table(rows)


def _more_fit_metrics(fits: Sequence[FitFact]) -> Html | None:
    more = more_fit_metrics(fits)
    return tag("div", muted(more), style="margin:1px 0 0;font-size:11px") if more else None


def _footer(facts: CardFacts) -> list[str]:
    run, *rest = footer_words(facts)
    return [tag("span", run, title=facts.run_id), *rest]


def _table(rows: Sequence[Html]) -> Html | None:
    return tag("table", tag("tbody", *rows), cellpadding=3, style=_TABLE) if rows else None


def _row(*cells: str) -> Html:
    return tag("tr", *cells, style=ROW)


def _text_headline(facts: CardFacts) -> str:
    words = [clipped(run_name(facts), NAME_LIMIT), *status_words(facts)]
    if facts.experiment:
        words.append(clipped(facts.experiment, KEY_LIMIT))
    return " · ".join(words)


def _text_metrics(metrics: MetricTable, facts: CardFacts) -> list[str]:
    rows = [_text_metric(line, metrics) for line in metrics.lines]
    if metrics.has_change or metrics.has_best:
        rows = [column_heads(metrics, facts), *rows]
    lines = aligned(rows, right={1})
    if metrics.owner:
        words, name = metrics.owner
        lines = [f"{words}: {clipped(name, NAME_LIMIT)}", *lines]
    if metrics.more:
        listed = " · ".join(_text_brief(line) for line in metrics.more[:SHOWN_METRICS])
        listed += " · …" if len(metrics.more) > SHOWN_METRICS else ""
        lines.append(f"+{len(metrics.more)} more: {listed}")
    return lines


def _text_metric(line: MetricLine, metrics: MetricTable) -> list[str]:
    inferred = " inferred" if line.is_inferred else ""
    cells = [clipped(line.key, KEY_LIMIT) + inferred, line.value]
    cells += [line.trend] if metrics.has_trend else []
    cells += [str(line.change)] if metrics.has_change else []
    if metrics.has_best:
        cells.append(f"{line.best} {clipped(line.best_run or '', BEST_RUN_LIMIT)}".rstrip())
    return cells


def _text_brief(line: MetricLine) -> str:
    change = f" ({line.change})" if line.change.text != MISSING else ""
    return f"{clipped(line.key, KEY_LIMIT)} {line.value}{change}"


def _text_fits(fits: Sequence[FitFact]) -> list[str]:
    keys, columns = fit_columns(fits)
    if not fits:
        return []
    heads = [fits_head(fits), *(clipped(key, KEY_LIMIT) for key in keys)]
    names = [clipped(fit.name, NAME_LIMIT) for fit in fits[:SHOWN_FITS]]
    lines = aligned([heads, *zip(names, *columns)], right=range(1, len(heads)))
    more = more_fit_metrics(fits)
    return [*lines, more] if more else lines


def _text_facts(facts: CardFacts) -> list[str]:
    rows = [(f"⚠ {warned.kind}", sentence) for warned, sentence in warning_lines(facts)]
    rows += [("children", words)] if (words := children_line(facts)) else []
    rows += [(line.label, _text_pieces(line.pieces)) for line in param_lines(facts)]
    rows += [(label, clipped(first_line(text), NOTE_LIMIT)) for label, text in facts.said]
    rows += [("note", clipped(first_line(note), NOTE_LIMIT)) for note in facts.notes]
    rows += [("store", place)] if (place := store_words(facts)) else []
    return aligned(rows)


def _text_pieces(pieces: Sequence[ParamPiece]) -> str:
    words = [str(piece) for piece in pieces[:SHOWN_PARAMS]]
    if len(pieces) > SHOWN_PARAMS:
        words.append(f"+{len(pieces) - SHOWN_PARAMS} more")
    return " · ".join(words)
