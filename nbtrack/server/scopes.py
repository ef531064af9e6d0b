"""Which experiments and models a request is about: for users whose roles are for some of them.

The one place that knows, for MLflow's protocol and for ours. What is not in these tables is about
the whole project, and takes a role for all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from nbtrack.errors import NbtrackError, NotAllowed, NotFound
from nbtrack.records.registry import EventKind, RegistryQuery
from nbtrack.records.transfers import LinesOf
from nbtrack.remote.protocol import COPIES, MODELS, RUNS, kind_of_owner
from nbtrack.server.artifact_places import Place, model_source, parse
from nbtrack.server.asked import Asked
from nbtrack.server.grants import EXPERIMENT, MODEL, Need
from nbtrack.server.roles import Role, role_of_change
from nbtrack.server.scoped_lines import owners_in
from nbtrack.server.served import Served
from nbtrack.server.users import User

Rule = Callable[["About"], Iterable[Need]]
_API = r"/(?:ajax-)?api/2\.0/"
_OURS = r"/api/nbtrack/1/"
_UNREADABLE = (NbtrackError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
_ALL = 2**62  # executions of a kernel
_FREE = "experiment or model"  # of any kind: what tells nothing of the others


@dataclass(slots=True, kw_only=True)
class About:
    """A request as the rules see it; *place* is what its path ends with."""

    served: Served
    role: Role
    asked: Asked
    fields: Mapping[str, Any]
    place: str = ""
    body: bytes = field(default=b"", repr=False)

    def experiment(self, experiment_id: str, role: Role | None = None) -> Need:
        found = self.served.store.get_experiment(experiment_id)
        return Need(role or self.role, EXPERIMENT, found.name)

    def run(self, run_id: str, role: Role | None = None) -> Need:
        info = self.served.store.look_up_run(run_id).info
        return self.experiment(info.experiment_id, role)

    def logged_model(self, model_id: str, role: Role | None = None) -> Need:
        found = self.served.store.look_up_model(model_id).model
        return self.experiment(found.experiment_id, role)

    def kernel(self, kernel: str) -> Iterator[Need]:
        """Of all experiments in which it has runs."""
        of = LinesOf(kernels=((kernel, _ALL),))
        told = (json.loads(line)["x"].get("run_id") for line in self.served.store.read_lines(of))
        for experiment_id in {*filter(None, map(self._experiment_of, set(filter(None, told))))}:
            yield self.experiment(experiment_id)

    def _experiment_of(self, run_id: str) -> str | None:
        """None: the run is gone. In which one it is never changes, and a kernel may have many."""
        known = self.served.experiments_of_runs
        if run_id not in known:
            with suppress(NotFound):
                known[run_id] = self.served.store.look_up_run(run_id).info.experiment_id
        return known.get(run_id)

    def model(self, name: str, role: Role | None = None) -> Need:
        return Need(role or self.role, MODEL, name)

    def files(self, place: Place) -> Need:
        if place.kind == RUNS:
            return self.run(place.id)
        if place.kind == MODELS:
            return self.logged_model(place.id)
        if place.kind != COPIES:
            return self.model(place.id.rpartition("/")[0])
        number = place.id.partition("/")[0].rpartition("-")[2]
        for each in self.served.store.search_registered_models(RegistryQuery()):
            if str(each.event_number) == number:
                return self.model(each.name)
        raise NotAllowed(f"{place.id!r:.80} is no version of a model.")


# --- by what a request names


def _run(about: About) -> list[Need]:
    linked = [each.needed("model_id") for each in about.asked.records("models")]
    own = about.run(about.asked.needed("run_id", "run_uuid"))
    return [own, *(about.logged_model(each, Role.VIEWER) for each in linked)]


def _runs(about: About) -> list[Need]:
    named = [*about.asked.texts("run_id"), *about.asked.texts("run_ids")]
    return [about.run(each) for each in named]


def _experiment(about: About) -> list[Need]:
    new = about.asked.text("new_name")
    found = [about.experiment(about.asked.text("experiment_id") or "0")]
    if source := about.asked.text("source_run_id"):
        found.append(about.run(source, Role.VIEWER))
    return [*found, *([Need(about.role, EXPERIMENT, new)] if new else [])]


def _experiment_by_name(about: About) -> list[Need]:
    return [Need(about.role, EXPERIMENT, about.asked.needed("name", "experiment_name"))]


def _experiments(about: About) -> list[Need]:
    return [about.experiment(each) for each in about.asked.texts("experiment_ids")]


def _model(about: About) -> list[Need]:
    new = about.asked.text("new_name")
    found = [about.model(about.asked.needed("name"))]
    return [*found, *([about.model(new)] if new else [])]


def _new_version(about: About) -> list[Need]:
    """Also of the run whose model it is, which is then read by whoever reads the version."""
    scheme, _, rest = model_source(about.asked.needed("source")).partition(":/")
    first, _, others = rest.lstrip("/").partition("/")
    found = _model(about)
    if run_id := about.asked.text("run_id"):
        found.append(about.run(run_id, Role.VIEWER))
    if scheme == "runs":
        return [*found, about.run(first, Role.VIEWER)]
    if re.fullmatch(r"m-[0-9a-f]+", first) and not others:
        return [*found, about.logged_model(first, Role.VIEWER)]
    return [*found, about.model(unquote(first.partition("@")[0]), Role.VIEWER)]


def _logged_model(about: About) -> list[Need]:
    return [about.logged_model(about.place)]


def _files(about: About) -> list[Need]:
    return [about.files(parse(about.place or about.asked.needed("path")))]


def _any(about: About) -> list[Need]:
    return [Need(about.role, _FREE, "")]


# --- our own protocol


def _lines(about: About) -> list[Need]:
    return list(owners_in(about))


def _owner(about: About) -> list[Need]:
    owner = about.asked.needed("owner")
    return [about.files(Place(kind_of_owner(owner), owner, ""))]


def _parent(about: About) -> list[Need]:
    return [about.run(about.asked.needed("parent_id"))]


def _model_id(about: About) -> list[Need]:
    return [about.logged_model(about.asked.needed("model_id"))]


def _query(about: About) -> list[Need]:
    """Without experiments, they are those of the user: see `Narrowed`."""
    asked = about.asked.record("query")
    return [about.experiment(each) for each in asked.texts("experiment_ids")]


def _lines_of(about: About) -> list[Need]:
    of = about.asked.record("of")
    if of.texts("kernels"):
        raise NotAllowed("Records of cells are of the whole project: that takes a role for all.")
    runs = [about.run(each) for each in of.texts("runs")]
    return [*runs, *(about.experiment(each) for each in of.texts("experiments"))]


def _change(about: About) -> list[Need]:
    """A new version is read by whoever reads the model, and so is what it keeps of its run: that
    takes the run too. Of a version that there is, the record names its run, whoever changes it."""
    found, events = [], about.asked.records("events")
    makes_one = any(e.needed("kind") == EventKind.VERSION_CREATED for e in events)
    for event in events:
        kind, model = EventKind(event.needed("kind")), event.needed("model")
        found.append(about.model(model, role_of_change(kind)))
        if kind == EventKind.MODEL_RENAMED:
            found.append(about.model(event.needed("to_value"), role_of_change(kind)))
        if (run_id := event.text("run_id")) and (makes_one or not event.has("version")):
            found.append(about.run(run_id, Role.VIEWER))
    return found


_MLFLOW: dict[str, Rule] = {
    r"experiments/(create|get-by-name)": _experiment_by_name,
    r"experiments/(get|update|delete|restore|(set|delete)-experiment-tag)": _experiment,
    r"experiments/search-datasets|runs/search|logged-models/search": _experiments,
    r"experiments/search|registered-models/search|model-versions/search": _any,  # see `SHOWN`
    r"runs/create|logged-models": _experiment,
    r"runs/(get|update|delete|restore|log-(metric|parameter|batch|inputs|model)|outputs"
    r"|(set|delete)-tag)|artifacts/list|metrics/get-history|upload-artifact": _run,
    r"metrics/get-history-bulk(-interval)?": _runs,
    r"logged-models/(?P<place>m-[^/]+)(/(tags(/[^/]+)?|params|artifacts/(directories|files)))?":
        _logged_model,
    r"registered-models/(create|get|rename|update|delete|(set|delete)-tag|get-latest-versions"
    r"|alias)|model-versions/(get|update|transition-stage|delete|get-download-uri"
    r"|(set|delete)-tag)": _model,
    r"model-versions/create": _new_version,
}  # fmt: skip
_QUESTIONS: dict[str, Rule] = {
    "get_experiment|read_history": _experiment,
    "find_experiment": _experiment_by_name,
    "get_run|look_up_run|list_artifact_records|read_cell|read_executions|read_metrics"
    "|read_point_digests|read_point_lines": _run,
    "read_cells|read_environments|read_git_states|read_latest_points|read_series": _runs,
    "read_datasets": _experiments,
    "count_runs|read_groups|read_keys|read_run_page|read_run_values|search_run_columns"
    "|search_runs|search_logged_models": _query,
    "read_child_runs": _parent,
    "list_model_files|look_up_model": _model_id,
    "read_lines": _lines_of,
    "file_digests": _owner,
    # A digest is known by whoever has the text, and of the registry's newest event a hash.
    "read_texts|missing_contents|registry_head|noted_registry_head|version": _any,
    "search_experiments|search_registered_models|search_model_versions|registry_events": _any,
}
_RULES: list[tuple[re.Pattern[str], Rule]] = [
    *((re.compile(f"{_API}mlflow/(?:{path})"), rule) for path, rule in _MLFLOW.items()),
    *((re.compile(f"{_OURS}questions/(?:{name})"), rule) for name, rule in _QUESTIONS.items()),
    (re.compile(r"/get-artifact"), _run),
    (re.compile(r"/model-versions/get-artifact"), _model),
    (re.compile(rf"(?:{_API}mlflow-artifacts/artifacts|{_OURS}files)(?:/(?P<place>.+))?"), _files),
    (re.compile(rf"{_API}mlflow-artifacts/mpu/[a-z]+/(?P<place>.+)"), _files),
    (re.compile(rf"{_OURS}uploads/(?P<place>.+)"), _files),
    (re.compile(rf"{_OURS}journal/[^/]+"), _lines),
    (re.compile(rf"{_OURS}writers/[0-9a-f]{{32}}"), _any),  # which nobody guesses
    (re.compile(rf"{_OURS}registry"), _change),
    (re.compile(rf"{_OURS}registry/[0-9a-f]{{32}}/.+"), _any),
]


def needs_of(
    served: Served, role: Role, path: str, fields: Mapping[str, Any], body: bytes
) -> list[Need]:
    """Raises NotAllowed for what is about the whole project, and for what is not there: whether it
    is, is no business of who may not see it."""
    for form, rule in _RULES:
        if (found := form.fullmatch(path)) is not None:
            place = found.groupdict().get("place") or ""
            asked = Asked(fields)
            about = About(
                served=served, role=role, asked=asked, fields=fields, place=place, body=body
            )
            return _told(rule, about)
    raise NotAllowed(f"This takes the role {role} for all experiments and models.")


def _told(rule: Rule, about: About) -> list[Need]:
    try:
        needs = list(rule(about))
    except NotAllowed:
        raise
    except _UNREADABLE as exc:
        raise NotAllowed(f"Nothing that you may use is meant: {type(exc).__name__}.") from exc
    if not needs and rule not in (_query, _lines, _lines_of):
        raise NotAllowed("Say which experiments are meant: yours are not all.")
    return needs


def is_met(need: Need, user: User) -> bool:
    """By his role for all, or by a grant: of a request that tells nothing of others, by any one
    that is high enough."""
    if user.may(need.role):
        return True
    if need.kind == _FREE:
        return any(grant.role.may(need.role) for grant in user.grants)
    return need.is_met_by(user.grants)
