"""Contents in a bucket that no run, logged model or registered version needs.

What somebody logs again just now must not go: so they are marked first, and go a day later, if
nothing needs them then. A server that finds one marked has it sent again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nbtrack.cli.console import count
from nbtrack.cli.model_leftovers import places_of_versions
from nbtrack.display.number_format import format_size
from nbtrack.remote.protocol import COPIES
from nbtrack.server.buckets.bucket import LEFT, Bucket, StoredObject
from nbtrack.server.buckets.project import check_own
from nbtrack.stores.local.inventory import recorded_files
from nbtrack.stores.store import Store

_AT_ONCE = 100
_FILES_OF_MODELS = """
    select model_id, value as sha256 from current.model_values where "of" = 'file'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketGarbage:
    """*gone* goes now, *new* is marked; *spared* was marked, and is needed again."""

    bucket: Bucket
    gone: Sequence[StoredObject]
    new: Sequence[StoredObject]
    spared: Collection[str]
    notes: Sequence[str]  # of versions that were deleted

    @property
    def size(self) -> int:
        return sum(each.size for each in self.gone)

    @property
    def is_empty(self) -> bool:
        return not (self.gone or self.new or self.notes)

    def told(self) -> list[str]:
        found = []
        if self.gone:
            size = format_size(self.size)
            found.append(f"{count(len(self.gone), 'content')} in {self.bucket.address}: {size}")
        if self.new:
            size = format_size(sum(each.size for each in self.new))
            found.append(
                f"{count(len(self.new), 'content')} in {self.bucket.address}, {size}, that nothing "
                "needs: marked; nbtrack gc frees them a day later, if that is so still."
            )
        return found


def bucket_garbage(
    store: Store, bucket: Bucket, *, runs: Collection[str], models: Collection[str]
) -> BucketGarbage:
    """What could go now; *runs* and *models* will be gone. Raises StoreError, also for the bucket
    of another project, BucketAway."""
    check_own(store, bucket)
    stored = {each.name: each for each in bucket.contents()}  # before the records
    marks = {each.name: each for each in bucket.doomed()}
    _, deleted = places_of_versions(store)
    notes = bucket.notes(COPIES)
    left = [name for name in notes if _place_of(name) in deleted]
    needed = _needed(store, runs=runs, models=models)
    for name in set(notes) - set(left):
        needed |= {sha256 for sha256, _ in (bucket.read_note(name) or {}).values()}
    free = [each for name, each in stored.items() if name not in needed and each.age > LEFT]
    return BucketGarbage(
        bucket=bucket,
        gone=[each for each in free if each.name in marks and marks[each.name].age > LEFT],
        new=[each for each in free if each.name not in marks],
        spared=marks.keys() & needed,
        notes=left,
    )


def remove_contents(store: Store, garbage: BucketGarbage) -> None:
    """Of those that are to go, what is needed by now stays, and what was sent again: it may take
    long, and is looked at again before a few go. The marks come last."""
    bucket = garbage.bucket
    bucket.remove_notes(garbage.notes)
    bucket.spare(garbage.spared)
    gone = [each.name for each in garbage.gone]
    for some in (gone[start : start + _AT_ONCE] for start in range(0, len(gone), _AT_ONCE)):
        needed = _needed(store, runs=(), models=())
        bucket.remove(name for name in some if name not in needed and bucket.is_doomed(name))
    bucket.doom(each.name for each in garbage.new)


def _needed(store: Store, *, runs: Collection[str], models: Collection[str]) -> set[str]:
    """By their digests; of all that is recorded, but for these."""
    found = {file.sha256 for file in recorded_files(store) if file.run_id not in runs}
    of_models = store.query(_FILES_OF_MODELS).itertuples(index=False)
    return found | {sha256 for model_id, sha256 in of_models if model_id not in models}


def _place_of(note: str) -> str:
    return note.removeprefix(f"{COPIES}/").removesuffix(".json")
