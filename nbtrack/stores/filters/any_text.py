"""`any_text LIKE '%word%'`: a run whose name, params, tags or note are like this."""

from __future__ import annotations

from nbtrack.records.tags import FIT_TAG, NOTE_TAG, OWN_PREFIXES
from nbtrack.stores.local.schema import EXPLICIT_FIRST

ANY_TEXT = "any_text"
_ESCAPE = "^"  # a backslash before a quote means something in filters

_IS_OWN = " or ".join(f"starts_with(key, '{prefix}')" for prefix in OWN_PREFIXES)
_USERS_TAGS = f"(key in ('{NOTE_TAG}', '{FIT_TAG}') or not ({_IS_OWN}))"


def pattern_of(words: str) -> str:
    """What has *words* in it; what LIKE takes for a wildcard in them is a character there."""
    for special in (_ESCAPE, "%", "_"):
        words = words.replace(special, _ESCAPE + special)
    return f"%{words}%"


def like_clause(operator: str, pattern: str, *, bound: str) -> str:
    """{like} of the templates below. Without an escape in it a pattern is looked for faster."""
    escape = f" escape '{_ESCAPE}'" if _ESCAPE in pattern else ""
    return f"{operator.lower()} {bound}{escape}"


def _runs_with(table: str, *, rank: str, keys: str = "true") -> str:
    """Runs that have a text which is {like}, and still stands.

    To look for the latest of all values first takes 400 ms at 100,000 runs x 20 params; so those
    that are like it are found, and then which of them were replaced. That join is half as long
    with its sides in this order.
    """
    rows = f"select run_key, key, {rank} as rank from {table}"
    return f"""
        with hits as materialized ({rows} where value {{like}} and {keys}),
            replaced as (
                select hits.* from ({rows}) later join hits
                    on later.run_key = hits.run_key and later.key = hits.key
                        and later.rank > hits.rank)
        select run_key from hits where not exists (
            select 1 from replaced where replaced.run_key = hits.run_key
                and replaced.key = hits.key and replaced.rank = hits.rank)"""


# {like} is an operator and the name of its value.
IN_RUNS = f"""(r.run_name {{like}} or r.run_key in (
    select run_key from ({_runs_with("stored.params", rank=EXPLICIT_FIRST)}) union all
    select run_key from ({_runs_with("stored.tags", rank="t", keys=_USERS_TAGS)})))"""
IN_PUBLIC_VIEWS = f"""(r.run_name {{like}}
    or r.run_id in (select run_id from params where value {{like}})
    or r.run_id in (select run_id from tags where value {{like}} and {_USERS_TAGS}))"""
