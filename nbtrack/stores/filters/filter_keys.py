"""What a filter can ask about: the keys of runs and of experiments, and where SQL finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from nbtrack.errors import InvalidFilter
from nbtrack.stores.filters.any_text import ANY_TEXT, IN_RUNS
from nbtrack.stores.filters.filter_grammar import Key
from nbtrack.stores.filters.filter_tokens import on_one_line

DATASETS = "current.inputs"


class UnknownKey(InvalidFilter):
    """A key that nothing has; it stands at the position."""

    def __init__(self, text: str, key: Key, problem: str) -> None:
        self.key = key
        super().__init__(on_one_line(text), key.position, problem)


class Holds(Enum):
    NUMBER = auto()
    TEXT = auto()
    CAPITALS = auto()  # text that is stored in capitals, and asked for in any case
    TEXT_OR_NUMBER = auto()  # text that is compared as a number when the literal is one
    TIME = auto()  # microseconds since 1970 UTC; filters speak milliseconds
    ANY_TEXT = auto()  # many texts at once; the expression is a template of `any_text`


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A relation with rows (id, key, value): one for each key of a run or experiment."""

    name: str
    holds: Holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is searched; *alias* names its relation in the SQL, *id* joins its tables."""

    alias: str
    id: str
    attributes: Mapping[str, tuple[str, Holds]]  # name: (expression, type)
    tables: Mapping[str, Table]
    datasets: tuple[str, ...] = ()
    natural_order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One key, found: *expression* is about the subject's row, or about a row of *table*."""

    label: str
    expression: str
    holds: Holds
    table: str | None = None
    key: str | None = None  # bound as the key of *table*'s rows

    @property
    def why_unsorted(self) -> str:
        """Why nothing can be sorted by it; "" if it can."""
        if self.table == DATASETS:
            return "one run may have several datasets"
        return "it is many texts at once" if self.holds is Holds.ANY_TEXT else ""


RUNS = Subject(
    alias="r",
    id="run_key",
    attributes={
        "run_id": ("r.run_id", Holds.TEXT),
        "run_name": ("r.run_name", Holds.TEXT),
        "status": ("r.status", Holds.CAPITALS),
        "start_time": ("r.start_us", Holds.TIME),
        "end_time": ("r.end_us", Holds.TIME),
        "duration": ("((r.end_us - r.start_us) / 1e6)", Holds.NUMBER),
        "user_id": ("r.user_id", Holds.TEXT),
        "experiment_id": ("r.experiment_id", Holds.TEXT),
        "lifecycle_stage": ("r.lifecycle_stage", Holds.TEXT),
        "artifact_uri": ("r.artifact_uri", Holds.TEXT),
        ANY_TEXT: (IN_RUNS, Holds.ANY_TEXT),
    },
    tables={
        "metrics": Table(name="current.latest_metrics", holds=Holds.NUMBER),
        "params": Table(name="current.params", holds=Holds.TEXT_OR_NUMBER),
        "tags": Table(name="current.tags", holds=Holds.TEXT_OR_NUMBER),
    },
    datasets=("name", "digest", "context"),
    natural_order="r.start_us desc, r.run_id",
)

EXPERIMENTS = Subject(
    alias="e",
    id="experiment_id",
    attributes={
        "name": ("e.name", Holds.TEXT),
        "experiment_id": ("e.experiment_id", Holds.TEXT),
        "creation_time": ("e.created_us", Holds.TIME),
        "last_update_time": ("e.updated_us", Holds.TIME),
        "lifecycle_stage": ("e.lifecycle_stage", Holds.TEXT),
    },
    tables={"tags": Table(name="current.experiment_tags", holds=Holds.TEXT_OR_NUMBER)},
    natural_order="e.created_us desc, e.experiment_id",
)

MODELS = Subject(
    alias="m",
    id="model_key",
    attributes={
        "name": ("m.name", Holds.TEXT),
        "creation_timestamp": ("m.created_us", Holds.TIME),
        "last_updated_timestamp": ("m.updated_us", Holds.TIME),
        "timestamp": ("m.updated_us", Holds.TIME),  # MLflow sorts by this name too
    },
    tables={"tags": Table(name="current.registry_model_tags", holds=Holds.TEXT_OR_NUMBER)},
    natural_order="m.name, m.model_key",
)

VERSIONS = Subject(
    alias="v",
    id="version_key",
    attributes={
        "name": ("v.name", Holds.TEXT),
        "version_number": ("v.version", Holds.NUMBER),
        "run_id": ("v.run_id", Holds.TEXT),
        "source_path": ("v.source", Holds.TEXT),
        "current_stage": ("upper(v.stage)", Holds.CAPITALS),
        "user_id": ("v.user_id", Holds.TEXT),
        "creation_timestamp": ("v.created_us", Holds.TIME),
        "last_updated_timestamp": ("v.updated_us", Holds.TIME),
    },
    tables={"tags": Table(name="current.registry_version_tags", holds=Holds.TEXT_OR_NUMBER)},
    natural_order="v.name, v.version desc",
)

