"""A slice as one page that needs neither a server nor a network."""

from __future__ import annotations

from nbtrack.display.markup import Html, joined, tag
from nbtrack.provenance.exports.account import Account
from nbtrack.provenance.exports.pins import pins_of
from nbtrack.provenance.upstream import Step, Upstream

_STYLE = Html(
    "body{font:15px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#8881;padding:.6rem;overflow:auto}h2{font-size:1.1rem;margin-top:2rem}"
    ":root{color-scheme:light dark}"
)
_BREAK = Html("\n")


def report_of(upstream: Upstream, account: Account) -> str:
    sections = [*account.sections, ("Packages, as recorded", pins_of(upstream))]
    body = [
        tag("h1", account.title),
        *(_section(title, lines) for title, lines in sections if lines),
        tag("h2", "Cells"),
        *(_cell(step) for step in upstream.steps),
    ]
    head = joined([Html('<meta charset="utf-8">'), tag("title", account.title), _style()])
    page = tag("html", tag("head", head), tag("body", *body), lang="en")
    return f"<!doctype html>\n{page}\n"


def _style() -> Html:
    return Html(f"<style>{_STYLE}</style>")


def _section(title: str, lines: list[str]) -> Html:
    return joined([tag("h2", title), tag("ul", *(tag("li", line) for line in lines))])


def _cell(step: Step) -> Html:
    """Line by line: what hides in a line is made visible, and lines stay."""
    lines = joined((tag("span", line.expandtabs(4)) for line in step.source.splitlines()), _BREAK)
    return joined([tag("p", step.label), tag("pre", lines)])
