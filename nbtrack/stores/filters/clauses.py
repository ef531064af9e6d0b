"""Filter strings and order_by clauses, turned into SQL with every key and value bound.

The SQL is about the relations of the schema `current`: `runs` as *r*, `experiments` as *e*,
`registry_models` or `logged_models` as *m*, or `registry_versions` as *v*.
Filters bind $f0, $f1 ..., orders $o0, $o1 ...: the two may stand in one query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nbtrack.stores.filters.filter_grammar import Key, SortKey, parse_filter, parse_order
from nbtrack.stores.filters.filter_keys import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODELS,
    RUNS,
    VERSIONS,
    Column,
    Holds,
    Subject,
    Table,
    find_column,
)
from nbtrack.stores.filters.filter_sql import Condition
from nbtrack.stores.filters.filter_tokens import refuse_unstorable, wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A boolean expression: true or false for every row, never null."""

    sql: str
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """*joins* follow the subject in `from`; *order_by* follows `order by`, never empty.

    DuckDB refuses parameters that a statement does not use: bind *parameters* with *joins*.
    """

    joins: str
    order_by: str
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedBy:
    """One key of an order: *join* as in Order, or ""; *order_by* in parts."""

    column: Column
    descending: bool
    join: str
    order_by: list[str]
    parameters: dict[str, object]


def run_filter(text: str | None, *, subject: Subject = RUNS) -> Clause:
    """A condition on *r*; raises InvalidFilter."""
    return _filter(text, subject=subject)


def run_order(order_by: Sequence[str] | str | None, *, subject: Subject = RUNS) -> Order:
    """Missing values come last in both directions, NaN just before them; raises InvalidFilter."""
    return _order(order_by, subject=subject)


def run_column(name: str) -> Column:
    """By id: "duration", or "params.", "metrics." or "tags." and then the key as it is, without
    quotes, whatever is in it. Raises InvalidFilter."""
    refuse_unstorable(name)
    prefix, dot, key = name.partition(".")
    typed = (
        Key(prefix=prefix, name=key, position=0) if dot else Key(prefix=None, name=name, position=0)
    )
    column = find_column(typed, subject=RUNS, text=name)
    if column.why_unsorted:
        raise wrong(name, 0, f"{column.label} is no column: {column.why_unsorted}.")
    return column


def experiment_filter(text: str | None) -> Clause:
    """A condition on *e*; raises InvalidFilter."""
    return _filter(text, subject=EXPERIMENTS)


def experiment_order(order_by: Sequence[str] | str | None) -> Order:
    """As run_order, about *e*."""
    return _order(order_by, subject=EXPERIMENTS)


def model_filter(text: str | None) -> Clause:
    """A condition on *m*; raises InvalidFilter."""
    return _filter(text, subject=MODELS)


def model_order(order_by: Sequence[str] | str | None) -> Order:
    """As run_order, about *m*."""
    return _order(order_by, subject=MODELS)


def version_filter(text: str | None) -> Clause:
    """A condition on *v*; raises InvalidFilter."""
    return _filter(text, subject=VERSIONS)


def version_order(order_by: Sequence[str] | str | None) -> Order:
    """As run_order, about *v*."""
    return _order(order_by, subject=VERSIONS)


def logged_model_filter(text: str | None, *, metrics: str) -> Clause:
    """A condition on *m*; *metrics* is the relation with the points that it means."""
    table = Table(name=metrics, holds=Holds.NUMBER)
    subject = replace(LOGGED_MODELS, tables={**LOGGED_MODELS.tables, "metrics": table})
    return _filter(text, subject=subject)


def _filter(text: str | None, *, subject: Subject) -> Clause:
    if text is None:
        return Clause(sql="true")
    refuse_unstorable(text)
    if not text.strip():
        return Clause(sql="true")
    condition = Condition(parse_filter(text), subject=subject, text=text)
    return Clause(sql=condition.sql, parameters=condition.parameters)


def sorted_by(order_by: Sequence[str] | str | None, *, subject: Subject) -> list[SortedBy]:
    """The keys of an order, of which the natural one is no part; raises InvalidFilter."""
    columns = [
        (_sortable(sort_key, subject=subject, text=text), sort_key)
        for text in _clauses(order_by)
        for sort_key in parse_order(text)
    ]
    return [
        _sorted_by(column, number=number, descending=sort_key.descending, subject=subject)
        for number, (column, sort_key) in enumerate(columns)
    ]


def _order(order_by: Sequence[str] | str | None, *, subject: Subject) -> Order:
    keys = sorted_by(order_by, subject=subject)
    orders = [each for key in keys for each in key.order_by]
    return Order(
        joins=" ".join(key.join for key in keys if key.join),
        order_by=", ".join([*orders, subject.natural_order]),
        parameters={name: value for key in keys for name, value in key.parameters.items()},
    )


def _sorted_by(column: Column, *, number: int, descending: bool, subject: Subject) -> SortedBy:
    expression, join = column.expression, ""
    parameters: dict[str, object] = {}
    if column.table is not None:
        name = f"o{number}"
        join = _join(column.table, name=name, subject=subject)
        parameters[name] = column.key
        expression = f"{name}.{column.expression}"
    return SortedBy(
        column=column,
        descending=descending,
        join=join,
        order_by=_directions(column.holds, expression=expression, descending=descending),
        parameters=parameters,
    )


def _clauses(order_by: Sequence[str] | str | None) -> Sequence[str]:
    if order_by is None:
        return []
    if isinstance(order_by, str):
        return [order_by] if order_by.strip() else []
    return order_by


def _sortable(sort_key: SortKey, *, subject: Subject, text: str) -> Column:
    column = find_column(sort_key.key, subject=subject, text=text)
    if column.why_unsorted:
        problem = f"Runs cannot be sorted by {column.label}: {column.why_unsorted}."
        raise wrong(text, sort_key.key.position, problem)
    return column


def _join(table: str, *, name: str, subject: Subject) -> str:
    same_owner = f"{name}.{subject.id} = {subject.alias}.{subject.id}"
    return f"left join {table} {name} on {same_owner} and {name}.key = ${name}"


def _directions(holds: Holds, *, expression: str, descending: bool) -> list[str]:
    """Numbers, then NaN, then text, then what is missing; the direction turns each group."""
    direction = "desc nulls last" if descending else "asc nulls last"
    if holds is Holds.NUMBER:
        return [f"isnan({expression}) asc nulls last", f"{expression} {direction}"]
    if holds is Holds.TEXT_OR_NUMBER:
        number = f"try_cast({expression} as double)"
        text = f"case when {number} is null then {expression} end"  # 10 and 10.0 are a tie
        numbers = _directions(Holds.NUMBER, expression=number, descending=descending)
        return [*numbers, f"{text} {direction}"]
    return [f"{expression} {direction}"]
