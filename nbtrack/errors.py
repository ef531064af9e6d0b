"""The error tree.

MlflowException                   base, in MLflow's form: users raise it too
NbtrackError                      base of what nbtrack raises; an MlflowException
├── InvalidValue(ValueError)      a value that cannot be stored: the message names it
│   ├── FileMissing(FileNotFoundError)   a file or folder to log that is not there
│   ├── OtherBytes                a file that came with the digest of another one
│   ├── WrongType(TypeError)      one of a type that does not belong there
│   ├── ColumnMissing(KeyError)   a column to load that no run has
│   ├── InvalidFilter             a search string, with a caret under the wrong place
│   └── InputMismatch             data for a prediction that does not fit the model's signature
├── NotFound(KeyError)            an id or name that the store does not have
│   ├── RunNotFound · ExperimentNotFound · ArtifactNotFound · TagNotFound
│   └── ModelNotFound
│       ├── RegisteredModelNotFound · ModelVersionNotFound · AliasNotFound
│       └── LoggedModelNotFound
├── ModelError
│   ├── ModelNotSaved             something in the model cannot be written to a file
│   ├── ModelChanged              its files are not the ones that were recorded
│   └── ModelNotLoaded            what it needs is missing, or not trusted
├── NotCaptured                where a run came from was not recorded
├── NotIdentified                 a server wants to know who asks, and does not
│   └── TooManyAttempts           wrong passwords, too many in a short time
├── NotAllowed                    a user's role on a server is not enough
│   └── LinesRefused              for some of what he logged; he may log the rest
├── GateFailed                    a version may not enter a stage: the message has the numbers
├── RunDeleted                    a write to, or a change of, a deleted run
├── RunAlreadyActive              start_run while a run is open, outside of a notebook
├── NameTaken(ValueError)         an experiment or registered model of that name exists
├── StoreError
│   ├── StoreBusy                 another program holds the database file
│   │   ├── ServerAway            the team's server does not answer
│   │   ├── BucketAway            the object store with the server's files does not
│   │   ├── DatabaseAway          the server's database does not
│   │   └── AnotherProject        another project than before is at the server's address
│   ├── StoreDamaged              the database file cannot be read
│   ├── StoreTooNew               written by a newer nbtrack
│   ├── RegistryClosed            a repetition of a run may not change the model registry
│   ├── RegistryMoved             the model registry has changed since it was looked at
│   └── RegistryBroken            its events are not those that were recorded
└── MissingExtra(ImportError)     an optional library is needed here

StopTraining(KeyboardInterrupt)   the user asked a training to stop
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any, Self

from nbtrack.base import error_codes


class MlflowException(Exception):
    """An error with MLflow's name for its kind; *error_code* is that name or its number.

    *json_kwargs* are what else `serialize_as_json` tells. It pickles, whatever it is made from.
    """

    error_code = error_codes.INTERNAL_ERROR

    def __init__(
        self, message: object, error_code: int | str | None = None, **json_kwargs: Any
    ) -> None:
        if error_code is not None:
            self.error_code = error_codes.code_name(error_code)
        self.json_kwargs = json_kwargs
        super().__init__(str(message))

    @classmethod
    def invalid_parameter_value(cls, message: object, **json_kwargs: Any) -> Self:
        return cls(message, error_code="INVALID_PARAMETER_VALUE", **json_kwargs)

    def __str__(self) -> str:
        # KeyError would show the repr of the message.
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        # Most are made from ids and names: made again from the message, they would say it twice.
        return _made_again, (type(self), self.args), self.__dict__

    @property
    def message(self) -> str:
        return str(self)

    def get_http_status_code(self) -> int:
        return error_codes.http_status(self.error_code)

    def serialize_as_json(self) -> str:
        import json

        facts = {"error_code": self.error_code, "message": self.message, **self.json_kwargs}
        return json.dumps(facts)


def _made_again(kind: type[MlflowException], args: tuple[Any, ...]) -> MlflowException:
    error = kind.__new__(kind, *args)
    error.args = args
    return error


class NbtrackError(MlflowException):
    """Base of everything nbtrack raises on purpose."""


class StopTraining(KeyboardInterrupt):
    """Ends a loop that nbtrack can end in no other way, between two of its steps.

    What a loop does when it is interrupted, such as saving what it has, it does now.
    """

    def __init__(self) -> None:
        super().__init__("stopped by you; what was trained until now is kept")

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it."""
        return [f"nbtrack: {self}."]


