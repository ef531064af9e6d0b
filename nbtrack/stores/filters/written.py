"""A filter as text again: what `parse_filter` reads."""

from __future__ import annotations

import re

from nbtrack.stores.filters.boolean_grammar import AllOf, AnyOf, Not
from nbtrack.stores.filters.filter_grammar import (
    KEYWORDS,
    Comparison,
    Key,
    Literal,
    Term,
    parse_filter,
)
from nbtrack.stores.filters.filter_tokens import wrong

_PLAIN = re.compile(r"[\w.:/-]+")


def filter_text(term: Term) -> str:
    """Raises InvalidFilter for a term that no text says: see `_text`."""
    written = _term(term)
    if _term(parse_filter(written)) != written:
        raise wrong(written, 0, "No filter can say this: text with quotes behind backslashes.")
    return written


def key_text(key: Key) -> str:
    """As it is typed: metrics.`f1 score`, status."""
    name = key.name if _is_plain(key) else "`" + key.name.replace("`", "``") + "`"
    return name if key.prefix is None else f"{key.prefix}.{name}"


def _is_plain(key: Key) -> bool:
    if key.prefix is not None:
        return _PLAIN.fullmatch(key.name) is not None
    return key.name.isidentifier() and key.name.lower() not in KEYWORDS


def _term(term: Term) -> str:
    if isinstance(term, Not):
        return f"not ({_term(term.term)})"
    if isinstance(term, AllOf | AnyOf):
        word = " and " if isinstance(term, AllOf) else " or "
        return word.join(_inside(each) for each in term.terms)
    return _comparison(term)


def _inside(term: Term) -> str:
    return f"({_term(term)})" if isinstance(term, AllOf | AnyOf) else _term(term)


def _comparison(comparison: Comparison) -> str:
    start = f"{key_text(comparison.key)} {comparison.operator}"
    values = ", ".join(map(_value, comparison.values))
    if comparison.operator.endswith("IN"):
        return f"{start} ({values})"
    return f"{start} {values}" if values else start


def _value(literal: Literal) -> str:
    value = literal.value
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """A backslash before a quote escapes it, and nothing escapes the backslash: with the other
    quotes around it the two are text."""
    quote = '"' if "'" in value else "'"
    return quote + value.replace(quote, quote * 2) + quote
