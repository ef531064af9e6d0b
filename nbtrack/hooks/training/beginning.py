"""How a training begins to be recorded, whatever trains: the user's own call of it, on its run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.library import Library
from nbtrack.hooks.nesting import is_inside_recorded_call
from nbtrack.hooks.patching import Around
from nbtrack.hooks.training.arguments import UsersArguments, users_arguments
from nbtrack.hooks.training.record import Record, recorded
from nbtrack.hooks.training.run_choice import FitRun, choose_run
from nbtrack.recording.session import current_session


def around_users_calls(
    what: str,
    library: Library,
    begin: Callable[[UsersArguments], Record | None],
    *,
    is_anywhere: bool = False,
) -> Around:
    """What to put around a function or method that *library* has. Of a method, `self` is among the
    arguments that *begin* is given; what it makes of them records the call, None does not.

    *is_anywhere*: also where trainings are not recorded, such as outside of tracked cells.
    """

    def begin_if_users(
        original: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Record | None:
        if is_inside_recorded_call() or not (is_anywhere or library.switch.records_here):
            return None
        with guarded(f"record {what}"):
            is_method = instance is not None
            all_args = (instance, *args) if is_method else args
            arguments = users_arguments(original, all_args, kwargs, is_method=is_method)
            return None if arguments is None else begin(arguments)
        return None

    return recorded(begin_if_users)


def begun(
    library: Library, name: str, record_on: Callable[[FitRun], Record], *, flavor: str | None = None
) -> Record | None:
    """The record, with what is known before; its run is called *name* if it is one of its own."""
    library.say_if_untested()
    chosen = choose_run(
        current_session(), name=name, flavor=flavor or library.package, flags=library.flags
    )
    if chosen is None:
        return None
    record = record_on(chosen)
    record.begin()
    return record