class InvalidValue(NbtrackError, ValueError):
    """A value that cannot be stored."""

    error_code = "INVALID_PARAMETER_VALUE"


class OtherBytes(InvalidValue):
    """A file that came with the digest of another one: it was changed, or cut off, on the way."""

    def __init__(self) -> None:
        super().__init__("The bytes are not those of the digest: send the file again.")


class WrongType(InvalidValue, TypeError):
    """A value of a type that does not belong there."""


class ColumnMissing(InvalidValue, KeyError):
    """A column to load that no run has."""


class FileMissing(InvalidValue, FileNotFoundError):
    """A file or folder to log that is not there."""

    def __new__(cls, *args: Any) -> Self:
        # The first one in line is ValueError's, which makes no OSError.
        return FileNotFoundError.__new__(cls, *args)


class InvalidFilter(InvalidValue):
    def __init__(self, text: str, position: int, problem: str) -> None:
        self.text, self.position = text, position
        super().__init__(f"{problem}\n    {text}\n    {' ' * position}^")


class InputMismatch(InvalidValue):
    """Data for a prediction that does not fit the model's signature."""


class NotFound(NbtrackError, KeyError):
    """An id or a name that the store does not have."""

    error_code = "RESOURCE_DOES_NOT_EXIST"


class RunNotFound(NotFound):
    """*proposal* is the sentence that asks whether another one was meant; so it is below."""

    def __init__(self, run_id: object, store: object, proposal: str = "") -> None:
        super().__init__(
            f"No run {run_id!r} in {store}.{proposal} nbtrack.search_runs() lists the ones it has."
        )


class ExperimentNotFound(NotFound):
    def __init__(self, experiment: object, store: object, proposal: str = "") -> None:
        super().__init__(
            f"No experiment {experiment!r} in {store}.{proposal} "
            "nbtrack.search_experiments() lists the ones it has."
        )


class ArtifactNotFound(NotFound):
    def __init__(self, path: object, run_id: object, proposal: str = "") -> None:
        super().__init__(
            f"No artifact {path!r} in run {run_id}.{proposal} "
            f"nbtrack.artifacts.list_artifacts(run_id={str(run_id)!r}) lists the ones it has."
        )


class TagNotFound(NotFound):
    def __init__(self, key: object, where: str, proposal: str = "") -> None:
        super().__init__(f"No tag {key!r} on {where}.{proposal}")


class ModelNotFound(NotFound):
    """A path or URI where there is no model."""


class RegisteredModelNotFound(ModelNotFound):
    def __init__(self, name: object, store: object, proposal: str = "") -> None:
        super().__init__(
            f"No registered model {name!r} in {store}.{proposal} "
            "nbtrack.search_registered_models() lists the ones it has."
        )


class LoggedModelNotFound(ModelNotFound):
    def __init__(self, model_id: object, store: object) -> None:
        super().__init__(
            f"No logged model {model_id!r} in {store}. "
            "nbtrack.search_logged_models() lists those of the active experiment."
        )


class ModelVersionNotFound(ModelNotFound):
    """A version that a registered model does not have, or has no more."""


class AliasNotFound(ModelNotFound):
    error_code = "INVALID_PARAMETER_VALUE"  # as in MLflow


class RunDeleted(NbtrackError):
    error_code = "INVALID_PARAMETER_VALUE"

    def __init__(self, run_id: object) -> None:
        super().__init__(
            f"Run {run_id} is deleted and takes no more writes. "
            f"nbtrack.MlflowClient().restore_run({str(run_id)!r}) brings it back."
        )


