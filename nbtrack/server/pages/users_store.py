"""A project as one user of a server may see and change it.

A panel asks its store alone, so here is the gate: what a request over HTTP would need, a question
from a page needs too, by the same rules, whichever message it came by. What this knows no rule for
is refused.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, cast

from nbtrack.errors import InvalidValue, MlflowException, NotAllowed
from nbtrack.recording.experiments import default_artifact_root
from nbtrack.records.registry import NewEvent, RegistryEvent
from nbtrack.records.runs import RunInfo
from nbtrack.remote.codec import decode, encode
from nbtrack.remote.protocol import JOURNAL, QUESTIONS, QUESTIONS_ASKED, REGISTRY, ROOT, question
from nbtrack.remote.store import ELSEWHERE, located
from nbtrack.server.narrowing import Narrowed
from nbtrack.server.nbtrack_protocol.questions import answer
from nbtrack.server.own_folders import folder_of_run
from nbtrack.server.roles import Role, role_of_change
from nbtrack.server.served import Served
from nbtrack.server.users import User
from nbtrack.stores.store import Store

# What tells nothing of single runs, experiments and models.
_FREE = frozenset({
    "absence", "flush", "lost_records", "models_uri", "registry_turn", "waiting_records", "writer",
})  # fmt: skip
_OF_ONE = frozenset({"get_run", "look_up_run"})
_ANY_LINES = f"{ROOT}/{JOURNAL}/{'0' * 32}-0.jsonl"


def store_of_user(
    served: Served, who: Callable[[], User], *, uri: str, noted: Callable[[int], None]
) -> Store:
    """*who* is asked at each question: raises NotIdentified once he may not any more. *uri* is none
    that anybody could open: there is no way past this store. *noted* hears of each change, or that
    it was refused, by its status."""
    store = UsersStore(served, who, uri, noted)
    return cast("Store", store)  # by __getattr__, which no type describes


def open_store(store: Store, still: Callable[[], object]) -> Store:
    """*store* as it is, for a page that was opened when nobody had to say who he is. Before it
    hears that there are news, *still* is asked: raises NotIdentified once somebody has to."""
    return cast("Store", OpenStore(store, still))  # by __getattr__, which no type describes


class OpenStore:
    def __init__(self, store: Store, still: Callable[[], object]) -> None:
        self._store, self._still = store, still

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._store, name)

    def version(self) -> object:
        self._still()
        return self._store.version()

    def close(self) -> None:
        """The store of the server stays."""


class UsersStore:
    def __init__(
        self, served: Served, who: Callable[[], User], uri: str, noted: Callable[[int], None]
    ) -> None:
        self._served, self._who, self.uri, self._noted = served, who, uri, noted

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in QUESTIONS_ASKED:
            return partial(self._ask, name)
        if name in _FREE:
            self._who()
            return getattr(self._served.store, name)
        raise NotAllowed(f"Pages of a server do without {name!r}.")

    def version(self) -> object:
        """Of what he sees: another one, too, when he may do more or less than before."""
        user = self._who()
        return self._served.store.version(), user.role, user.grants

    def close(self) -> None:
        """The store of the server stays."""

    # --- questions

    def _ask(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        user, bound = self._who(), question(name).signature.bind(self, *args, **kwargs)
        arguments = {key: each for key, each in bound.arguments.items() if key != "self"}
        found = (
            getattr(self._served.store, name)(**arguments)
            if user.may(Role.VIEWER)
            else self._narrowed(user, name, arguments)
        )
        return self._with_own_folder(found) if name in _OF_ONE else found

    def _narrowed(self, user: User, name: str, arguments: dict[str, Any]) -> Any:
        """As somebody else's machine would be answered, who has his grants."""
        arguments.pop("timeout", None)
        narrowed = Narrowed.of_path(self._served, user, Role.VIEWER, f"{ROOT}/{QUESTIONS}/{name}")
        told = narrowed.narrowed_fields(encode(arguments))
        answered = {"answer": answer(self._served, name, told)}
        narrowed.leave_out(answered)
        root = default_artifact_root(self._served.store)
        return decode(question(name).answer, answered["answer"], partial(located, root=root))

    def _with_own_folder(self, found: Any) -> Any:
        """Files are read where a run says that they are: that may be its own folder alone."""
        info: RunInfo = found.info
        try:
            folder_of_run(self._served.store, info.run_id, info.artifact_uri)
        except InvalidValue:
            elsewhere = replace(info, artifact_uri=f"{ELSEWHERE}{info.artifact_uri}")
            is_record = hasattr(found, "data")  # a Run; else a FoundRun, which is a tuple
            return replace(found, info=elsewhere) if is_record else found._replace(info=elsewhere)
        return found

    # --- changes

    def append(self, text: str) -> None:
        user = self._who()
        with self._in_the_log():
            kept = self._kept_lines(user, text)
        self._served.store.append(kept)

    def _kept_lines(self, user: User, text: str) -> str:
        if user.may(Role.EDITOR):
            return text
        body = zlib.compress(text.encode("utf-8", "surrogatepass"))
        narrowed = Narrowed.of_path(self._served, user, Role.EDITOR, _ANY_LINES)
        return zlib.decompress(narrowed.narrowed_body(body)).decode("utf-8", "surrogatepass")

    def registry_append(self, events: Sequence[NewEvent], **more: Any) -> list[RegistryEvent]:
        user = self._who()
        with self._in_the_log():
            self._check_events(user, events)
        return self._served.store.registry_append(events, **more)

    def _check_events(self, user: User, events: Sequence[NewEvent]) -> None:
        if not all(user.may(role_of_change(event.kind)) for event in events):
            needed = Narrowed.of_path(self._served, user, Role.EDITOR, f"{ROOT}/{REGISTRY}")
            needed.check_fields({"events": encode(events)})

    @contextmanager
    def _in_the_log(self) -> Iterator[None]:
        try:
            yield
        except MlflowException as exc:
            self._noted(exc.get_http_status_code())
            raise
        self._noted(200)
