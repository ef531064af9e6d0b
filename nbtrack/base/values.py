"""What may be stored as key, metric, step or param. Every refusal names the value and the cure."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from posixpath import normpath
from typing import Any

from nbtrack.base.guard import warn_once
from nbtrack.base.plain_values import plain
from nbtrack.errors import InvalidValue

MOST_KEY_CHARACTERS = 250
# MLflow's rule for names, so that a run can move there: word characters and - . space : /
KEY_CHARACTERS = r"\w\-. :/"
_KEY = re.compile(f"[{KEY_CHARACTERS}]+")
_FOREIGN = re.compile(r"\b(np\.|array\(|tensor\()")
_LARGEST_STEP = 2**63 - 1
_YEAR_9999 = 253402300799999  # in milliseconds: times beyond fit into no calendar


def check_key(key: str, what: str = "key") -> str:
    """*key* itself. Raises InvalidValue if it cannot name a metric, param or tag."""
    if not isinstance(key, str):
        raise InvalidValue(
            f"The {what} is {_short(key)}; a {what} is text, such as {str(key)[:40]!r}."
        )
    return _check_name(key, what)


@lru_cache(maxsize=4096)
def _check_name(key: str, what: str) -> str:
    if not key.strip():
        raise InvalidValue(f"The {what} is {key!r}; give it a name of at least one character.")
    if len(key) > MOST_KEY_CHARACTERS:
        raise InvalidValue(
            f"The {what} {key[:40]!r}… has {len(key)} characters; shorten it to "
            f"{MOST_KEY_CHARACTERS}."
        )
    if not _KEY.fullmatch(key):
        raise InvalidValue(
            f"The {what} {key!r} may hold letters, digits and _ - . : / and spaces only."
        )
    if ".." in key.split("/") or key.startswith(("/", "..")):
        raise InvalidValue(
            f"The {what} {key!r} reads as a path out of its folder; name it otherwise."
        )
    if (shortest := normpath(key)) != key or key == ".":
        meant = f", such as {shortest!r}" if shortest != "." else ""
        raise InvalidValue(
            f"The {what} {key!r} has an empty or idle part between its slashes; name it "
            f"otherwise{meant}."
        )
    return key


def as_metric(key: str, value: Any) -> float:
    """*value* as a float: any real number, numpy or torch scalar, or array of one element."""
    if type(value) is float:
        return value
    try:
        if hasattr(value, "item"):
            value = value.item()
        if isinstance(value, (str, bytes)):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError) as exc:
        raise InvalidValue(
            f"Metric {key!r} is {_short(value)}, which is not one real number; "
            "text goes into log_param or set_tag, and many points into a loop of log_metric."
        ) from exc


def as_metrics(key: str, values: Sequence[Any]) -> Sequence[float]:
    """`as_metric` of each."""
    are_floats = set(map(type, values)) == {float}  # nearly always, and found out in C
    return values if are_floats else [as_metric(key, value) for value in values]


def as_step(step: Any) -> int:
    """*step* as a 64-bit integer; None is 0, as in MLflow."""
    if step is None:
        return 0
    if type(step) is int and -1 < step < _LARGEST_STEP:  # nearly always
        return step
    try:
        number = _whole(step) if isinstance(step, float) else operator.index(step)
    except TypeError as exc:
        raise InvalidValue(f"step is {step!r}; give a whole number.") from exc
    if not -_LARGEST_STEP <= number <= _LARGEST_STEP:
        raise InvalidValue(f"step is {_written(number)}; it must fit into 64 bits.")
    return number


def as_steps(steps: Sequence[Any]) -> Sequence[int]:
    """`as_step` of each."""
    return steps if _are_within(steps, _LARGEST_STEP) else list(map(as_step, steps))


def _are_within(numbers: Sequence[Any], end: int) -> bool:
    """Whether they are integers from 0 to *end*: of thousands, at once."""
    return set(map(type, numbers)) == {int} and min(numbers) >= 0 and max(numbers) <= end


def _whole(step: float) -> int:
    """MLflow takes 1.5 for a step, and training loops give it; steps are whole numbers."""
    if not math.isfinite(step):
        raise InvalidValue(f"step is {step!r}; give a whole number.")
    if not step.is_integer():
        warn_once("nbtrack: a step was no whole number; what is behind its point is cut off.")
    return int(step)


def as_microseconds(timestamp: Any, *, default: int) -> int:
    """A *timestamp* in milliseconds since 1970, as microseconds."""
    if timestamp is None:
        return default
    if type(timestamp) is int and -1 < timestamp < _YEAR_9999:  # nearly always
        return timestamp * 1000
    try:
        milliseconds = float(timestamp)
    except (TypeError, ValueError, OverflowError) as exc:
        raise InvalidValue(_TIMESTAMP_RULE.format(_written(timestamp))) from exc
    if not math.isfinite(milliseconds) or abs(milliseconds) > _YEAR_9999:
        raise InvalidValue(_TIMESTAMP_RULE.format(_written(timestamp)))
    return int(milliseconds) * 1000


def as_each_microseconds(timestamps: Sequence[Any], *, default: int) -> list[int]:
    """`as_microseconds` of each."""
    if _are_within(timestamps, _YEAR_9999):
        return [timestamp * 1000 for timestamp in timestamps]
    return [as_microseconds(timestamp, default=default) for timestamp in timestamps]


_TIMESTAMP_RULE = "timestamp is {}; give milliseconds since 1970-01-01 UTC."


def as_text(value: Any) -> str:
    """How a param or tag is kept: str(), but `{'lr': 0.1}` and not `{'lr': np.float64(0.1)}`.

    Raises InvalidValue for text that is not Unicode.
    """
    text = value if isinstance(value, str) else str(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset) and _FOREIGN.search(text):
        text = str(plain(value))
    return text if text.isascii() else check_unicode(text, "value")


def check_unicode(text: str, what: str) -> str:
    """*text* itself. Raises InvalidValue for half a character, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise InvalidValue(
            f"The {what} is {text!r:.80}, with half a character (a lone surrogate) at "
            f"{exc.start}. text.encode(errors='replace').decode() takes it out."
        ) from exc
    return text


