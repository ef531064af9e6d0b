"""Metrics in the last value of a cell.

A flat dict of numbers gives one for each key. A number gives one, called after its expression
(`model.score(X, y)` is score), where that can be a result. The rule, first match counts:

1. What the record itself gave back is none: nbtrack's own functions and objects, and MLflow's.
2. What the cell set to a literal is none (`lr = 0.1` and then `lr`).
3. Times, counts, sizes and secrets are none; of a quotient its numerator tells (right / len(y)).
4. What the metric vocabulary knows is one: `val_acc`, `model.score(X, y)`, `evaluate(model)`.
5. Another integer is none: it counts, it is an index, or says how many bytes were written.
6. Another float is one, unless all it is made of is no result: a loop variable, a constant of a
   module, a sum, a random number, what modules for files, clocks, chance, processes or options
   returned.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from nbtrack.capture.bindings import How
from nbtrack.capture.expressions import call_chain, handed_on_by, name_of, root_name
from nbtrack.capture.metric_words import is_time_count_or_size, name_words, speaks_of_metrics
from nbtrack.capture.numbers import as_number, is_integer
from nbtrack.capture.origins import home_of, is_constant_of_module
from nbtrack.capture.secret_names import is_secret_name
from nbtrack.capture.source import CellSource
from nbtrack.capture.words import valid_key, word_set

MAX_INFERRED_METRICS = 100  # a bigger dict is a table, say of words and their counts

_RECORDS = word_set("nbtrack mlflow")
_RESULT_WORDS = word_set("evaluate evaluation validate validation objective")
_NO_RESULTS = word_set(
    "random secrets time timeit datetime calendar os posix nt posixpath ntpath genericpath io sys "
    "subprocess shutil pathlib tempfile glob socket ssl select http urllib json pickle csv sqlite3 "
    "zipfile tarfile gzip bz2 lzma logging resource gc tracemalloc platform uuid hashlib struct "
    "signal argparse configparser optparse psutil"
)
_RANDOM = word_set(
    "rand randn randint random random_sample uniform normal standard_normal gauss choice sample"
)


def metrics_of_last_value(
    source: CellSource, namespace: Mapping[str, object], value: object
) -> dict[str, float]:
    if source.last_key is None or source.last_expression is None or value is None:
        return {}
    whole = ast.parse(source.last_expression, mode="eval").body
    parts = [part for part in _parts(whole) if not isinstance(part, ast.Constant)]
    if any(home_of(part, namespace).partition(".")[0] in _RECORDS for part in parts):
        return {}
    if _are_settings(parts, source):
        return {}
    if isinstance(value, dict):
        return {} if _are_loop_variables(parts, source) else _of_dict(value)
    number, key = as_number(value), valid_key(source.last_key)
    if number is None or not any(map(str.isalpha, key)):  # `6 * 7` names nothing
        return {}
    is_known = _is_known(parts)
    if is_known is None:
        is_known = not is_integer(value) and not _is_no_result(whole, parts, source, namespace)
    return {key: number} if is_known else {}


def _parts(node: ast.expr | None) -> Iterator[ast.expr]:
    """The calls, variables and attributes that a value is made of, conversions left out."""
    match node:
        case None:
            return
        case ast.BinOp(left=left, op=ast.Div() | ast.FloorDiv()):
            yield from _parts(left)
        case ast.BinOp(left=left, right=right):
            yield from _parts(left)
            yield from _parts(right)
        case ast.Compare(left=left, comparators=others):
            for side in (left, *others):
                yield from _parts(side)
        case ast.IfExp(body=body, orelse=other):
            yield from _parts(body)
            yield from _parts(other)
        case ast.UnaryOp(operand=inner) | ast.Await(value=inner) | ast.NamedExpr(value=inner):
            yield from _parts(inner)
        case ast.Call() if (handed_on := handed_on_by(node)) is not None:
            yield from _parts(handed_on)
        case _:
            yield node


def _are_settings(parts: list[ast.expr], source: CellSource) -> bool:
    return bool(parts) and all(_bound(part, source) is How.LITERAL for part in parts)


def _are_loop_variables(parts: list[ast.expr], source: CellSource) -> bool:
    return bool(parts) and all(_bound(part, source) is How.LOOP for part in parts)


def _bound(part: ast.expr, source: CellSource) -> How | None:
    """How the cell bound the variable that *part* is, or is an item or attribute of."""
    binding = source.bindings.get(root_name(part) or "")
    if binding is None or binding.mutated:  # losses = [], which the cell has filled since
        return None
    return binding.how


def _is_known(parts: list[ast.expr]) -> bool | None:
    """By its words: True for a metric, False for what never is one, None if they do not tell."""
    names = [name_of(part) or "" for part in parts]
    words = [word for name in names for word in name_words(name)]
    if is_time_count_or_size(words) or any(map(is_secret_name, names)):
        return False
    return True if speaks_of_metrics(words) or not _RESULT_WORDS.isdisjoint(words) else None


def _is_no_result(
    whole: ast.expr, parts: list[ast.expr], source: CellSource, namespace: Mapping[str, object]
) -> bool:
    if "sum" in call_chain(whole):
        return True
    return all(
        _bound(part, source) in (How.LITERAL, How.LOOP)
        or is_constant_of_module(part, namespace)
        or _is_of_the_machine(part, source, namespace)
        for part in parts
    )


def _is_of_the_machine(part: ast.expr, source: CellSource, namespace: Mapping[str, object]) -> bool:
    """Chance, clocks, files: whatever says nothing of the user's data and models."""
    functions = {*call_chain(part)}
    if isinstance(part, ast.Name) and (binding := source.bindings.get(part.id)) is not None:
        functions |= {*binding.functions}
    if not _RANDOM.isdisjoint(functions):
        return True
    modules = home_of(part, namespace).split(".")
    return modules[0].removeprefix("_") in _NO_RESULTS or "random" in modules


def _of_dict(values: dict[object, object]) -> dict[str, float]:
    """A flat dict of numbers, all of them; times, counts and sizes among them are left out."""
    if len(values) > MAX_INFERRED_METRICS or _is_counter(values):
        return {}
    found: dict[str, float] = {}
    for name, value in values.items():
        number = as_number(value)
        if not isinstance(name, str) or number is None:
            return {}
        key = valid_key(name)
        is_result = not is_time_count_or_size(name_words(key)) and not is_secret_name(key)
        if key and key not in found and is_result:
            found[key] = number
    return found


def _is_counter(values: dict[object, object]) -> bool:
    return isinstance(values, Counter)
