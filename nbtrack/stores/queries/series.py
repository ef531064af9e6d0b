"""Metrics as they go: what a chart of curves draws, in as many points as it has room for.

Positions on the axis are counted as they are stored, in steps or microseconds, until the end:
integers are compared before rows are put together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, isnan
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from nbtrack.errors import InvalidValue
from nbtrack.records.views import Axis, MetricSeries
from nbtrack.stores.local.schema import LATEST_VALUE
from nbtrack.stores.queries.page_values import keys_in_text, texts_bound

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

_Columns: TypeAlias = tuple[list[Any], list[Any], list[Any], list[Any]]  # position, low, high, last


class _Scale(NamedTuple):
    """x = (position - origin) / unit; *place* orders points as they stand on the axis."""

    position: str
    unit: int
    place: str


# As one number, which is twelve times faster than the maximum of a struct. A damaged line may
# have brought a step that is none into the file.
_STEP = "greatest(step, -9223372036854775807)"
_SCALES: dict[Axis, _Scale] = {
    "step": _Scale(_STEP, 1, f"{_STEP}::hugeint * 18446744073709551616 + t"),
    "time": _Scale("t", 1000, f"t::hugeint * 18446744073709551616 + {_STEP}"),
    "relative": _Scale("t", 1_000_000, f"t::hugeint * 18446744073709551616 + {_STEP}"),
}
_FARTHEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """*low* and *high* bound x; without *buckets*, points are only counted. Raises InvalidValue."""

    axis: Axis
    buckets: int
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.axis not in _SCALES:
            raise InvalidValue(f"x is {self.axis!r}; it is one of {', '.join(_SCALES)}.")
        if not 0 <= self.buckets <= 100_000:
            raise InvalidValue(f"buckets is {self.buckets}; it is a number from 0 to 100,000.")
        if any(bound is not None and isnan(bound) for bound in (self.low, self.high)):
            raise InvalidValue("A bound of x is NaN; leave it out to have no bound.")

    @property
    def has_bounds(self) -> bool:
        return self.low is not None or self.high is not None


class _Run(NamedTuple):
    run_key: int
    run_id: str
    origin: int


class _Extent(NamedTuple):
    """Of one series, between the bounds; *begin* and *finish* are positions."""

    run_key: int
    key: str
    points: int
    begin: int
    finish: int


def read_series(
    connection: Connection,
    run_ids: Sequence[str],
    keys: Sequence[str],
    *,
    wanted: Wanted,
) -> list[MetricSeries]:
    """In the order of *run_ids*, then *keys*; what has no points is left out."""
    runs = _runs(connection, run_ids, axis=wanted.axis)
    extents = _extents(connection, runs, keys, wanted=wanted)
    columns = _columns(connection, extents, wanted=wanted)
    by_id = {run.run_id: run for run in runs}
    points = {extent[:2]: extent.points for extent in extents}
    return [
        _series(by_id[run_id], key, columns[place], points=points[place], axis=wanted.axis)
        for run_id in dict.fromkeys(run_ids)
        for key in dict.fromkeys(keys)
        if run_id in by_id and (place := (by_id[run_id].run_key, key)) in columns
    ]


def _runs(connection: Connection, run_ids: Sequence[str], *, axis: Axis) -> list[_Run]:
    found = connection.execute(_RUNS, {"ids": list(run_ids)}).fetchall()
    is_relative = axis == "relative"
    return [_Run(run_key, run_id, start if is_relative else 0) for run_key, run_id, start in found]


def _extents(
    connection: Connection, runs: Sequence[_Run], keys: Sequence[str], *, wanted: Wanted
) -> list[_Extent]:
    if wanted.has_bounds:
        _store_bounds(connection, runs, wanted)
    names, parameters = texts_bound(keys)
    text = _EXTENTS.format(
        runs=keys_in_text([run.run_key for run in runs]),
        keys=names,
        position=_SCALES[wanted.axis].position,
        bounds=_BETWEEN_BOUNDS if wanted.has_bounds else "",
    )
    return [_Extent(*row) for row in connection.execute(text, parameters).fetchall()]


def _store_bounds(connection: Connection, runs: Sequence[_Run], wanted: Wanted) -> None:
    unit = _SCALES[wanted.axis].unit
    low = -inf if wanted.low is None else wanted.low * unit
    high = inf if wanted.high is None else wanted.high * unit
    connection.execute(
        _STORE_BOUNDS,
        {
            "keys": [run.run_key for run in runs],
            "lows": [ceil(_on_the_axis(run.origin + low)) for run in runs],
            "highs": [floor(_on_the_axis(run.origin + high)) for run in runs],
        },
    )


def _on_the_axis(position: float) -> float:
    return max(-_FARTHEST, min(_FARTHEST, position))


def _columns(
    connection: Connection, extents: Collection[_Extent], *, wanted: Wanted
) -> dict[tuple[int, str], _Columns]:
    columns: dict[tuple[int, str], _Columns] = {each[:2]: ([], [], [], []) for each in extents}
    if not wanted.buckets:
        return columns
    whole = [extent for extent in extents if extent.points <= wanted.buckets]
    long = [extent for extent in extents if extent.points > wanted.buckets]
    for statement, some in ((_WHOLE, whole), (_BUCKETED, long)):
        places = [extent[:2] for extent in some]
        for number, *point in _points(connection, statement, some, wanted=wanted):
            for column, value in zip(columns[places[number]], point):
                column.append(value)
    return columns


def _points(
    connection: Connection, statement: str, extents: Sequence[_Extent], *, wanted: Wanted
) -> list[tuple[Any, ...]]:
    """(number of the extent, position, low, high, last), in order."""
    if not extents:
        return []
    run_keys, keys, _, begins, finishes = map(list, zip(*extents))
    last_bucket = wanted.buckets - 1
    per_position = [wanted.buckets / max(1, end - begin) for begin, end in zip(begins, finishes)]
    connection.execute(
        _STORE_EXTENTS,
        {
            "run_keys": run_keys,
            "keys": keys,
            "begins": begins,
            "finishes": finishes,
            "per_position": per_position,
        },
    )
    scale = _SCALES[wanted.axis]
    text = statement.format(
        runs=keys_in_text(sorted(set(run_keys))),
        position=scale.position,
        place=scale.place,
        last_bucket=last_bucket,
        within="where position between begin and finish" if wanted.has_bounds else "",
    )
    return connection.execute(text).fetchall()


def _series(run: _Run, key: str, columns: _Columns, *, points: int, axis: Axis) -> MetricSeries:
    positions, low, high, last = columns
    unit = _SCALES[axis].unit
    x = [(position - run.origin) / unit for position in positions]
    return MetricSeries(
        run_id=run.run_id, key=key, x=x, low=low, high=high, last=last, count=points
    )


_RUNS = """
    select run_key, run_id, coalesce(arg_max(start_us, t), min(t))
    from stored.run_events join stored.run_keys using (run_key)
    where run_id in (select unnest($ids::varchar[])) group by run_key, run_id
