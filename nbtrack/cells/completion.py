"""Completion on the lines of our magics: commands, flags, and names the project knows."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.cells.arguments import BARE_FLAGS, FLAGS
from nbtrack.cells.look_back import FRESH_SECONDS
from nbtrack.errors import StoreError
from nbtrack.lookup.compare_line import BASELINE
from nbtrack.lookup.run_order import SORTABLE
from nbtrack.lookup.runs_line import FLAGS as RUNS_FLAGS
from nbtrack.recording.session import current_session
from nbtrack.records.registry import RegistryQuery
from nbtrack.records.runs import RunQuery
from nbtrack.records.warned import ALL, KINDS

COMMANDS = ("on", "off", "status", "quiet", "last", "drop", "restore", "load", "stop")
MATCHER = "nbtrack.track_line"

_LINE = re.compile(r"\s*(%%?track|%runs|%experiment|%registry|%compare)\s")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_REPEATABLE = frozenset({"tag", "metrics", "artifacts", "no_warn"})
_LOOK_SECONDS = 0.05
_MOST_RUNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    experiments: Sequence[str] = ()
    param_names: Sequence[str] = ()
    metric_names: Sequence[str] = ()
    model_names: Sequence[str] = ()
    run_names: Sequence[str] = ()


def complete(
    line: str,
    cursor_word: str,
    *,
    experiments: Sequence[str],
    param_names: Sequence[str],
    metric_names: Sequence[str],
    model_names: Sequence[str] = (),
    run_names: Sequence[str] = (),
) -> list[str]:
    """What may stand in place of *cursor_word*, with which *line*, up to the cursor, ends."""
    magic = _LINE.match(line)
    if magic is None or not line.endswith(cursor_word):
        return []
    before = line[magic.end() : len(line) - len(cursor_word)]
    if magic.group(1) == "%registry":
        return _rest_of_name(cursor_word, before.lstrip(), model_names)
    if magic.group(1) == "%compare":
        return _on_compare_line(cursor_word, before, run_names)
    known = KnownNames(experiments=experiments, param_names=param_names, metric_names=metric_names)
    if magic.group(1) == "%runs":
        return _on_runs_line(cursor_word, before.split(), known)
    if magic.group(1) == "%experiment":
        return _rest_of_name(cursor_word, before.lstrip(), experiments)
    commands = COMMANDS if magic.group(1) == "%track" else ()
    return _on_track_line(cursor_word, before.split(), known, commands=commands)


def project_names() -> KnownNames:
    """For a kernel that knows of nothing yet: a short look at what is folded."""
    session = current_session()
    try:
        found = session.store.read_history(
            session.experiment.experiment_id, lineage=None, without="", timeout=_LOOK_SECONDS
        )
    except StoreError:
        return KnownNames()
    return KnownNames(
        experiments=found.experiments,
        param_names=found.params,
        metric_names=list(found.extremes),
    )


def registered_names() -> KnownNames:
    """Those of the model registry."""
    try:
        found = current_session().store.search_registered_models(RegistryQuery())
    except StoreError:
        return KnownNames()
    return KnownNames(model_names=[model.name for model in found])


def names_of_runs() -> KnownNames:
    """Those of the newest runs of the experiment."""
    session = current_session()
    query = RunQuery(experiment_ids=(session.experiment.experiment_id,), max_results=_MOST_RUNS)
    try:
        found = session.store.search_runs(query, timeout=_LOOK_SECONDS)
    except StoreError:
        return KnownNames()
    return KnownNames(run_names=[run.info.run_name for run in found if run.info.run_name])


def register(
    shell: Any,
    known: Callable[[], KnownNames] = KnownNames,
    *,
    look: Callable[[], KnownNames] = project_names,
) -> None:
    """Hook `complete` into *shell*, with Jedi or without; twice is once.

    *known* is asked at every completion on such a line, so it has to answer fast. *look* is asked
    when that knows no experiment, and, every two seconds at most, on lines that are about what
    other cells and kernels have recorded: there, what is known may be old.
    """
    from IPython.core.completer import SimpleCompletion, context_matcher

    look = _once_in(FRESH_SECONDS, look)
    looks = {
        "%registry": _once_in(FRESH_SECONDS, registered_names),
        "%compare": _once_in(FRESH_SECONDS, names_of_runs),
    }

    def match_line(context: Any) -> dict[str, Any]:
        found: list[str] = []
        word = _cursor_word(context.text_until_cursor)
        with guarded("complete the line"):
            line = context.text_until_cursor
            magic = _magic_of(line)
            sources = (known, look) if "track" in magic else (look, known)
            found = _ask(line, word, (looks[magic],) if magic in looks else sources)
        return {
            "completions": [SimpleCompletion(text=each, type="magic") for each in found],
            "matched_fragment": word,
            "suppress": bool(found),  # no variables and files between our flags
        }

    unregister(shell)
    as_matcher = context_matcher(identifier=MATCHER, priority=100)
    shell.Completer.custom_matchers.append(as_matcher(match_line))


def unregister(shell: Any) -> None:
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", "") != MATCHER]


def _magic_of(line: str) -> str:
    return magic.group(1) if (magic := _LINE.match(line)) else ""


def _ask(line: str, word: str, sources: Sequence[Callable[[], KnownNames]]) -> list[str]:
    if _LINE.match(line) is None:
        return []
    names = KnownNames()
    with guarded("list names for completion"):  # flags need no store
        for source in sources:
            names = names if names.experiments else source()
    return complete(
        line,
        word,
        experiments=names.experiments,
        param_names=names.param_names,
        metric_names=names.metric_names,
        model_names=names.model_names,
        run_names=names.run_names,
    )


def _once_in(seconds: float, look: Callable[[], KnownNames]) -> Callable[[], KnownNames]:
    """*look*, whose answer holds for so long."""
    asked, found = float("-inf"), KnownNames()

    def remembered() -> KnownNames:
        nonlocal asked, found
        if time.monotonic() - asked > seconds:
            asked, found = time.monotonic(), look()
        return found

    return remembered


def _cursor_word(line: str) -> str:
    return found.group() if (found := re.search(r"\S*$", line)) else ""


def _on_track_line(
    word: str, before: list[str], known: KnownNames, *, commands: Iterable[str]
) -> list[str]:
    flag, is_joined, value = word.partition("=")
    if flag in FLAGS and is_joined:
        return [f"{flag}={each}" for each in _values(FLAGS[flag], value, known)]
    if before and before[-1] in FLAGS and FLAGS[before[-1]] not in BARE_FLAGS:
        return _values(FLAGS[before[-1]], word, known)
    return _words(word, before, known=known, commands=() if before else commands)


def _on_runs_line(word: str, before: list[str], known: KnownNames) -> list[str]:
    flag, is_joined, value = word.partition("=")
    if flag in RUNS_FLAGS and is_joined:
        return [f"{flag}={each}" for each in _runs_values(RUNS_FLAGS[flag], value, known)]
    if before and RUNS_FLAGS.get(before[-1], "all") != "all":
        return _runs_values(RUNS_FLAGS[before[-1]], word, known)
    if word.startswith("-"):
        return _beginning(word, [flag for flag in RUNS_FLAGS if flag not in before])
    keys = [f"metrics.{_in_backticks(name)}" for name in known.metric_names]
    keys += [f"params.{_in_backticks(name)}" for name in known.param_names]
    return _beginning(word, keys + ([] if word or before else list(RUNS_FLAGS)))


def _runs_values(name: str, typed: str, known: KnownNames) -> list[str]:
    if name == "experiment":
        return _values(name, typed, known)
    if name == "sort":
        names = [*known.metric_names, *known.param_names, *SORTABLE]
        return [_quoted(each) for each in _beginning(typed.lstrip("\"'"), names)]
    return []


def _on_compare_line(word: str, before: str, run_names: Sequence[str]) -> list[str]:
    text = before + word
    unclosed = re.search("[\"']", _QUOTED.sub(lambda found: "_" * len(found[0]), text))
    if unclosed is not None:  # a name may have spaces in it: what stands before *word* stays
        typed, quote = text[unclosed.end() :], unclosed[0]
        whole = [f"{text[: unclosed.end()]}{name}{quote}" for name in _beginning(typed, run_names)]
        return [each[len(before) :] for each in whole]
    flag, is_joined, value = word.partition("=")
    if flag == BASELINE and is_joined:
        return [f"{flag}={_quoted(each)}" for each in _beginning(value, run_names)]
    if word.startswith("-"):
        return _beginning(word, [] if BASELINE in before else [BASELINE])
    return [_quoted(each) for each in _beginning(word, run_names)]


def _rest_of_name(word: str, before: str, names: Iterable[str]) -> list[str]:
    """A name is all of the line: of `Chess cl` the word that is replaced is the second one."""
    return [each[len(before) :] for each in _beginning(before + word, names)]


def _values(name: str, typed: str, known: KnownNames) -> list[str]:
    if name == "experiment":
        return [_quoted(each) for each in _beginning(typed.lstrip("\"'"), known.experiments)]
    if name == "metrics":
        chosen, comma, last = typed.rpartition(",")
        new = (each for each in known.metric_names if each not in chosen.split(","))
        return [f"{chosen}{comma}{each}" for each in _beginning(last, new)]
    if name == "no_warn":
        chosen, comma, last = typed.rpartition(",")
        kinds = (each for each in (*KINDS, ALL) if each not in chosen.split(","))
        return [f"{chosen}{comma}{each}" for each in _beginning(last, kinds)]
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


def _in_backticks(name: str) -> str:
    return name if re.fullmatch(r"[\w.:/-]+", name) else f"`{name}`"
