"""From a parsed filter to a boolean SQL expression.

Every comparison is true or false, never null, so that `not` means what it says: a run without
the key matches `not (metrics.f1 > 1)`, and matches neither `metrics.f1 > 1` nor `metrics.f1 != 1`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from nbtrack.errors import InvalidFilter
from nbtrack.stores.filters.any_text import like_clause
from nbtrack.stores.filters.boolean_grammar import AllOf, AnyOf, Not
from nbtrack.stores.filters.filter_grammar import Comparison, Literal, Term
from nbtrack.stores.filters.filter_keys import Column, Holds, Subject, find_column
from nbtrack.stores.filters.filter_tokens import wrong

EQUALITY = ("=", "!=")
ORDERING = ("<", "<=", ">", ">=")
LISTS = ("IN", "NOT IN")
PATTERNS = ("LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE")
NULLS = ("IS NULL", "IS NOT NULL")
ACCEPTED = {
    Holds.NUMBER: EQUALITY + ORDERING + LISTS + NULLS,
    Holds.TIME: EQUALITY + ORDERING + LISTS + NULLS,
    Holds.TEXT: EQUALITY + PATTERNS + LISTS + NULLS,
    Holds.CAPITALS: EQUALITY + PATTERNS + LISTS + NULLS,
    Holds.TEXT_OR_NUMBER: EQUALITY + ORDERING + PATTERNS + LISTS + NULLS,
    Holds.ANY_TEXT: ("LIKE", "ILIKE"),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ISO_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?")


class Condition:
    """The SQL of one filter, and the values bound in it as $f0, $f1 ..."""

    def __init__(self, term: Term, *, subject: Subject, text: str) -> None:
        self.parameters: dict[str, object] = {}
        self._subject = subject
        self._text = text
        self.sql = self._term(term)

    def _term(self, term: Term) -> str:
        if isinstance(term, Not):
            return f"(not {self._term(term.term)})"
        if isinstance(term, AllOf):
            return f"({' and '.join(map(self._term, term.terms))})"
        if isinstance(term, AnyOf):
            return f"({' or '.join(map(self._term, term.terms))})"
        return self._comparison(term)

    def _comparison(self, comparison: Comparison) -> str:
        column = find_column(comparison.key, subject=self._subject, text=self._text)
        accepted = ACCEPTED[column.holds]
        if comparison.operator not in accepted:
            problem = f"{comparison.operator} does not apply to {column.label}. "
            raise self._wrong(
                comparison.operator_position, f"{problem}Accepted: {', '.join(accepted)}."
            )
        if comparison.operator in NULLS:
            return self._presence(column, operator=comparison.operator)
        return self._holds(column, test=self._test(column, comparison))

    def _presence(self, column: Column, *, operator: str) -> str:
        if column.table is None:
            return f"({column.expression} {operator.lower()})"
        found = self._holds(column, test=f"{column.expression} is not null")
        return found if operator == "IS NOT NULL" else f"(not {found})"

    def _holds(self, column: Column, *, test: str) -> str:
        """*test* is about one row, and may be null: the result never is."""
        if column.table is None:
            return f"coalesce({test}, false)"
        where = test if column.key is None else f"key = {self._bind(column.key)} and {test}"
        owner = self._subject.id
        owners = f"select {owner} from {column.table} where {where}"
        return f"({self._subject.alias}.{owner} in ({owners}))"

    def _test(self, column: Column, comparison: Comparison) -> str:
        match column.holds:
            case Holds.NUMBER:
                numbers = [self._number(column, literal) for literal in comparison.values]
                return self._number_test(column.expression, comparison, numbers)
            case Holds.TIME:
                times = [self._time(comparison, literal) for literal in comparison.values]
                return self._number_test(f"({column.expression} // 1000)", comparison, times)
            case Holds.TEXT | Holds.CAPITALS:
                texts = [self._words(column, literal) for literal in comparison.values]
                if column.holds is Holds.CAPITALS:
                    texts = [text.upper() for text in texts]
                return self._text_test(column.expression, comparison, texts)
            case Holds.ANY_TEXT:
                pattern = self._words(column, comparison.values[0])
                like = like_clause(comparison.operator, pattern, bound=self._bind(pattern))
                return column.expression.format(like=like)
        return self._loose_test(column, comparison)

    def _loose_test(self, column: Column, comparison: Comparison) -> str:
        """Params and tags are text; next to an unquoted number they are compared as numbers."""
        numbers = [float(v.value) for v in comparison.values if not isinstance(v.value, str)]
        texts = [v.value for v in comparison.values if isinstance(v.value, str)]
        if numbers and (texts or comparison.operator in PATTERNS):
            raise self._misplaced_number(comparison)
        if not numbers:
            self._refuse_number_in_quotes(comparison, texts)
            return self._text_test(column.expression, comparison, texts)
        test = self._number_test(f"try_cast({column.expression} as double)", comparison, numbers)
        # Text that is no number differs from every number.
        differs = comparison.operator in ("!=", "NOT IN")
        return f"coalesce({test}, true)" if differs else test

    def _number_test(
        self, expression: str, comparison: Comparison, numbers: Sequence[int | float]
    ) -> str:
        operator = comparison.operator
        if operator in LISTS:
            test = self._list_test(expression, operator, [float(number) for number in numbers])
            if not any(map(math.isnan, numbers)):
                return test
            # The join of DuckDB 1.5 finds no NaN.
            is_nan = f"isnan({expression})"
            return f"({test} or {is_nan})" if operator == "IN" else f"({test} and not {is_nan})"
        if operator in ORDERING and math.isnan(numbers[0]):
            raise self._wrong(
                comparison.values[0].position, "NaN is neither large nor small: use = or !=."
            )
        test = f"{expression} {operator} {self._bind(numbers[0])}"
        # DuckDB sorts NaN above infinity; to a person no NaN is > 0.5.
        return f"({test} and not isnan({expression}))" if operator in (">", ">=") else f"({test})"

    def _text_test(self, expression: str, comparison: Comparison, texts: Sequence[str]) -> str:
        if comparison.operator in LISTS:
            return self._list_test(expression, comparison.operator, texts)
        return f"({expression} {comparison.operator.lower()} {self._bind(texts[0])})"

    def _list_test(self, expression: str, operator: str, values: Sequence[object]) -> str:
        # One bound list: a hash join, where thousands of single values would be scanned.
        return f"({expression} {operator.lower()} (select unnest({self._bind(list(values))})))"

    def _number(self, column: Column, literal: Literal) -> float:
        if isinstance(literal.value, str):
            problem = f"{column.label} is a number: compare it with a number without quotes."
            raise self._wrong(literal.position, problem)
        return float(literal.value)

    def _words(self, column: Column, literal: Literal) -> str:
        if not isinstance(literal.value, str):
            problem = f"{column.label} is text: put the value in quotes, as '{literal.value}'."
            raise self._wrong(literal.position, problem)
        return literal.value

    def _time(self, comparison: Comparison, literal: Literal) -> int | float:
        """Milliseconds since 1970 UTC."""
        if not isinstance(literal.value, str):
            return literal.value
        moment = _moment(literal.value)
        if moment is None:
            problem = f"{literal.value!r} is not a time. Write '2026-03-01', '2026-03-01T12:00'"
            raise self._wrong(literal.position, f"{problem} (UTC) or milliseconds since 1970.")
        if len(literal.value) == len("2026-03-01") and comparison.operator not in ORDERING:
            raise self._whole_day(comparison, literal)
        return _milliseconds(moment)

    def _whole_day(self, comparison: Comparison, literal: Literal) -> InvalidFilter:
        """The day's first moment would match next to nothing, and mislead."""
        key = comparison.key.name
        cure = f"Write {key} >= '{literal.value}' and {key} < the day after."
        return self._wrong(literal.position, f"A day is no single moment. {cure}")

    def _misplaced_number(self, comparison: Comparison) -> InvalidFilter:
        number = next(v for v in comparison.values if not isinstance(v.value, str))
        if comparison.operator in LISTS:
            problem = "A list holds either numbers or text in quotes, not both."
        else:
            problem = f"{comparison.operator} takes a pattern in quotes: '%{number.value}%'."
        return self._wrong(number.position, problem)

    def _refuse_number_in_quotes(self, comparison: Comparison, texts: Sequence[str]) -> None:
        """As text, '1e-3' is larger than '0.01': nobody means that."""
        if comparison.operator in ORDERING and _is_number(texts[0]):
            problem = f"Take the quotes off to compare numbers: {comparison.operator} {texts[0]}"
            raise self._wrong(comparison.values[0].position, problem)

    def _bind(self, value: object) -> str:
        name = f"f{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def _wrong(self, position: int, problem: str) -> InvalidFilter:
        return wrong(self._text, position, problem)


def time_of(value: str | int | float) -> int | float:
    """Milliseconds since 1970 UTC of a literal that was accepted as a time."""
    moment = _moment(value) if isinstance(value, str) else None
    return _milliseconds(moment) if moment is not None else float(value)


def _milliseconds(moment: datetime) -> int | float:
    milliseconds = (moment - EPOCH) / timedelta(milliseconds=1)
    return int(milliseconds) if milliseconds.is_integer() else milliseconds


def _moment(text: str) -> datetime | None:
    if not ISO_TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
