"""`push` and `pull`: a copy between a project's folder and a server."""

from __future__ import annotations

from collections.abc import Sequence

from nbtrack.display.progress import shown_progress
from nbtrack.stores.store import Store
from nbtrack.transfer.copies.choosing import chosen_runs
from nbtrack.transfer.copies.copying import Copied, Copying
from nbtrack.transfer.copies.sides import FolderSide, ServerSide

PUSHES = "pushes"  # in the project's folder: what is on its way
_AGAIN = "Try again when it is done."


def push_runs(store: Store, uri: str, texts: Sequence[str], experiments: Sequence[str]) -> Copied:
    """From the folder of *store* to the server at *uri*. Raises NotFound, InvalidValue, NameTaken,
    StoreBusy; after that the same again goes on where it stopped."""
    runs, here = chosen_runs(store, texts, experiments), FolderSide(store)
    with here.turn(_AGAIN), shown_progress("step") as progress:
        there = ServerSide(uri, here.folder / PUSHES)
        there.send_rest()
        return Copying(here, there).copy(runs, progress)


def pull_runs(
    store: Store, served: Store, texts: Sequence[str], experiments: Sequence[str]
) -> Copied:
    """From the server of *served* to the folder of *store*. The same."""
    runs, here = chosen_runs(served, texts, experiments), FolderSide(store)
    with here.turn(_AGAIN), shown_progress("step") as progress:
        copied = Copying(ServerSide(served.uri, here.folder / PUSHES), here).copy(runs, progress)
    store.flush()
    return copied
