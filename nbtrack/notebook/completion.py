"""Completion on `%track` / `%%track` lines: commands, flags, and names the project knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nbtrack.guard import guarded
from nbtrack.notebook.arguments import FLAGS

COMMANDS = ("on", "off", "status", "quiet", "last", "drop", "load")
MATCHER = "nbtrack.track_line"

_TRACK = re.compile(r"\s*(%%?)track\s")
_REPEATABLE = frozenset({"tag", "metrics", "artifacts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    experiments: Sequence[str] = ()
    param_names: Sequence[str] = ()
    metric_names: Sequence[str] = ()


def complete(
    line: str,
    cursor_word: str,
    *,
    experiments: Sequence[str],
    param_names: Sequence[str],
    metric_names: Sequence[str],
) -> list[str]:
    """What may stand in place of *cursor_word*, with which *line*, up to the cursor, ends."""
    track = _TRACK.match(line)
    if track is None or not line.endswith(cursor_word):
        return []
    before = line[track.end() : len(line) - len(cursor_word)].split()
    known = KnownNames(experiments=experiments, param_names=param_names, metric_names=metric_names)
    flag, is_joined, value = cursor_word.partition("=")
    if flag in FLAGS and is_joined:
        return [f"{flag}={each}" for each in _values(FLAGS[flag], value, known)]
    if before and before[-1] in FLAGS and FLAGS[before[-1]] != "quiet":
        return _values(FLAGS[before[-1]], cursor_word, known)
    commands = COMMANDS if track.group(1) == "%" and not before else ()
    return _words(cursor_word, before, known=known, commands=commands)


def register(shell: Any, known: Callable[[], KnownNames] = KnownNames) -> None:
    """Hook `complete` into *shell*, with Jedi or without; twice is once.

    *known* is asked at every completion on such a line, so it has to answer fast.
    """
    from IPython.core.completer import SimpleCompletion, context_matcher

    def match_track_line(context: Any) -> dict[str, Any]:
        found: list[str] = []
        word = _cursor_word(context.text_until_cursor)
        with guarded("complete the %track line"):
            found = _ask(context.text_until_cursor, word, known)
        return {
            "completions": [SimpleCompletion(text=each, type="magic") for each in found],
            "matched_fragment": word,
            "suppress": bool(found),  # no variables and files between our flags
        }

    unregister(shell)
    as_matcher = context_matcher(identifier=MATCHER, priority=100)
    shell.Completer.custom_matchers.append(as_matcher(match_track_line))


def unregister(shell: Any) -> None:
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", "") != MATCHER]


def _ask(line: str, word: str, known: Callable[[], KnownNames]) -> list[str]:
    if _TRACK.match(line) is None:
        return []
    names = KnownNames()
    with guarded("list names for completion"):  # flags need no store
        names = known()
    return complete(
        line,
        word,
        experiments=names.experiments,
        param_names=names.param_names,
        metric_names=names.metric_names,
    )


def _cursor_word(line: str) -> str:
    return found.group() if (found := re.search(r"\S*$", line)) else ""


def _values(name: str, typed: str, known: KnownNames) -> list[str]:
    if name == "experiment":
        return [_quoted(each) for each in _beginning(typed.lstrip("\"'"), known.experiments)]
    if name == "metrics":
        chosen, comma, last = typed.rpartition(",")
        new = (each for each in known.metric_names if each not in chosen.split(","))
        return [f"{chosen}{comma}{each}" for each in _beginning(last, new)]
    return []


def _words(
    typed: str, before: list[str], *, known: KnownNames, commands: Iterable[str]
) -> list[str]:
    if typed.startswith("-"):
        return [] if "--" in before else _beginning(typed, _free_flags(before))
    if "=" in typed:
        return []
    given = {word.partition("=")[0] for word in before}
    params = [f"{name}=" for name in known.param_names if name not in given]
    flags = [] if typed or "--" in before else _free_flags(before)
    return _beginning(typed, [*commands, *params, *flags])


def _free_flags(before: list[str]) -> list[str]:
    """Flags not on the line yet, in either spelling, or that may come again."""
    used = {FLAGS[flag] for word in before if (flag := word.partition("=")[0]) in FLAGS}
    return [flag for flag, name in FLAGS.items() if name not in used or name in _REPEATABLE]


def _beginning(typed: str, candidates: Iterable[str]) -> list[str]:
    every = list(dict.fromkeys(candidates))
    return [each for each in every if each.startswith(typed)] or [
        each for each in every if each.lower().startswith(typed.lower())
    ]


def _quoted(name: str) -> str:
    return f'"{name}"' if re.search(r"[\s\"'=]", name) else name
