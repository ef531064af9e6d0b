"""Threads, jobs of pools and callbacks of widgets are told where they come from.

asyncio hands contexts on; Python's threads do not, and a context handed on as a whole would change
more than our variable (a decimal context, numpy's errstate). So `Thread.start` notes on the thread
what `Here` was, and pools and widgets get functions that set it while they run. This holds while
a run is open or the extension is loaded, and is taken back afterwards. What somebody else has
wrapped in the meantime is left in place: it does nothing by itself.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from nbtrack.base.imported import imported
from nbtrack.recording.code_end import begin_job, end_job, thread_failed
from nbtrack.recording.here import THREADS_HERE, Here, here, is_own_code_of
from nbtrack.recording.process_end import status_of
from nbtrack.records.runs import RunStatus

_WIDGETS = "ipywidgets.widgets.widget"
Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


class HandingOver:
    """*handed_over* says what code belongs to that is started where it is called."""

    def __init__(self, handed_over: Callable[[], Here]) -> None:
        self._handed_over = handed_over
        self._lock = threading.RLock()
        self._replaced: dict[tuple[Any, str], tuple[Any, Any]] = {}  # what was there, and what is
        self._made: dict[tuple[Any, str], tuple[Any, Any]] = {}  # of what: most runs are short
        self._left: set[tuple[Any, str]] = set()  # wrapped by others: ours stays below theirs

    def start(self, *, with_widgets: bool = False) -> None:
        """Once more: what was imported since is seen to."""
        with self._lock:
            self._replace(threading, "excepthook", _telling_of_failures)
            self._replace(threading.Thread, "start", self._around_start)
            if (pool := imported("concurrent.futures.thread", "ThreadPoolExecutor")) is not None:
                self._replace(pool, "submit", self._around_submit)
            if (pool := imported("multiprocessing.pool", "ThreadPool")) is not None:
                for name in _TAKING_FUNCTIONS:
                    self._replace(pool, name, self._around_pool_method)
            if with_widgets:
                self._replace_in_widgets()

    def stop(self) -> None:
        with self._lock:
            for (owner, name), (before, ours) in list(self._replaced.items()):
                self._put_back(owner, name, before, ours)

    def after_fork(self) -> None:
        self._lock = threading.RLock()

    def _replace_in_widgets(self) -> None:
        if (comm := imported("comm.base_comm", "BaseComm")) is not None:
            self._replace(comm, "on_msg", self._around_on_msg)
            self._replace(comm, "on_close", self._around_on_msg)
        if (dispatcher := imported(_WIDGETS, "CallbackDispatcher")) is not None:
            self._replace(dispatcher, "register_callback", self._around_on_msg)
        if (widget := imported(_WIDGETS, "Widget")) is not None:
            self._replace(widget, "observe", self._around_observe)

    def _replace(self, owner: Any, name: str, wrap: Wrap) -> None:
        place = owner, name
        if place in self._replaced or place in self._left:
            return
        before = getattr(owner, name)
        if self._made.get(place, (None, None))[0] is not before:
            self._made[place] = before, wrap(before)
        ours = self._made[place][1]
        self._replaced[place] = vars(owner).get(name), ours
        setattr(owner, name, ours)

    def _put_back(self, owner: Any, name: str, before: Any, ours: Any) -> None:
        del self._replaced[owner, name]
        if vars(owner).get(name) is not ours:
            self._left.add((owner, name))
        elif before is None:
            delattr(owner, name)  # it is inherited
        else:
            setattr(owner, name, before)

    # --- what is put in place

    def _around_start(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def start(thread: threading.Thread) -> None:
            vars(thread)[THREADS_HERE] = self._handed_over()
            original(thread)

        return start

    def _around_submit(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def submit(pool: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            return original(pool, _Job(fn, self._handed_over()), *args, **kwargs)

        return submit

    def _around_pool_method(self, original: Callable[..., Any]) -> Callable[..., Any]:
        return _with_first(original, "func", lambda job: _Job(job, self._handed_over()))

    def _around_on_msg(self, original: Callable[..., Any]) -> Callable[..., Any]:
        return _with_first(original, "callback", self._callback)

    def _around_observe(self, original: Callable[..., Any]) -> Callable[..., Any]:
        return _with_first(original, "handler", self._callback)

    def _callback(self, function: Any) -> Any:
        """Of plain functions only: traitlets knows its own callables by their type."""
        if isinstance(function, FunctionType | MethodType | functools.partial):
            return _Callback(function, self._handed_over())
        return function


def _with_first(
    original: Callable[..., Any], parameter: str, wrap: Callable[[Any], Any]
) -> Callable[..., Any]:
    """*original*, a method, with its first argument wrapped, which may be given by name."""

    @functools.wraps(original)
    def method(owner: Any, /, *args: Any, **kwargs: Any) -> Any:
        if args:
            args = (wrap(args[0]), *args[1:])
        elif parameter in kwargs:
            kwargs[parameter] = wrap(kwargs[parameter])
        return original(owner, *args, **kwargs)

    return method


_TAKING_FUNCTIONS = (
    "apply", "apply_async", "imap", "imap_unordered", "map", "map_async", "starmap",
    "starmap_async",
)  # fmt: skip


class _Job:
    """A function that runs for whoever handed it in, in whatever thread. Keras hands one in for
    each batch: what is done around it is felt."""

    def __init__(self, function: Callable[..., Any], place: Here) -> None:
        self.function = function
        self._place = place

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        token, around, status = here.set(self._place), begin_job(), RunStatus.FINISHED
        try:
            return self.function(*args, **kwargs)
        except BaseException as exc:
            status, place = status_of(exc), exc.__traceback__
            exc.__traceback__ = place and place.tb_next  # the user's is his own, without our frame
            raise  # which adds none
        finally:
            end_job(around, status)
            here.reset(token)

    def __reduce__(self) -> tuple[Any, ...]:
        # Where it is of use in another interpreter, it is the function that has to go there.
        return functools.partial, (self.function,)

    def __getattr__(self, name: str) -> Any:
        if name == "function":  # a copy that is being made has none yet
            raise AttributeError(name)
        return getattr(self.function, name)


class _Callback(_Job):
    """Equal to the function, so that it can be taken out again by it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        now = here.get()
        if now is not None and now.cell is not None and is_own_code_of(now.cell):
            return self.function(*args, **kwargs)  # a cell calls it, as any function
        return super().__call__(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return bool(self.function == (other.function if isinstance(other, _Job) else other))

    def __hash__(self) -> int:
        return hash(self.function)


def _telling_of_failures(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def excepthook(args: Any, /) -> Any:
        thread_failed(args.exc_value)
        return original(args)

    return excepthook
