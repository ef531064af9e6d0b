"""Record the calls of a decorated function that others have imported by name already.

`from sklearn.metrics import f1_score` binds scikit-learn's own function object, and no later
change of `sklearn.metrics` reaches that name. But the object is a wrapper (`validate_params`)
that holds the function behind it in a closure cell. A change there is seen through every name,
and leaves the object, its signature, its source and how it pickles as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import update_wrapper
from types import CellType, ModuleType
from typing import Any

from nbtrack.hooks.nesting import here, is_users_call_in_loop
from nbtrack.hooks.unseen_frames import uncounted, without_ours

Around = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]
Undo = Callable[[], None]


def swap_wrapped(function: Callable[..., Any], around: Around) -> Undo | None:
    """Let every call of *function* go through `around(wrapped, None, args, kwargs)`.

    None, and nothing is changed, if *function* keeps no wrapped function in a cell.
    """
    cell = _cell_of_wrapped(function)
    if cell is None:
        return None
    wrapped = cell.cell_contents
    recorded, switch_off = _recorded(wrapped, around)
    cell.cell_contents = recorded

    def undo() -> None:
        switch_off()  # for the case that somebody has swapped ours for his
        if cell.cell_contents is recorded:
            cell.cell_contents = wrapped

    return undo


def rebind(function: Callable[..., Any], around: Around) -> Undo:
    """The second choice: another function under the names that *function* is known by.

    These are those in its own module, in the packages above it, and in the notebook.
    """
    recorded, switch_off = _recorded(function, around)
    places = list(_names_of(function))
    for module, name in places:
        setattr(module, name, recorded)

    def undo() -> None:
        switch_off()
        for module, name in [*places, *_names_of(recorded)]:
            if getattr(module, name, None) is recorded:
                setattr(module, name, function)

    return undo


def _cell_of_wrapped(function: Callable[..., Any]) -> CellType | None:
    wrapped = getattr(function, "__wrapped__", None)
    for cell in getattr(function, "__closure__", None) or ():
        if callable(wrapped) and _content(cell) is wrapped:
            return cell  # type: ignore[no-any-return]
    return None


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty
        return None


def _recorded(
    function: Callable[..., Any], around: Around
) -> tuple[Callable[..., Any], Callable[[], None]]:
    """A function that looks like *function*, and what makes it behave like it again."""
    is_on = True

    def recorded(*args: Any, **kwargs: Any) -> Any:
        is_inner = here.is_inside
        try:
            if not is_on or (is_inner and not is_users_call_in_loop()):
                return function(*args, **kwargs)
            here.is_inside = True
            return around(function, None, args, kwargs)
        except BaseException as exc:
            exc.__traceback__ = without_ours(exc.__traceback__)
            raise  # which adds no frame
        finally:
            here.is_inside = is_inner

    def switch_off() -> None:
        nonlocal is_on
        is_on = False

    return update_wrapper(uncounted(recorded), function), switch_off


def _names_of(function: Callable[..., Any]) -> Iterator[tuple[ModuleType, str]]:
    package = function.__module__
    modules = ["__main__"]
    while package:
        modules.append(package)
        package = package.rpartition(".")[0]
    for module in filter(None, map(sys.modules.get, modules)):
        for name, value in list(vars(module).items()):
            if value is function:
                yield module, name
