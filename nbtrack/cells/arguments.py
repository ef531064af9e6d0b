"""What a `%track` / `%%track` line says. Pure: nothing runs and nothing is recorded here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile

from nbtrack.base.values import check_key
from nbtrack.capture.redact import holds_secret, mask_text
from nbtrack.capture.secrets import MASK
from nbtrack.cells.expansion import expand
from nbtrack.cells.words import USAGE, UsageError, Word, split_words
from nbtrack.errors import InvalidValue
from nbtrack.lookup.metric_direction import Direction
from nbtrack.records.warned import silenced_kinds

__all__ = [
    "FLAGS",
    "USAGE",
    "TrackArguments",
    "UsageError",
    "expand",
    "expand_arguments",
    "parse_arguments",
    "read_arguments",
]

FLAGS = {
    "-e": "experiment",
    "--experiment": "experiment",
    "-t": "tag",
    "--tag": "tag",
    "-m": "note",
    "--note": "note",
    "--metrics": "metrics",
    "--artifacts": "artifacts",
    "--no-warn": "no_warn",
    "--quiet": "quiet",
    "--live": "live",
}
BARE_FLAGS = ("quiet", "live")  # take no value


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackArguments:
    name: str | None
    params: dict[str, str]
    experiment: str | None
    tags: dict[str, str]
    note: str | None
    metrics: tuple[str, ...]
    artifacts: tuple[str, ...]
    quiet: bool
    live: bool = False
    no_warn: frozenset[str] = frozenset()  # kinds of warnings
    directions: dict[str, Direction] = field(default_factory=dict)  # of --metrics a:min
    after_metrics: tuple[str, ...] = ()  # words of the name that follow --metrics a
    remarks: tuple[str, ...] = ()  # for the card


def read_arguments(
    line: str, namespace: Mapping[str, object], *, assigned_here: frozenset[str]
) -> TrackArguments:
    """Parse *line*, then fill in `{expressions}` and `$names` from the user's *namespace*.

    In this order a value with spaces or quotes stays one value, and can never turn into a flag.
    Secrets are masked, as they are in the stored source.
    """
    arguments = parse_arguments(line)
    return without_secrets(expand_arguments(arguments, namespace, assigned_here=assigned_here))


def parse_arguments(line: str) -> TrackArguments:
    """Read *line* as typed. A flag takes what follows it; `--flag=value` takes just that value.

    Raises UsageError, naming the word, for everything that is not understood.
    """
    return _Reader(split_words(line)).read()


def expand_arguments(
    arguments: TrackArguments, namespace: Mapping[str, object], *, assigned_here: frozenset[str]
) -> TrackArguments:
    def filled(text: str) -> str:
        return expand(text, namespace, assigned_here=assigned_here)

    return replace(
        arguments,
        name=arguments.name and filled(arguments.name),
        params={key: filled(value) for key, value in arguments.params.items()},
        experiment=arguments.experiment and filled(arguments.experiment),
        tags={key: filled(value) for key, value in arguments.tags.items()},
        note=arguments.note and filled(arguments.note),
        artifacts=tuple(filled(glob) for glob in arguments.artifacts),
    )


def without_secrets(arguments: TrackArguments) -> TrackArguments:
    """Values of params and tags that are secret by name or shape as `***`, with a remark each."""
    hidden: list[str] = []

    def masked(pairs: Mapping[str, str]) -> dict[str, str]:
        secret = [key for key, value in pairs.items() if value and holds_secret(key, value)]
        hidden.extend(secret)
        return {**pairs, **dict.fromkeys(secret, MASK)}

    return replace(
        arguments,
        params=masked(arguments.params),
        tags=masked(arguments.tags),
        name=arguments.name and mask_text(arguments.name),
        note=arguments.note and mask_text(arguments.note),
        remarks=(
            *arguments.remarks,
            *(f"{key} is recorded as {MASK}: it looks like a secret." for key in hidden),
        ),
    )


class _Reader:
    """Takes words from the left; each flag takes its own."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._left = deque(words)
        self._name: list[str] = []
        self._params: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._metrics: list[str] = []
        self._directions: dict[str, Direction] = {}
        self._artifacts: list[str] = []
        self._after_metrics: list[str] = []
        self._bare: set[str] = set()
        self._no_warn: frozenset[str] = frozenset()

    def read(self) -> TrackArguments:
        while self._left:
            self._read(self._left.popleft())
        return TrackArguments(
            name=" ".join(self._name) or None,
            params=self._params,
            experiment=self._texts.get("experiment"),
            tags=self._tags,
            note=self._texts.get("note"),
            metrics=tuple(dict.fromkeys(self._metrics)),
            artifacts=tuple(dict.fromkeys(self._artifacts)),
            quiet="quiet" in self._bare,
            live="live" in self._bare,
            no_warn=self._no_warn,
            directions=self._directions,
            after_metrics=tuple(self._after_metrics),
        )

    def _read(self, word: Word) -> None:
        if word.kind == "text":
            self._name.append(word.text)
        elif word.kind == "pair":
            _add_pair(self._params, word, what="param")
        elif word.kind == "flag":
            self._flag_reader(word)(word)

    def _flag_reader(self, flag: Word) -> Callable[[Word], None]:
        readers = {
            "experiment": self._read_text,
            "note": self._read_text,
            "tag": self._read_tags,
            "metrics": self._read_metrics,
            "artifacts": self._read_artifacts,
            "no_warn": self._read_no_warn,
            **dict.fromkeys(BARE_FLAGS, self._read_bare),
        }
        if flag.text in ("-h", "--help"):
            raise UsageError("The help is %track? on a line of its own.")
        if flag.text not in FLAGS:
            raise UsageError(f"Unknown flag {flag.text!r}.{_did_you_mean(flag.text)}")
        return readers[FLAGS[flag.text]]

    def _read_text(self, flag: Word) -> None:
        name = FLAGS[flag.text]
        if name in self._texts:
            raise UsageError(f"{flag.text!r} comes twice: a run has one {name}.")
        self._texts[name] = self._next_value(flag)

    def _read_tags(self, flag: Word) -> None:
        for word in self._values(flag, kind="pair", example="stage=dev"):
            _add_pair(self._tags, word, what="tag")

    def _read_metrics(self, flag: Word) -> None:
        value = self._next_value(flag)
        for name in value.split(","):
            if not name.strip():
                raise UsageError(f"An empty name in {flag.text} {value!r}: write a,b, no spaces.")
            key, way = _split_direction(name.strip())
            self._metrics.append(_checked_key(key, "metric"))
            if way is not None:
                self._directions[key] = way
        if not flag.is_joined:
            behind = takewhile(lambda word: word.kind == "text", self._left)
            self._after_metrics += [word.text for word in behind]

    def _read_artifacts(self, flag: Word) -> None:
        globs = self._values(flag, kind="text", example="'*.png'")
        self._artifacts.extend(word.text for word in globs)

    def _read_no_warn(self, flag: Word) -> None:
        try:
            self._no_warn |= silenced_kinds(self._next_value(flag))
        except InvalidValue as exc:
            raise UsageError(str(exc)) from exc

    def _read_bare(self, flag: Word) -> None:
        if flag.is_joined:
            raise UsageError(f"{flag.text!r} takes no value: write it alone.")
        self._bare.add(FLAGS[flag.text])

    def _next_value(self, flag: Word) -> str:
        if not self._left or self._left[0].kind not in ("text", "pair"):
            raise UsageError(f"{flag.text!r} needs a value after it.")
        word = self._left.popleft()
        value = word.text if word.kind == "text" else word.typed
        if not value.strip():
            raise UsageError(f"{flag.text!r} needs a value that is not empty.")
        return value

    def _values(self, flag: Word, *, kind: str, example: str) -> list[Word]:
        """One word of *kind* or more; just one after `--flag=`."""
        words: list[Word] = []
        while self._left and self._left[0].kind == kind and not (flag.is_joined and words):
            words.append(self._left.popleft())
        if not words or (kind == "text" and not all(word.text for word in words)):
            got = f", not {self._left[0].typed!r}" if self._left else ""
            raise UsageError(f"{flag.text!r} needs something like {example} after it{got}.")
        return words


def _split_direction(name: str) -> tuple[str, Direction | None]:
    """`rt:min` is the metric rt, of which less is better."""
    key, _, end = name.rpartition(":")
    ways: dict[str, Direction] = {"min": "lower", "max": "higher"}
    return (key, ways[end]) if key and end in ways else (name, None)


def _add_pair(pairs: dict[str, str], word: Word, *, what: str) -> None:
    key = _checked_key(word.key, what)
    if key in pairs:
        raise UsageError(f"{what} {key!r} comes twice, the second time as {word.typed!r}.")
    pairs[key] = word.text


def _checked_key(key: str, what: str) -> str:
    try:
        return check_key(key, what)
    except InvalidValue as exc:
        raise UsageError(f"{exc} Put text that has = in it in quotes.") from exc


def _did_you_mean(flag: str) -> str:
    import difflib  # only a wrong line pays for it

    close = difflib.get_close_matches(flag, FLAGS, n=1)
    return f" Did you mean {close[0]}?" if close else " A word that begins with - goes in quotes."