def check_run_id(run_id: Any) -> str:
    """*run_id* itself. Raises InvalidValue if it is no text, or an empty one."""
    if isinstance(run_id, str) and run_id:
        return run_id
    hint = "pass its run.info.run_id" if hasattr(run_id, "info") else "give the run's id as text"
    raise InvalidValue(f"run_id is {_short(run_id)}; {hint}.")


def check_experiment_id(experiment_id: Any) -> str:
    """*experiment_id* as text; old MLflow code passes whole numbers. Raises InvalidValue."""
    if isinstance(experiment_id, int) and not isinstance(experiment_id, bool):
        return str(experiment_id)
    if isinstance(experiment_id, str) and experiment_id:
        return experiment_id
    has_id = hasattr(experiment_id, "experiment_id")
    hint = "pass its .experiment_id" if has_id else "give the experiment's id as text"
    raise InvalidValue(f"experiment_id is {_short(experiment_id)}; {hint}.")


def check_most(max_results: Any) -> int | None:
    """*max_results* itself; None is all. Raises InvalidValue unless it is a positive number."""
    if max_results is None:
        return None
    try:
        number = operator.index(max_results)
    except TypeError:
        number = 0
    if number < 1:
        raise InvalidValue(f"max_results is {max_results!r}; give a whole number above 0.")
    return number


def as_tuple(values: Any) -> tuple[Any, ...]:
    """*values* as a tuple; one text counts as a list of it, None as an empty one."""
    return () if values is None else (values,) if isinstance(values, str) else tuple(values)


def check_mapping(what: str, values: Any) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise InvalidValue(f"{what} takes a dict of names to values, not {_short(values)}.")
    return values


def check_tags(tags: Mapping[str, Any] | None) -> dict[str, str]:
    if tags is None:
        return {}
    return {
        check_key(key, "tag"): as_text(value) for key, value in check_mapping("tags", tags).items()
    }


def _written(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # Python writes no integer of so many digits
        return f"an {type(value).__name__} of thousands of digits"


def _short(value: object) -> str:
    text = _written(value)
    kind = type(value).__name__
    return f"{text[:80]} ({kind})" if not isinstance(value, Sequence) or len(text) < 80 else kind


def checked_text(value: Any, what: str) -> str | None:
    """*value* itself, if it is text that can be stored, or None. Raises InvalidValue."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValue(f"The {what} is {value!r:.80}; give a text.")
    return check_unicode(value, what)
