"""Functions of DuckDB that PostgreSQL does not have, made in the schema `main`."""

from __future__ import annotations

# As DuckDB reads numbers: blanks around them, `_` between digits, more than a double holds is
# infinite, less is 0.
_DIGITS = r"[0-9](?:_?[0-9])*"
_NUMBER = rf"^\s*[+-]?(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?\s*$"
_PLAIN = r"^[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?$"
_UNLIMITED = r"^\s*[+-]?(?:inf|infinity|nan)\s*$"

# A function that catches errors begins a transaction of its own, which no parallel process may:
# neither it nor what calls it is safe there.
FUNCTIONS = (
    f"""
    create or replace function main.try_hard_float8(value text) returns float8
    language plpgsql immutable parallel unsafe as $body$
    declare plain text := replace(btrim(value, E' \\t\\n\\r\\f\\v'), '_', '');
    begin
        if value ~* '{_UNLIMITED}' then
            return case when plain ~* 'nan' then 'nan' else plain end::float8;
        end if;
        if value !~ '{_NUMBER}' then return null; end if;
        return plain::float8;
    exception when numeric_value_out_of_range then
        return case
            when plain ~ '[eE]-' then '0'
            when plain ~ '^-' then '-inf' else 'inf' end::float8;
    end $body$""",
    f"""
    create or replace function main.try_float8(value text) returns float8
    language sql immutable parallel unsafe as $body$
        select case when value is null then null
            when length(value) < 200 and value ~ '{_PLAIN}' then value::float8
            else main.try_hard_float8(value) end
    $body$""",
    # Of what the server itself has written: the time of an execution.
    r"""
    create or replace function main.try_bigint(value text) returns bigint
    language sql immutable parallel safe as $body$
        select case when value ~ '^\s*[+-]?[0-9]{1,18}\s*$' then value::bigint end
    $body$""",
    """
    create or replace function main.isfinite(value float8) returns boolean
    language sql immutable parallel safe as $body$
        select value > '-inf'::float8 and value < 'inf'::float8
    $body$""",
    """
    create or replace function main.isnan(value float8) returns boolean
    language sql immutable parallel safe as $body$ select value = 'nan'::float8 $body$""",
    # PostgreSQL's JSON has no zeros: as in texts, another character stands for them. A backslash
    # before one that is doubled begins none.
    r"""
    create or replace function main.as_json(content text) returns jsonb
    language sql immutable parallel safe as $body$
        select case when position('\u0000' in content) = 0 then content else
            regexp_replace(content, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') end::jsonb
    $body$""",
    """
    create or replace function main.json_extract_string(content text, path text) returns text
    language sql immutable parallel safe as $body$
        select main.as_json(content) ->> substr(path, 3)
    $body$""",
    """
    create or replace function main.getvariable(name text) returns text
    language sql stable parallel safe as $body$
        select current_setting('nbtrack.' || name)
    $body$""",
    """
    create or replace function main.len(items anyarray) returns integer
    language sql immutable parallel safe as $body$ select cardinality(items) $body$""",
    """
    create or replace function main.range(count integer) returns integer[]
    language sql immutable parallel safe as $body$
        select array(select generate_series(0, count - 1))
    $body$""",
    """
    create or replace function main.make_timestamp(us bigint) returns timestamp
    language sql immutable parallel safe as $body$
        select timestamp 'epoch' + us * interval '1 microsecond'
    $body$""",
    # Squares of very large numbers are infinite in DuckDB, and an error in PostgreSQL.
    """
    create or replace function main.mean_of(items float8[]) returns float8
    language plpgsql immutable parallel unsafe as $body$
    begin
        return (select avg(item) from unnest(items) item);
    exception when numeric_value_out_of_range then
        return (select sum(item / cardinality(items)) from unnest(items) item);
    end $body$""",
    """
    create or replace function main.spread_of(items float8[]) returns float8
    language plpgsql immutable parallel unsafe as $body$
    begin
        return (select stddev_samp(item) from unnest(items) item);
    exception when numeric_value_out_of_range then
        return 'inf'::float8;
    end $body$""",
)
