"""Questions of `Store`, by name: arguments and answer travel as `remote.codec` writes them."""

from __future__ import annotations

from typing import Any

from nbtrack.errors import InvalidValue, NotFound
from nbtrack.recording.experiments import default_artifact_root
from nbtrack.remote.codec import decode, encode
from nbtrack.remote.protocol import QUESTIONS_ASKED, SERVED_ROOT, question
from nbtrack.server.served import Served


def answer(served: Served, name: str, arguments: dict[str, Any]) -> Any:
    """Raises NotFound for a question that is none, InvalidValue for wrong arguments, and what the
    store raises."""
    if name == "version":
        return str(hash(served.store.version()))
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


def _as_served(location: str, root: str) -> str:
    """The folder of artifacts is another one on each machine."""
    is_below = location == root or location.startswith(f"{root}/")
    return SERVED_ROOT + location.removeprefix(root) if is_below else location
