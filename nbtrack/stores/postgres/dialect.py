"""The SQL of the store's questions, which is DuckDB's, as PostgreSQL has it.

All of that SQL is written in nbtrack: this is no translator of SQL in general. Functions that
PostgreSQL could have are made there (`functions`); here is what differs in form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

_TYPES = {"double": "float8", "hugeint": "numeric"}
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bproject\.(?=stored\.)"), ""),
    (re.compile(r" // "), " / "),  # of integers, towards 0 in both
    (re.compile(r"\bdesc\b(?! nulls)"), "desc nulls last"),  # as DuckDB, in both directions
    (re.compile(r"filter \((?!where\b)"), "filter (where "),
    # In DuckDB no character of a pattern means itself, unless it is said which one makes it so.
    (re.compile(r"(\bi?like \$\w+\b)(?! escape)"), r"\1 escape ''"),
    # Columns are ordered by bytes; that collation knows no capitals beyond ASCII.
    (re.compile(r"\b(not )?ilike\b"), r'collate "und-x-icu" \1ilike'),
    # PostgreSQL takes a table that it does not know for one of thousands of rows.
    (
        re.compile(r"create or replace temp table (\w+) as(.*)", re.DOTALL),
        r"drop table if exists pg_temp.\1; create temp table \1 on commit drop as\2;"
        r" analyze pg_temp.\1",
    ),
)
_TYPE = re.compile(r"(::|\bas )(double|hugeint)\b")
_SUBQUERY = re.compile(r"\b(?:from|join)\s*(?=\(\s*(?:select|with|\())")
_AFTER_SUBQUERY = re.compile(
    r"\s*(?:$|[),;]|(?:where|group|order|join|left|on|using|limit|union|having|except)\b)"
)
_FILTER = re.compile(r"\s*filter \(")


@lru_cache(maxsize=1024)
def translated(sql: str) -> str:
    """The same question to PostgreSQL; parameters stay `$name`."""
    for name, rewrite in _CALLS.items():
        sql = _with_calls(sql, name, rewrite)
    sql = _TYPE.sub(lambda found: found[1] + _TYPES[found[2]], sql)
    for pattern, replacement in _WORDS:
        sql = pattern.sub(replacement, sql)
    return _with_names(sql)


def _with_calls(sql: str, name: str, rewrite: Callable[[list[str], str], str]) -> str:
    """All calls of a function in its other form: of its arguments, and the condition in the
    `filter (…)` behind it, or ""."""
    call = re.compile(rf"\b{name}\(")
    start = 0
    while (found := call.search(sql, start)) is not None:
        end = _closing(sql, found.end() - 1)
        arguments = list(_arguments(sql[found.end() : end]))
        behind, condition = end + 1, ""
        if name in _AGGREGATES and (filtered := _FILTER.match(sql, end + 1)) is not None:
            behind = _closing(sql, filtered.end() - 1) + 1
            condition = sql[filtered.end() : behind - 1].removeprefix("where ")
        sql = sql[: found.start()] + rewrite(arguments, condition) + sql[behind:]
        start = found.start() + 1
    return sql


def _newest(value: str, order: str, conditions: list[str]) -> str:
    where = " and ".join(f"({each})" for each in conditions if each)
    chosen = f" filter (where {where})" if where else ""
    return f"(array_agg({value} order by {order}){chosen})[1]"


def _arg_max(arguments: list[str], condition: str) -> str:
    value, rank = arguments
    present = [f"{value} is not null", f"{rank} is not null", condition]
    return _newest(value, f"{rank} desc nulls last", present)


def _arg_max_null(arguments: list[str], condition: str) -> str:
    value, rank = arguments
    return _newest(value, f"{rank} desc nulls last", [f"{rank} is not null", condition])


def _arg_min(arguments: list[str], condition: str) -> str:
    value, rank = arguments
    return _newest(value, rank, [f"{value} is not null", f"{rank} is not null", condition])


def _last(arguments: list[str], condition: str) -> str:
    """`last(value order by place, value)`, and all of one direction."""
    value, _, first = arguments[0].partition(" order by ")
    order = ", ".join(f"{each} desc nulls last" for each in [first, *arguments[1:]])
    return _newest(value, order, [condition])


def _any_value(arguments: list[str], condition: str) -> str:
    (value,) = arguments
    return _newest(value, value, [f"{value} is not null", condition])


def _list_contains(arguments: list[str], _: str) -> str:
    values, value = arguments
    return f"({value} = any({values}))"


def _try_cast(arguments: list[str], _: str) -> str:
    value, _, kind = arguments[0].rpartition(" as ")
    return f"main.try_{_TYPES.get(kind, kind)}({value})"


def _of_all(function: str) -> Callable[[list[str], str], str]:
    return lambda arguments, _: f"main.{function}(array_agg({arguments[0]}))"


_CALLS: dict[str, Callable[[list[str], str], str]] = {
    "arg_max": _arg_max,
    "arg_max_null": _arg_max_null,
    "arg_min": _arg_min,
    "last": _last,
    "any_value": _any_value,
    "list_contains": _list_contains,
    "try_cast": _try_cast,
    "avg": _of_all("mean_of"),
    "stddev_samp": _of_all("spread_of"),
}
_AGGREGATES = ("arg_max", "arg_max_null", "arg_min", "last", "any_value")


def _with_names(sql: str) -> str:
    """Each subquery with a name, which PostgreSQL asks for until its version 16."""
    start = count = 0
    while (found := _SUBQUERY.search(sql, start)) is not None:
        end = _closing(sql, found.end()) + 1
        if _AFTER_SUBQUERY.match(sql, end):
            sql = f"{sql[:end]} as q{count}{sql[end:]}"
            count += 1
        start = found.end() + 1
    return sql


def _closing(sql: str, opening: int) -> int:
    """Where the parenthesis at *opening* is closed."""
    depth = 0
    for place, character in _outside_of_texts(sql, opening):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place
    raise ValueError(f"A parenthesis is not closed: {sql[opening : opening + 80]}")


def _arguments(text: str) -> Iterator[str]:
    depth = begin = 0
    for place, character in _outside_of_texts(text, 0):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            yield text[begin:place].strip()
            begin = place + 1
    yield text[begin:].strip()


def _outside_of_texts(sql: str, start: int) -> Iterator[tuple[int, str]]:
    is_text = False
    for place in range(start, len(sql)):
        if sql[place] == "'":
            is_text = not is_text
        elif not is_text:
            yield place, sql[place]
