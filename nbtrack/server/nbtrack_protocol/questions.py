"""Questions of `Store`, by name: arguments and answer travel as `remote.codec` writes them."""

from __future__ import annotations

from typing import Any

from nbtrack.artifact_store.file_digests import digests_of
from nbtrack.errors import InvalidValue, NotFound
from nbtrack.recording.experiments import default_artifact_root
from nbtrack.remote.codec import decode, encode
from nbtrack.remote.protocol import (
    FILE_DIGESTS,
    MOST_PATHS,
    QUESTIONS_ASKED,
    SERVED_ROOT,
    kind_of_owner,
    question,
)
from nbtrack.server.artifact_places import Place
from nbtrack.server.served import Served


def answer(served: Served, name: str, arguments: dict[str, Any]) -> Any:
    """Raises NotFound for a question that is none, InvalidValue for wrong arguments, and what the
    store raises."""
    if name == "version":
        return str(hash(served.store.version()))
    if name == FILE_DIGESTS:
        return _file_digests(served, arguments)
    if name not in QUESTIONS_ASKED:
        raise NotFound(f"Nobody asks a store {name!r:.80}.")
    asked, root = question(name), default_artifact_root(served.store)
    try:
        given = {each: decode(asked.kinds[each], value) for each, value in arguments.items()}
        asked.signature.bind(served.store, **given)
    except (TypeError, ValueError, KeyError, AttributeError) as exc:
        raise InvalidValue(f"{name} is asked with other arguments: {exc!r:.200}") from None
    found = getattr(served.store, name)(**given)
    return encode(found, lambda location: _as_served(location, root))


def _file_digests(served: Served, arguments: dict[str, Any]) -> dict[str, str | None]:
    """Of the run or model *owner*, what is at *paths* now, whatever was recorded."""
    try:
        owner, paths = str(arguments["owner"]), [str(path) for path in arguments["paths"]]
    except (KeyError, TypeError) as exc:
        raise InvalidValue(f"{FILE_DIGESTS} is asked with other arguments: {exc!r:.200}") from None
    if len(paths) > MOST_PATHS:
        raise InvalidValue(f"{len(paths):,} files at once: ask for {MOST_PATHS:,} at the most.")
    return digests_of(served.files(Place(kind_of_owner(owner), owner, "")), paths)


def _as_served(location: str, root: str) -> str:
    """The folder of artifacts is another one on each machine."""
    is_below = location == root or location.startswith(f"{root}/")
    return SERVED_ROOT + location.removeprefix(root) if is_below else location
