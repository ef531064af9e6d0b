"""A project as a folder of pages: an overview, a report of each experiment, and the models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from nbtrack.display.markup import Html, clipped_html, tag
from nbtrack.display.number_format import MISSING, format_moment, format_number
from nbtrack.errors import InvalidValue
from nbtrack.lookup.run_counts import runs_by_experiment
from nbtrack.panels.registry.content import read_models, read_page
from nbtrack.panels.registry.table import models_html, page_html
from nbtrack.panels.report.document import document
from nbtrack.panels.report.places import INDEX, MODELS, Listed, Places
from nbtrack.panels.report.reading import Report, read_report
from nbtrack.panels.report.run_table import name_of
from nbtrack.panels.report.shell import of_class, page
from nbtrack.stores.store import Store

Tell = Callable[[int, int, str], object]  # so many experiments, of how many; which one
_LONGEST = 80  # characters of a name in the overview


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    experiment: Listed
    report: Report


def project_pages(store: Store, project: str, *, tell: Tell) -> dict[str, str]:
    """By file. Raises InvalidValue where there is not one run."""
    found = list(_reports(store, tell))
    if not found:
        raise InvalidValue("There are no runs yet; when there is one, there is something to write.")
    models = read_models(store)
    places = Places(
        project=project, experiments=[each.experiment for each in found], models=len(models)
    )
    pages = {INDEX: page(project, _overview(places), places=places.seen_from(INDEX))}
    for each in found:
        file = each.experiment.file
        pages[file] = document(each.report, places=places.seen_from(file))
    if models:
        parts = _models(store, models_html(models, project), [model.name for model in models])
        pages[MODELS] = page(f"Models · {project}", parts, places=places.seen_from(MODELS))
    return pages


def _reports(store: Store, tell: Tell) -> Iterator[_Page]:
    """Those with the newest run first."""
    counts = runs_by_experiment(store)
    names = {each.experiment_id: each.name for each in store.search_experiments()}
    known = [(each, runs) for each, runs in counts.items() if each in names]
    for number, (experiment_id, runs) in enumerate(known, start=1):
        report = read_report(store, [names[experiment_id]], None)
        report = replace(report, title=names[experiment_id])
        yield _Page(experiment=_listed(experiment_id, runs, report), report=report)
        tell(number, len(known), report.title)


def _listed(experiment_id: str, runs: int, report: Report) -> Listed:
    began = [row.start_time for row in report.table.rows if row.start_time]
    best = ""
    if report.best is not None and report.metric is not None:
        value = format_number(report.best.metrics[report.metric])
        best = f"{name_of(report.best)}: {report.metric} {value}"
    return Listed(
        name=report.title,
        file=f"experiment-{experiment_id}.html",
        runs=runs,
        newest=max(began, default=None),
        best=best,
    )


def _overview(places: Places) -> Iterator[Html]:
    yield tag("header", tag("h1", places.project))
    heads = ("experiment", "runs", "best run", "last run")
    rows = [
        tag(
            "tr",
            tag("th", tag("a", clipped_html(e.name, _LONGEST), href=e.file), scope="row"),
            of_class("n", "td", f"{e.runs:,}"),
            tag("td", clipped_html(e.best or MISSING, _LONGEST)),
            tag("td", MISSING if e.newest is None else format_moment(e.newest)),
        )
        for e in places.experiments
    ]
    kinds = ("word", "number", "word", "word")
    head = tag("tr", *(of_class(k, "th", h, scope="col") for k, h in zip(kinds, heads)))
    yield of_class(
        "wide",
        "div",
        of_class("plain", "table", tag("thead", head), tag("tbody", *rows)),
    )


def _models(store: Store, lines: str, names: list[str]) -> Iterator[Html]:
    yield tag("header", tag("h1", "Models"))
    yield of_class("model", "div", Html(lines))
    for name in names:
        yield of_class("model", "div", Html(page_html(read_page(store, name))))
