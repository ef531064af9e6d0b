"""Whether a server answers with what it was asked for: its lines go into a journal here, which
takes them whatever they are about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbtrack.artifact_store.paths import is_folder
from nbtrack.errors import InvalidValue
from nbtrack.journal.lines import metric_line, what_is_told
from nbtrack.records.transfers import LinesOf
from nbtrack.stores.local.schema import KINDS_OF_RUNS
from nbtrack.stores.queries.run_lines import LOCATIONS

# Beside the time; "v" is there where it may not be left out.
_NEEDED = {
    "run": "x", "metric": "nvs", "param": "nv", "tag": "n", "artifact": "n", "cell": "x",
    "input": "x", "model": "nx", "modelvalue": "nx", "modelpoint": "nvsx", "modellink": "nv",
    "experiment": "nx", "exptag": "nx", "execution": "nsx", "environment": "nx", "text": "nv",
}  # fmt: skip
_TYPES: dict[str, type | tuple[type, ...]] = {
    "k": str, "r": str, "n": str, "v": (str, int, float), "s": int, "t": int, "x": dict
}  # fmt: skip
_KEYED = {"modelvalue": {"of", "key"}, "exptag": {"key"}}
_NESTED = ("execution", "environment")  # the facts of others are texts and numbers


def check_lines(answer: Iterable[Any], of: LinesOf, server: str) -> None:
    """Raises InvalidValue unless each is a line of a journal, about what *of* names."""
    told = [_told(line, server) for line in answer]
    models = {each["n"] for each in told if each["k"] == "model" and _is_of_source(each, of)}
    for each in told:
        if not _is_asked_for(each, of, models) or _names_folder(each):
            raise _refused(each, server)


def check_points(answer: Iterable[Any], run_id: str, keys: Sequence[str], server: str) -> None:
    """Raises InvalidValue unless each is the line of a point of one of these metrics."""
    asked_for = set(keys)
    for line in answer:
        if not _is_point(line, run_id, asked_for):
            raise _refused(line, server)


def _told(line: Any, server: str) -> dict[str, Any]:
    try:
        told = what_is_told(line)
        is_whole = all(isinstance(value, _TYPES[name]) for name, value in told.items())
        needed = {"t", *_NEEDED[told["k"]]}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _refused(line, server) from None
    if not is_whole or not needed <= told.keys() or not _has_plain_facts(told):
        raise _refused(line, server)
    return told


def _has_plain_facts(told: Mapping[str, Any]) -> bool:
    facts = told.get("x", {})
    are_plain = all(isinstance(value, str | int | float) for value in facts.values())
    return (are_plain or told["k"] in _NESTED) and _KEYED.get(told["k"], set()) <= facts.keys()


def _is_of_source(told: Mapping[str, Any], of: LinesOf) -> bool:
    return told["x"].get("source_run_id") in of.runs


def _is_asked_for(told: Mapping[str, Any], of: LinesOf, models: set[str]) -> bool:
    kind, name = told["k"], told.get("n")
    if kind in KINDS_OF_RUNS:
        return told.get("r") in of.runs
    if "r" in told:  # it would make that run
        return False
    if kind == "model":
        return name in models and ("source_run_id" not in told["x"] or _is_of_source(told, of))
    if kind == "execution":
        is_of_kernel = any(name == kernel and told["s"] <= last for kernel, last in of.kernels)
        return is_of_kernel or told["x"].get("run_id") in of.runs
    asked_for = {
        "modelvalue": models, "experiment": of.experiments, "exptag": of.experiments,
        "environment": of.contents, "text": of.contents,
    }  # fmt: skip
    return name in asked_for[kind]


def _names_folder(told: Mapping[str, Any]) -> bool:
    """Of this machine, which is not the server's to name."""
    named = (told["x"][name] for name in LOCATIONS if name in told.get("x", {}))
    is_place = told["k"] in ("run", "model", "experiment")
    return is_place and any(not isinstance(each, str) or is_folder(each) for each in named)


def _is_point(line: Any, run_id: str, keys: set[str]) -> bool:
    try:
        told = json.loads(line)
        key, step, t = told["n"], told["s"], told["t"]
        written = metric_line(run_id, key, float(told["v"]), step=step, t=t)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    is_whole = isinstance(step, int) and isinstance(t, int) and key in keys
    return is_whole and told["r"] == run_id and written == line


def _refused(line: object, server: str) -> InvalidValue:
    return InvalidValue(
        f"{server} answers with something else than it was asked for: {line!r:.200}. Nothing of "
        "that answer is taken. If the server's nbtrack is newer than this one, update this one."
    )
