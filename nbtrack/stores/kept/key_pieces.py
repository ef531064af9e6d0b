"""Which keys the runs of a question have, put together from pieces of them, of which few change.

Of 100,000 runs x 40 keys this is read in half a second. So it is kept by blocks of runs, and each
run that changes stands alone from then on, until many do: its block is read again once, without
it, and after that only the run itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.records.views import KeyFacts, KeyInventory
from nbtrack.stores.kept.answers import found
from nbtrack.stores.kept.kept_table import MOST_FACTS
from nbtrack.stores.kept.loading import KINDS, LATEST, Kind, count_keys
from nbtrack.stores.kept.matching import needs_of, read_filter
from nbtrack.stores.queries.key_inventory import in_natural_order
from nbtrack.stores.queries.page_values import keys_in_text, texts_bound
from nbtrack.stores.queries.run_index import Question

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.records.runs import RunQuery
    from nbtrack.stores.kept.columns import Flags, Integers
    from nbtrack.stores.kept.kept_runs import KeptRuns
    from nbtrack.stores.kept.kept_table import KeptTable

BLOCK = 4096  # run keys
MOST_ALONE = 200
_NOWHERE = -1  # the piece of a run that is not found; less are those of runs that stand alone


class Fact(NamedTuple):
    """One key in one piece, or in several; *value* is one of those that its runs have."""

    runs: int
    differs: bool
    value: Any
    is_number: bool
    low: float | None
    high: float | None


Place = tuple[Kind, str]
_Facts = dict[Place, Fact]


def read_key_inventory(kept: KeptRuns, query: RunQuery) -> KeyInventory | None:
    """As `key_inventory.read_keys`; None if the index has to be asked."""
    condition = read_filter(query.filter_string)
    if condition is None:
        return None

    def read(table: KeptTable, connection: DuckDBPyConnection) -> KeyInventory | None:
        question = Question.of(query)
        pieces = table.key_pieces.get(question)
        if not isinstance(pieces, KeyPieces):
            pieces = KeyPieces()
        table.key_pieces.drop(question)  # for an interrupt, or an error
        if not pieces.catch_up(connection, table, found(table, query, condition)):
            return None
        table.key_pieces.put(question, pieces, size=pieces.size)
        return pieces.inventory()

    return kept.ask_beside(read, needs=needs_of(condition, ()))


class KeyPieces:
    def __init__(self) -> None:
        import numpy as np

        self._version = -1  # that of the table, when it was looked at
        self._pieces: Integers = np.zeros(0, dtype=np.int64)  # by row
        self._facts: dict[int, _Facts] = {}

    @property
    def size(self) -> int:
        return sum(map(len, self._facts.values())) + len(self._pieces) // 40  # 8 bytes each

    def catch_up(self, connection: DuckDBPyConnection, table: KeptTable, flags: Flags) -> bool:
        """With *table*, of whose rows *flags* are found; False if these are too many keys."""
        import numpy as np

        stale = self._assign(table, flags)
        for piece in stale.tolist():
            self._facts.pop(piece, None)
        self._version = table.version
        is_stale, is_alone = np.isin(self._pieces, stale), self._pieces < _NOWHERE
        in_blocks = np.flatnonzero(is_stale & ~is_alone)
        if len(in_blocks) and not self._are_few(connection):
            return False
        self._note(_read_blocks(connection, table.run_keys[in_blocks]), piece_of=None)
        alone = np.flatnonzero(is_stale & is_alone)
        piece_of = dict(zip(table.run_keys[alone].tolist(), self._pieces[alone].tolist()))
        self._note(_read_alone(connection, list(piece_of)), piece_of=piece_of)
        return True

    def _are_few(self, connection: DuckDBPyConnection) -> bool:
        """Whether the keys of all blocks may be counted, in bitmaps, and kept."""
        import numpy as np

        blocks = np.unique(self._pieces[self._pieces > _NOWHERE])
        return count_keys(connection) * len(blocks) <= MOST_FACTS

    def _note(
        self, found: Iterable[tuple[int, Place, Fact]], *, piece_of: Mapping[int, int] | None
    ) -> None:
        for piece, place, fact in found:
            if fact.runs:  # a tag that was removed leaves rows without a value
                piece = piece if piece_of is None else piece_of[piece]
                self._facts.setdefault(piece, {})[place] = fact

    def _assign(self, table: KeptTable, flags: Flags) -> Integers:
        """Each run to its piece; which of these are not what they were."""
        import numpy as np

        before = np.full(len(table), _NOWHERE, dtype=np.int64)
        before[: len(self._pieces)] = self._pieces
        has_changed = table.read_at > self._version
        changed = np.flatnonzero(has_changed)
        pieces = before.copy()
        pieces[changed] = np.where(flags[changed], _NOWHERE - 1 - changed, _NOWHERE)
        alone = np.flatnonzero(pieces < _NOWHERE)
        if self._version < 0 or len(alone) > MOST_ALONE:
            pieces[alone] = table.run_keys[alone] // BLOCK
        differs = has_changed | (pieces != before)
        self._pieces = pieces
        return np.setdiff1d(np.concatenate([before[differs], pieces[differs]]), _NOWHERE)

    def inventory(self) -> KeyInventory:
        joined: _Facts = {}
        for facts in self._facts.values():
            for place, fact in facts.items():
                known = joined.get(place)
                joined[place] = fact if known is None else _joined(known, fact)
        params, metrics, tags = (_of_kind(joined, kind) for kind in KINDS)
        return KeyInventory(params=params, metrics=metrics, tags=tags)


def _joined(one: Fact, other: Fact) -> Fact:
    is_same = one.value == other.value or (one.value != one.value and other.value != other.value)
    lows = [low for low in (one.low, other.low) if low is not None]
    highs = [high for high in (one.high, other.high) if high is not None]
    return Fact(
        one.runs + other.runs,
        one.differs or other.differs or not is_same,  # two NaN are the same
        one.value,
        one.is_number and other.is_number,
        min(lows, default=None),
        max(highs, default=None),
    )


def _of_kind(facts: Mapping[Place, Fact], kind: Kind) -> list[KeyFacts]:
    found = [
        KeyFacts(
            key=key,
            runs=fact.runs,
            distinct=2 if fact.differs else 1,
            is_number=fact.is_number,
            low=fact.low,
            high=fact.high,
        )
        for (of_kind, key), fact in facts.items()
        if of_kind == kind
    ]
    return sorted(found, key=lambda each: in_natural_order(each.key))


def _read_alone(
    connection: DuckDBPyConnection, run_keys: Sequence[int]
) -> Iterator[tuple[int, Place, Fact]]:
    """By run key."""
    where = f"run_key in ({keys_in_text(run_keys)})"
    for kind in KINDS if run_keys else ():
        relation = f"({LATEST[kind].format(where=where)})"
        for run_key, key, *fact, _ in _query(connection, kind, relation, {}, piece="run_key"):
            yield run_key, (kind, key), Fact(*fact)


def _read_blocks(
    connection: DuckDBPyConnection, run_keys: Integers
) -> Iterator[tuple[int, Place, Fact]]:
    for kind in KINDS if len(run_keys) else ():
        for block, key, *fact in _rows_of_blocks(connection, kind, run_keys):
            yield block, (kind, key), Fact(*fact)


def _rows_of_blocks(
    connection: DuckDBPyConnection, kind: Kind, run_keys: Integers
) -> Iterator[tuple[Any, ...]]:
    """Most keys are logged once a run: then the rows are the latest. The others are looked up."""
    import numpy as np

    block = f"run_key // {BLOCK}"
    relation = f"(from stored.{kind} where {_among(run_keys)})"
    rows = _query(connection, kind, relation, {"found": _bits(run_keys)}, piece=block)
    yield from (row[:-1] for row in rows if row[-1])
    again = {row[:2] for row in rows if not row[-1]}
    if not again:
        return
    names, parameters = texts_bound(sorted({key for _, key in again}))
    run_keys = run_keys[np.isin(run_keys // BLOCK, [number for number, _ in again])]
    relation = f"({LATEST[kind].format(where=f'{_among(run_keys)} and key in ({names})')})"
    parameters["found"] = _bits(run_keys)
    rows = _query(connection, kind, relation, parameters, piece=block)
    yield from (row[:-1] for row in rows if row[:2] in again)


def _among(run_keys: Integers) -> str:
    """That a row is of one of these runs, which are the bits of $found."""
    least, most = int(run_keys.min()), int(run_keys.max())
    return f"run_key between {least} and {most} and get_bit($found::bit, run_key) = 1"


def _bits(run_keys: Integers) -> str:
    import numpy as np

    digits = np.full(int(run_keys.max()) + 1, ord("0"), dtype=np.uint8)
    digits[run_keys] = ord("1")
    return digits.tobytes().decode("ascii")


def _query(
    connection: DuckDBPyConnection,
    kind: Kind,
    relation: str,
    parameters: Mapping[str, str],
    *,
    piece: str,
) -> list[tuple[Any, ...]]:
    is_number = kind == "metrics"
    text = _FACTS.format(
        relation=relation,
        piece=piece,
        block=BLOCK,
        number="value" if is_number else "try_cast(value as double)",
        value="min(value)" if is_number else _SHORT_TEXT,
    )
    return connection.execute(text, parameters).fetchall()


_SHORT_TEXT = "case when length(min(value)) < 32 then min(value) else md5(min(value)) end"
# A run's key has a bit of its own in its block.
_FACTS = """
    select piece, key, count(value), min(value) is distinct from max(value), {value},
        count(number) = count(value), min(number) filter (isfinite(number)),
        max(number) filter (isfinite(number)),
        count(*) = bit_count(bitstring_agg(run_key % {block}, 0, {block} - 1))
    from (select {piece} as piece, run_key, key, value, {number} as number from {relation})
    group by piece, key
"""
