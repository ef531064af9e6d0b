"""The registry as script-free HTML: for wherever no panel is alive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nbtrack.display.look import BUSY, GOOD, LINE, MUTED, ROW, WARN, muted
from nbtrack.display.markup import Html, clipped, clipped_html, joined, tag
from nbtrack.display.number_format import MISSING
from nbtrack.panels.registry.content import (
    Card,
    EventLine,
    Lane,
    ModelLine,
    ModelPage,
    in_one_line,
)
from nbtrack.panels.registry.text import (
    MOST_EVENTS,
    alias_words,
    gate_words,
    in_use_words,
    nothing_registered,
)

_MOST_CARDS = 5  # of a stage
_NAME, _TEXT = 40, 120
_FRAME = "overflow-x:auto;margin:2px 0 4px;font-variant-numeric:tabular-nums"
_TABLE = f"border-collapse:collapse;border:{LINE};font-size:13px;margin:0"
_CAPTION = "caption-side:top;text-align:left;padding:2px 0 6px;font-size:13px"
_CELL = "padding:3px 8px;line-height:1.4;text-align:left;vertical-align:baseline"
_LANE = f"padding:6px 8px;min-width:130px;text-align:left;vertical-align:top;border:{LINE}"
_CARD = "padding:2px 0 8px;line-height:1.4"
_STAGE_STYLES = {"Staging": WARN, "Production": GOOD, "None": MUTED, "Archived": MUTED}


def models_html(models: Sequence[ModelLine], place: str) -> str:
    if not models:
        return tag("div", muted(nothing_registered(place)), style=_FRAME)
    count = f"{len(models):,} registered model{'' if len(models) == 1 else 's'}"
    caption = tag("caption", tag("div", tag("b", count), align="left"), style=_CAPTION)
    names = ("model", "versions", "in use", "aliases", "last change", "description")
    heads = (tag("th", muted(n), scope="col", align="left", style=_CELL) for n in names)
    body = tag("tbody", *(_model_row(model) for model in models))
    head = tag("thead", tag("tr", *heads, style=ROW))
    table = tag("table", caption, head, body, cellpadding=4, style=_TABLE)
    return tag("div", table, style=_FRAME)


def _model_row(model: ModelLine) -> Html:
    name = tag("b", clipped_html(model.name, _NAME, dir="auto"))
    style = f"{_CELL};font-weight:normal;border-top:{LINE}"
    cells = [tag("th", name, scope="row", align="left", style=style)]
    texts = (f"{model.versions:,}", in_use_words(model), alias_words(model), model.changed,
             model.description)  # fmt: skip
    cells += [tag("td", _text(each), align="left", style=style) for each in texts]
    return tag("tr", *cells, style=ROW)


def _text(text: str) -> Html:
    return muted(MISSING) if text == MISSING else clipped_html(text, _TEXT, dir="auto")


def page_html(page: ModelPage) -> str:
    heads = (_lane_head(lane) for lane in page.lanes)
    lanes = (_lane(lane, page.metric) for lane in page.lanes)
    head, body = tag("tr", *heads, style=ROW), tag("tr", *lanes, style=ROW)
    caption = tag("caption", *_caption(page), style=_CAPTION)
    table = tag("table", caption, tag("thead", head), tag("tbody", body), style=_TABLE)
    record = tag("div", *_timeline(page), style="padding-top:6px")
    return tag("div", table, record, style=_FRAME)


def _caption(page: ModelPage) -> Iterator[Html]:
    name = tag("b", clipped_html(page.model.name, _NAME, dir="auto"))
    yield tag("div", name, muted(f" · {page.words}"), align="left")
    if page.model.description:
        yield tag(
            "div", clipped_html(in_one_line(page.model.description), 300, dir="auto"), align="left"
        )
    for gate in page.model.gates:
        words = f"gate to {gate.stage}: {gate_words(gate.rule, gate.approver)}"
        yield tag("div", muted(clipped_html(words, 300)), align="left")


def _lane_head(lane: Lane) -> Html:
    # In capitals here: text-transform would be lost with the styles.
    words = joined([clipped(lane.stage.upper(), _NAME), muted(f" {len(lane.cards):,}")])
    return tag("th", words, scope="col", align="left", style=f"{_LANE};font-size:11px")


def _lane(lane: Lane, metric: str) -> Html:
    shown = [_card(card, metric) for card in lane.cards[:_MOST_CARDS]]
    if len(lane.cards) > _MOST_CARDS:
        shown.append(muted(f"+{len(lane.cards) - _MOST_CARDS:,} more"))
    return tag("td", *shown, align="left", style=_LANE)


def _card(card: Card, metric: str) -> Html:
    dot = tag("span", "●", style=_STAGE_STYLES.get(card.stage, BUSY), aria_hidden="true")
    value = muted(f" {clipped(metric, _NAME)} ") if metric else ""
    first = [dot, "\u00a0", tag("b", f"v{card.version}"), value, card.value if metric else ""]
    lines = [tag("div", *first, style="white-space:nowrap")]
    if card.aliases:
        lines.append(tag("div", " ".join(f"@{alias}" for alias in card.aliases)))
    if card.run_name:
        gone = " (run deleted)" if card.is_run_gone else ""
        lines.append(tag("div", muted(clipped_html(card.run_name, _NAME, dir="auto"), gone)))
    lines.append(tag("div", muted(clipped_html(card.who, _NAME), f" · {card.age}")))
    return tag("div", *lines, style=_CARD)


def _timeline(page: ModelPage) -> Iterator[Html]:
    lines = page.event_lines(offset=0, limit=MOST_EVENTS)
    for line in lines:
        yield tag("div", *_event(line), style="padding:1px 0;font-size:13px")
    left = len(page.events) - len(lines)
    if left > 0:
        yield tag("div", muted(f"+{left:,} earlier"), style="padding:1px 0;font-size:13px")


def _event(line: EventLine) -> Iterator[Html | str]:
    style = _STAGE_STYLES.get(line.stage, BUSY if line.stage else MUTED)
    yield tag("span", "●", style=style, aria_hidden="true")
    yield muted(f" {line.moment} ")
    if line.version:
        yield tag("b", f"v{line.version} ")
    yield clipped_html(line.words, _TEXT, dir="auto")
    yield muted(" by ", clipped_html(line.who, _NAME, dir="auto"))
    if line.reason:
        yield muted(" — ")
        yield clipped_html(line.reason, _TEXT, dir="auto")