class RunAlreadyActive(NbtrackError):
    error_code = "INVALID_STATE"

    def __init__(self, run_id: object) -> None:
        super().__init__(
            f"Run {run_id} is still open in this process. End it with nbtrack.end_run(), "
            "or start a child of it with nbtrack.start_run(nested=True)."
        )


class NameTaken(NbtrackError, ValueError):
    """An experiment or registered model of that name exists."""

    error_code = "RESOURCE_ALREADY_EXISTS"


class ModelError(NbtrackError):
    """A model cannot be saved or loaded."""


class ModelNotSaved(ModelError):
    """Something in the model cannot be written to a file; nothing was."""


class ModelChanged(ModelError):
    """The files of a model are not the ones that were recorded."""

    error_code = "RESOURCE_CONFLICT"


class ModelNotLoaded(ModelError):
    """What the model needs is missing here, or is not trusted."""


class NotCaptured(NbtrackError):
    """Where a run came from was not recorded, or not enough of it."""

    def __init__(self, run_id: str, name: str | None, what: str) -> None:
        super().__init__(
            f"Of run {name or run_id[:8]!r} ({run_id}) {what} was not recorded, so that nobody can "
            "have it again. Run its cell once more in a notebook, with %load_ext nbtrack at the "
            "top and %%track over the cell; that attempt can be."
        )


class NotIdentified(NbtrackError):
    """A server wants to know who asks, and does not."""

    error_code = "UNAUTHENTICATED"


class TooManyAttempts(NotIdentified):
    """*seconds* are until the next one is looked at."""

    error_code = "RESOURCE_EXHAUSTED"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"Too many wrong passwords. Try again in {seconds:.0f} s.")


class NotAllowed(NbtrackError):
    """A user's role on a server is not enough."""

    error_code = "PERMISSION_DENIED"


class LinesRefused(NotAllowed):
    """Of the lines of a journal, some are about what the user may not log to: others he may."""


class GateFailed(NbtrackError):
    """A version may not enter a stage; *result* says why, check by check."""

    error_code = "BAD_REQUEST"  # INVALID_STATE is one of the server's own, which clients repeat

    def __init__(self, message: str, result: object) -> None:
        self.result = result
        super().__init__(message)


class StoreError(NbtrackError):
    """The store cannot do what was asked."""


class StoreBusy(StoreError):
    """Another program holds the database file; logging goes on, reading waits."""

    error_code = "TEMPORARILY_UNAVAILABLE"


class ServerAway(StoreBusy):
    """The server does not answer; logging goes on, and is sent when it does.

    *was_sent*: it may have got the request, and done what that asks for.
    """

    def __init__(self, uri: object, reason: str = "", *, was_sent: bool = True) -> None:
        self.was_sent = was_sent
        super().__init__(f"{uri} does not answer: {reason}. What was logged here is sent later.")


class DatabaseAway(StoreBusy):
    """The database of a server does not answer the server."""


class BucketAway(StoreBusy):
    """The object store with a server's files does not answer the server."""


class AnotherProject(StoreBusy):
    """At the address is not the project any more that was there before."""


class StoreDamaged(StoreError):
    """The database file cannot be read."""


class StoreTooNew(StoreError):
    """The database file was written by a newer nbtrack."""


class RegistryClosed(StoreError):
    """What runs here is a repetition, and changes nothing that others rely on."""


class RegistryMoved(StoreError):
    """The model registry has changed since it was looked at: look again."""

    error_code = "ABORTED"


class RegistryBroken(StoreError):
    """The events of the model registry are not those that were recorded."""


class MissingExtra(NbtrackError, ImportError):
    def __init__(self, module: str, extra: str) -> None:
        super().__init__(f"This needs {module}: pip install 'nbtrack[{extra}]'")


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional library; a broken install raises its own error, a missing one ours."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as exc:
        if exc.name != module.partition(".")[0]:
            raise
        raise MissingExtra(module, extra) from exc