"""
_STORE_BOUNDS = """
    create or replace temp table series_bounds as
    select unnest($keys::integer[]) as run_key, unnest($lows::bigint[]) as low,
        unnest($highs::bigint[]) as high
"""
_BETWEEN_BOUNDS = "join series_bounds using (run_key) where position between low and high"
_EXTENTS = """
    select run_key, key, count(*), min(position), max(position)
    from (select run_key, key, {position} as position from stored.metrics
          where run_key in ({runs}) and key in ({keys})) {bounds}
    group by run_key, key
"""
_STORE_EXTENTS = """
    create or replace temp table series_extents as
    select unnest($run_keys::integer[]) as run_key, unnest($keys::varchar[]) as key,
        unnest($begins::bigint[]) as begin, unnest($finishes::bigint[]) as finish,
        unnest($per_position::double[]) as per_position,
        unnest(range(len($keys)))::integer as number
"""
_POINTS = """
    from (select run_key, key, value, {position} as position, {place} as place
          from stored.metrics where run_key in ({runs}))
        join series_extents using (run_key, key) {within}
"""
_FINITE = "case when isfinite(value) then value end"
_WHOLE = f"""
    select number, position, {_FINITE}, {_FINITE}, value {_POINTS} order by number, place, value
"""
# The last point of a bucket is the one that is highest on the axis, or the last of those.
_BUCKETED = f"""
    select number, max(position) as position, min({_FINITE}), max({_FINITE}),
        {LATEST_VALUE.format(place="place")}
    {_POINTS}
    group by number,
        least(trunc((position::double - begin::double) * per_position), {{last_bucket}})::integer
    order by number, position
"""
