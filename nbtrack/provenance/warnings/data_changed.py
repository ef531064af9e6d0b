"""*data*: what a cell read is not what its attempt before read, though it goes by the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nbtrack.capture.content import Content, RowChange, row_change

_MOST_NAMED = 3  # columns
_LONGEST_NAME = 40

Inputs = Mapping[tuple[str, str], str | None]  # digests by context and name; None: several


def changed_inputs(before: Inputs, now: Inputs) -> dict[str, tuple[str, str]]:
    """By name, the digests of what changed; what only one of them read is not compared."""
    return {
        name: (was, digest)
        for (context, name), digest in now.items()
        if digest and (was := before.get((context, name))) and was != digest
    }


def data_changed(
    changed: Mapping[str, tuple[str, str]], attempt: int, text_of: Callable[[str], str | None]
) -> str | None:
    """*text_of* gives the kept content of a digest. Where one is not kept, nothing is said: the
    digest may be one of an older nbtrack."""
    told = []
    for name, digests in changed.items():
        contents = [Content.of_text(text_of(digest) or "") for digest in digests]
        if contents[0] is not None and contents[1] is not None:
            told.append(_told(name, contents[0], contents[1]))
    if not told:
        return None
    more = f", and {len(told) - 1} more" if len(told) > 1 else ""
    return (
        f"{told[0]}{more} since attempt {attempt}: compare the metrics of the two only if that is "
        "what you meant."
    )


def _told(name: str, before: Content, now: Content) -> str:
    name = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
    change = row_change(before, now)
    parts = [part for part in (_of_columns(before, now), _of_rows(change)) if part]
    told = "; ".join(parts)
    return f"{name} changed" + (f" ({told})" if told else "")


def _of_columns(before: Content, now: Content) -> str:
    """Which ones; all of them, as when rows were added, is no news."""
    old, new = before.columns, now.columns
    gone, came = [n for n in old if n not in new], [n for n in new if n not in old]
    other = [name for name in new if name in old and new[name][:8] != old[name][:8]]
    words = [
        _listed("without", gone),
        _listed("with new", came),
        _listed("in", other) if 0 < len(other) < len(new) or len(new) == 1 else "",
    ]
    return ", ".join(word for word in words if word)


def _listed(verb: str, names: list[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(name[:_LONGEST_NAME] for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more columns" if len(names) > _MOST_NAMED else ""
    return f"{verb} {shown}{more}"


def _of_rows(change: RowChange | None) -> str:
    if change is None:
        return ""
    if not change.changed and not change.added:
        return "the same rows in another order"
    words = []
    if change.changed:
        how = "" if change.precision == "exact" else f"{change.precision} "
        words.append(f"{how}{_rows(change.changed)} changed")
    if change.added:
        way = "added" if change.added > 0 else "gone"
        words.append(f"{_rows(abs(change.added))} {way}")
    return ", ".join(words)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