LOGGED_MODELS = Subject(
    alias="m",
    id="model_id",
    attributes={
        "name": ("m.name", Holds.TEXT),
        "model_id": ("m.model_id", Holds.TEXT),
        "model_type": ("m.model_type", Holds.TEXT),
        "status": ("m.status", Holds.CAPITALS),
        "source_run_id": ("m.source_run_id", Holds.TEXT),
        "experiment_id": ("m.experiment_id", Holds.TEXT),
        "artifact_location": ("m.artifact_location", Holds.TEXT),
        "creation_timestamp": ("m.created_us", Holds.TIME),
        "creation_time": ("m.created_us", Holds.TIME),
        "last_updated_timestamp": ("m.updated_us", Holds.TIME),
    },
    tables={
        "metrics": Table(name="current.model_metrics", holds=Holds.NUMBER),
        "params": Table(name="current.model_params", holds=Holds.TEXT_OR_NUMBER),
        "tags": Table(name="current.model_tags", holds=Holds.TEXT_OR_NUMBER),
    },
    natural_order="m.created_us desc, m.model_id",
)

PREFIXES = {
    "metric": "metrics",
    "parameters": "params",
    "parameter": "params",
    "param": "params",
    "tag": "tags",
    "attribute": "attributes",
    "attr": "attributes",
    "run": "attributes",
    "dataset": "datasets",
}
ATTRIBUTE_ALIASES = {"created": "start_time"}


def family_of(prefix: str | None, *, subject: Subject) -> str | None:
    """attributes, datasets, metrics …, whatever it is called; None if keys have no such prefix."""
    typed = "attributes" if prefix is None else prefix.lower()
    family = PREFIXES.get(typed, typed)
    is_known = family in subject.tables or family == "attributes"
    return family if is_known or (family == "datasets" and subject.datasets) else None


def attribute_named(typed: str, *, subject: Subject) -> str | None:
    name = typed.lower().replace(" ", "_")
    name = ATTRIBUTE_ALIASES.get(name, name)
    return name if name in subject.attributes else None


def find_column(key: Key, *, subject: Subject, text: str) -> Column:
    """Where *key* lives; raises InvalidFilter with the accepted keys if nowhere."""
    family = family_of(key.prefix, subject=subject)
    if family == "attributes":
        return _attribute(key, subject=subject, text=text)
    if family == "datasets":
        return _dataset(key, subject=subject, text=text)
    if family is not None:
        table = subject.tables[family]
        label = f"{family}.{key.name}"
        return Column(
            label=label, expression="value", holds=table.holds, table=table.name, key=key.name
        )
    families = ["attributes", *subject.tables, *(["datasets"] if subject.datasets else [])]
    typed = str(key.prefix)
    problem = f"Unknown prefix '{typed}.'{_did_you_mean(typed.lower(), families)}"
    raise _unknown(key, subject=subject, text=text, problem=problem)


def _attribute(key: Key, *, subject: Subject, text: str) -> Column:
    if name := attribute_named(key.name, subject=subject):
        expression, holds = subject.attributes[name]
        return Column(label=name, expression=expression, holds=holds)
    typed = key.name.lower().replace(" ", "_")
    problem = f"Unknown attribute '{key.name}'{_did_you_mean(typed, list(subject.attributes))}"
    if key.prefix is None and not problem.endswith("?"):
        written = [f"{family}.{key.name}" for family in subject.tables]
        problem = f"{problem} Did you mean {' or '.join(written)}?"
    raise _unknown(key, subject=subject, text=text, problem=problem)


def _dataset(key: Key, *, subject: Subject, text: str) -> Column:
    name = key.name.lower()
    if name in subject.datasets:
        return Column(
            label=f"datasets.{name}",
            expression=name,
            holds=Holds.TEXT,
            table=DATASETS,
        )
    problem = f"Unknown dataset key '{key.name}'{_did_you_mean(name, list(subject.datasets))}"
    raise _unknown(key, subject=subject, text=text, problem=problem)


def _did_you_mean(word: str, accepted: list[str]) -> str:
    import difflib  # only a mistake needs it

    close = difflib.get_close_matches(word, accepted, n=1)
    return f". Did you mean {close[0]}?" if close else "."


def _unknown(key: Key, *, subject: Subject, text: str, problem: str) -> UnknownKey:
    named = [f"{family}.NAME" for family in subject.tables]
    datasets = [f"datasets.{name}" for name in subject.datasets]
    accepted = ", ".join([*named, *subject.attributes, *datasets])
    return UnknownKey(text, key, f"{problem} Accepted keys: {accepted}.")
