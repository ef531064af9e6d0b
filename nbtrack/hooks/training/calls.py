"""`CallRecord`: a call of a function that trains, such as a library's `train` or `cv`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, ClassVar, NamedTuple

from nbtrack.base.guard import guarded
from nbtrack.base.plain_values import PLAIN
from nbtrack.capture.naming import estimator_name
from nbtrack.hooks.data.datasets import log_dataset
from nbtrack.hooks.data.rows import EXAMPLE_ROWS, first_rows
from nbtrack.hooks.library import Library
from nbtrack.hooks.measured.known_models import Trained, known_models
from nbtrack.hooks.measured.leaks import note_fitted
from nbtrack.hooks.patching import Around
from nbtrack.hooks.quiet import no_warnings
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.beginning import around_users_calls, begun
from nbtrack.hooks.training.importances import log_importances
from nbtrack.hooks.training.loop import Loop
from nbtrack.hooks.training.models import keep_trained
from nbtrack.hooks.training.param_origins import param_origin
from nbtrack.hooks.training.param_texts import param_text
from nbtrack.hooks.training.record import Record
from nbtrack.hooks.training.run_choice import FitRun, names_of
from nbtrack.hooks.training.storable_keys import storable_keys
from nbtrack.records.origins import Origin
from nbtrack.records.tags import FIT_TAG


class Data(NamedTuple):
    """What a model was trained with, or evaluated on: rows, as frames or arrays."""

    X: Any
    y: Any = None
    name: str | None = None  # what the user calls them
    y_name: str | None = None
    context: str = "train"


class CallRecord(Record):
    """A translation table: a library's hook says in a subclass what its function is about."""

    library: ClassVar[Library]
    name: ClassVar[str]  # "xgboost.train"
    settings: ClassVar[str] = "params"  # the parameter that is a dict of settings
    objects: ClassVar[Collection[str]]  # parameters that are no settings: data, callbacks
    flavour: ClassVar[ModuleType | None] = None  # of `models.flavours`; None: there is no model

    def __init__(self, chosen: FitRun, arguments: UsersArguments) -> None:
        super().__init__(chosen, self.name, arguments.args, arguments.kwargs)
        self.arguments, self.flags = arguments, self.library.flags
        self.loop = Loop(self.run, training_sets=self.training_sets())

    # --- what a library's table says

    @classmethod
    def title(cls, arguments: UsersArguments) -> str:
        """What its run is called: `xgboost.train max_depth=3`."""
        given = {k: v for k, v in arguments.given.items() if k not in cls.objects}
        plain = {k: v for k, v in given.items() if type(v) in PLAIN}
        return estimator_name(cls.name, {**_as_dict(arguments.get(cls.settings)), **plain})

    def more_params(self) -> Mapping[str, tuple[str, Origin]]:
        """(text, origin) of what the arguments that are objects know."""
        return {}

    def training_sets(self) -> Collection[str]:
        """The names under which the training data is evaluated too."""
        return ()

    def follow(self) -> None:
        """Have `self.loop` told of each iteration, by a callback that is passed on."""

    def unfollow(self) -> None:
        """It is over, or has failed: take out what `follow` put into objects of the user's."""

    def trained(self, result: Any) -> Any:
        """The model."""
        return result

    def look_at(self, result: Any) -> None:
        """Tell the loop what *result* knows of the best iteration."""

    def data(self) -> Iterator[Data]:
        """The training data first. Called before the training, which may free it."""
        yield from ()

    def first_rows(self) -> Any:
        """Of the training data, a copy; None if they cannot be had."""
        return first_rows(self._data[0].X, EXAMPLE_ROWS) if self._data else None

    def importances(self, model: Any) -> Mapping[str, Mapping[str, float]]:  # noqa: ARG002
        return {}

    # --- what holds for all

    def pass_on(self, parameter: str, value: Any) -> None:
        """Instead of what the user passed."""
        self.args, self.kwargs = self.arguments.passed_with(parameter, value)

    def write_beginning(self) -> None:
        params, origins = _params(self)
        tags = {FIT_TAG: self.title(self.arguments)}
        self.write(params, tags, origins)
        self._data = list(self.data()) if self.flags.log_datasets or self.flags.log_models else []
        self._rows = None
        with guarded(f"take the first rows for the signature of {self.what}"):
            self._rows = self.first_rows()

    @contextmanager
    def following(self) -> Iterator[None]:
        with guarded(f"follow the iterations of {self.what}"):
            self.follow()
        try:
            yield
        except BaseException:
            self._let_go()
            self.loop.close()
            raise
        self._let_go()

    def _let_go(self) -> None:
        with guarded(f"let go of {self.what}"):
            self.unfollow()

    def write_result(self, result: Any) -> None:
        with guarded(f"tell the best iteration of {self.what}"):
            self.look_at(result)
        self.loop.close()
        model = self.trained(result)
        if self.flavour is not None:
            self.remember(model)
        with no_warnings():
            self._write_data(model)
            if self.flavour is not None:
                self._write_model(model, self.flavour)

    def remember(self, model: Any) -> None:
        library = self.library  # not by `self`, which holds the user's objects and their frame
        known_models.remember(model, Trained(self.run, lambda: library.flags))

    def _write_data(self, model: Any) -> None:
        for data in self._data if self.flags.log_datasets else ():
            with guarded(f"record the data of {self.what}"):
                X, y, name, y_name, context = data
                found = log_dataset(self.run, X, y=y, name=name, y_name=y_name, context=context)
                if context == "train" and self.flavour is not None:
                    note_fitted([model], X, y, found, name)

    def _write_model(self, model: Any, flavour: ModuleType) -> None:
        self.run.set_tags(names_of(model))
        with guarded(f"record the importances of {self.what}"):
            log_importances(self.run, self.importances(model))
        if self.flags.log_models:
            with guarded(f"record the model of {self.what}"):
                keep_trained(self.run, model, flavour, self.flags, rows=self._rows)


def around_call(kind: type[CallRecord]) -> Around:
    """What to put around the function or method that *kind* is about; `self` is an argument."""
    library = kind.library

    def begin(arguments: UsersArguments) -> Record | None:
        return begun(library, kind.title(arguments), lambda chosen: kind(chosen, arguments))

    return around_users_calls(kind.name, library, begin)


def _params(record: CallRecord) -> tuple[dict[str, str], dict[str, Origin]]:
    """As MLflow has them: the settings, and those arguments that are no objects."""
    arguments = record.arguments
    apart = {record.settings, *record.objects}
    found = {name: value for name, value in arguments.defaults.items() if name not in apart}
    found |= _as_dict(arguments.get(record.settings))
    found |= {name: value for name, value in arguments.given.items() if name not in apart}
    texts, origins = texts_and_origins(found, arguments.defaults)
    with guarded(f"record more params of {record.what}"):
        more = record.more_params()
        texts |= {name: text for name, (text, _) in more.items()}
        origins |= {name: origin for name, (_, origin) in more.items()}
    return texts, origins


def texts_and_origins(
    params: Mapping[str, Any], defaults: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, Origin]]:
    """By key as recorded. What has no default was chosen."""
    keys, no_default = storable_keys(params), object()
    texts = {keys[name]: param_text(value) for name, value in params.items()}
    origins = {
        keys[name]: param_origin(name, value, defaults.get(name, no_default))
        for name, value in params.items()
    }
    return texts, origins


def _as_dict(settings: Any) -> dict[str, Any]:
    """XGBoost takes a list of pairs too."""
    return {str(name): value for name, value in dict(settings or {}).items()}
