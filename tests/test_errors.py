"""Every error that nbtrack raises: what it says, its code, and that it survives another process."""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import pickle
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import nbtrack
from nbtrack.errors import FileMissing, InvalidFilter, MlflowException, NbtrackError, RunNotFound
from nbtrack.exceptions import RestException
from nbtrack.stores.filters.filter_grammar import Key

CANNOT_BE_IMPORTED = ("nbtrack.__main__", "nbtrack.hooks.fastai.")  # fastai is not installed


def kinds_of(kind: type[MlflowException]) -> Iterator[type[MlflowException]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds_of(below)


def all_kinds() -> list[type[MlflowException]]:
    for module in pkgutil.walk_packages(nbtrack.__path__, "nbtrack."):
        if not module.name.startswith(CANNOT_BE_IMPORTED):
            importlib.import_module(module.name)
    found = dict.fromkeys(kinds_of(MlflowException))
    return [kind for kind in found if kind.__module__.startswith("nbtrack.")]


EXAMPLES: dict[str, Any] = {
    "position": 2,
    "seconds": 2.0,
    "json": {"error_code": "404", "message": "gone"},
    "key": Key(prefix="metrics", name="f1", position=2),
}


def in_another_process(error: MlflowException) -> Any:
    return pickle.loads(pickle.dumps(error))


def example(kind: type[MlflowException]) -> MlflowException:
    """One of *kind*, made of as many arguments as it wants."""
    wanted = inspect.signature(kind.__init__).parameters.values()
    given = [p.name for p in wanted if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    return kind(*(EXAMPLES.get(name, f"the {name}") for name in given if name != "self"))


def test_there_are_many_kinds() -> None:
    """Else the next test tests nothing."""
    assert len(all_kinds()) > 30


@pytest.mark.parametrize("again", [copy.copy, in_another_process])
@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.__name__)
def test_an_error_stays_what_it_is_in_another_process(kind: Any, again: Any) -> None:
    """Workers hand them over; made again from its message, one would say it twice."""
    error = example(kind)
    error.add_note("a note")

    found = again(error)

    assert type(found) is kind
    assert str(found) == str(error)
    assert found.args == error.args
    assert vars(found) == vars(error)


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.__name__)
def test_an_error_says_its_message_once(kind: Any) -> None:
    """By `str`, by `.message`, in its JSON."""
    error = example(kind)

    assert str(error) == error.message == json.loads(error.serialize_as_json())["message"]
    assert error.args == (str(error),)


def test_what_an_error_is_beside_ours_stays() -> None:
    """A missing file is still one for `except FileNotFoundError`, from another process too."""
    error = pickle.loads(pickle.dumps(FileMissing("There is no file 'a'.")))
    assert isinstance(error, (FileNotFoundError, ValueError))
    assert str(error) == "There is no file 'a'."


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (MlflowException("m"), "INTERNAL_ERROR", 500),
        (MlflowException("m", error_code=1000), "INVALID_PARAMETER_VALUE", 400),
        (
            MlflowException("m", error_code="RESOURCE_ALREADY_EXISTS"),
            "RESOURCE_ALREADY_EXISTS",
            400,
        ),
        (MlflowException("m", error_code=99), "INTERNAL_ERROR", 500),
        (MlflowException.invalid_parameter_value("m"), "INVALID_PARAMETER_VALUE", 400),
        (RunNotFound("a", "b"), "RESOURCE_DOES_NOT_EXIST", 404),
        (InvalidFilter("a b", 2, "wrong"), "INVALID_PARAMETER_VALUE", 400),
        (RestException({"error_code": "404", "message": "m"}), "ENDPOINT_NOT_FOUND", 404),
        (RestException({"error_code": "ABORTED", "message": "m"}), "ABORTED", 409),
        (RestException({}), "INTERNAL_ERROR", 500),
    ],
    ids=repr,
)
def test_codes_are_mlflows(error: MlflowException, code: str, status: int) -> None:
    assert (error.error_code, error.get_http_status_code()) == (code, status)
    assert json.loads(error.serialize_as_json())["error_code"] == code


def test_more_facts_go_into_the_json() -> None:
    """As MLflow's take them."""
    error = MlflowException("m", error_code="ABORTED", run_id="abc")
    assert json.loads(error.serialize_as_json())["run_id"] == "abc"


def test_our_errors_are_caught_as_mlflows() -> None:
    """`except mlflow.exceptions.MlflowException` goes on working."""
    assert nbtrack.exceptions.MlflowException is nbtrack.MlflowException is MlflowException
    assert issubclass(NbtrackError, MlflowException)
