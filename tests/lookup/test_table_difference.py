"""Two tables, and what differs between them."""

from __future__ import annotations

import random

import pytest

from nbtrack.lookup.table_difference import Table, TableDifference, key_of, table_difference

SCORES = Table(["class", "f1", "n"], [["a", 0.5, 10], ["b", 0.7, 20], ["c", 0.9, 30]])


def signs(found: TableDifference) -> str:
    return "".join(row.sign for row in found.rows)


def applied(before: Table, found: TableDifference) -> Table:
    """The other table, made of this one and what differs."""
    kept = [n for n, column in enumerate(found.columns) if column.sign != "-"]
    rows = []
    for row in (row for row in found.rows if row.sign != "-"):
        known = {}
        if row.before is not None:
            known = dict(zip(before.columns, before.rows[row.before]))
        rows.append(
            [
                row.values[n] if n in row.were else known.get(column.name, row.values[n])
                for n, column in ((n, found.columns[n]) for n in kept)
            ]
        )
    return Table([found.columns[n].name for n in kept], rows)


def undone(after: Table, found: TableDifference) -> Table:
    """The way back: the rows that were, in their order."""
    kept = [n for n, column in enumerate(found.columns) if column.sign != "+"]
    rows = sorted((r for r in found.rows if r.before is not None), key=lambda r: r.before)
    names = [column.name for column in found.columns]
    known = [dict(zip(after.columns, after.rows[r.after])) if r.after is not None else None
             for r in rows]  # fmt: skip
    values = [
        [
            r.were[n] if n in r.were else r.values[n] if k is None else k.get(names[n], r.values[n])
            for n in kept
        ]
        for r, k in zip(rows, known)
    ]
    return Table([names[n] for n in kept], values)


def as_records(table: Table) -> list[dict]:
    """In whatever order its columns are."""
    return [dict(zip(table.columns, row)) for row in table.rows]


def random_table(chance: random.Random) -> Table:
    columns = chance.sample(["id", "name", "x", "y", "flag"], k=chance.randint(1, 5))
    values = {
        "id": lambda n: n,
        "name": lambda n: chance.choice("abcdefgh") * chance.randint(1, 3),
        "x": lambda n: chance.choice([0, 1, 1.0, 0.5, None, "1"]),
        "y": lambda n: round(chance.random(), 1),
        "flag": lambda n: chance.choice([True, False, 1, None]),
    }
    ids = chance.sample(range(12), k=chance.randint(0, 8))
    return Table(columns, [[values[name](n) for name in columns] for n in ids])


def changed(table: Table, chance: random.Random) -> Table:
    """Like it, with some rows gone, some moved, some cells changed."""
    rows = [list(row) for row in table.rows if chance.random() > 0.2]
    chance.shuffle(rows)
    for row in rows:
        if chance.random() < 0.3:
            row[chance.randrange(len(row))] = chance.choice([0, "z", None, 0.25])
    return Table(table.columns, rows)


@pytest.mark.parametrize("seed", range(200))
def test_what_differs_leads_from_one_table_to_the_other(seed):
    """And back; of equal tables nothing differs, and of others something."""
    chance = random.Random(seed)
    before = random_table(chance)
    for after in (random_table(chance), changed(before, chance)):
        found = table_difference(before, after)

        assert applied(before, found) == after
        assert as_records(undone(after, found)) == as_records(before)
        assert table_difference(after, after).is_empty
        assert found.is_empty == (before == after)


def test_rows_are_told_apart_by_a_key():
    """One that came first moves no other; a changed cell says what it was."""
    after = Table(SCORES.columns, [["z", 0.1, 1], ["a", 0.5, 10], ["c", 0.95, 30]])
    found = table_difference(SCORES, after)

    assert found.key == ("class",)
    assert [(r.sign, r.values[0]) for r in found.rows] == [
        ("+", "z"), ("=", "a"), ("-", "b"), ("~", "c"),
    ]  # fmt: skip
    assert found.rows[3].were == {1: 0.9}


def test_counts_are_no_key():
    """Those of a confusion matrix differ where they stand."""
    before, after = Table(["a", "b"], [[50, 0], [2, 48]]), Table(["a", "b"], [[50, 0], [1, 49]])

    assert key_of(before, after) == ()
    assert signs(table_difference(before, after)) == "=~"


def test_two_columns_together_may_be_a_key():
    rows = [["train", "f1", 0.9], ["train", "r2", 0.8], ["test", "f1", 0.7]]
    table = Table(["data", "metric", "value"], rows)

    assert key_of(table, table) == ("data", "metric")


@pytest.mark.parametrize("values", [[0.1, 0.2], ["a", "a"], [None, "a"], [True, False], []])
def test_what_is_no_key(values):
    """Measurements, what comes twice, what is missing, yes and no, an empty table."""
    table = Table(["x"], [[value] for value in values])

    assert key_of(table, table) == ()


def test_columns_come_and_go():
    after = Table(["class", "recall", "n"], [["a", 0.4, 10], ["b", 0.6, 20], ["c", 0.8, 30]])
    found = table_difference(SCORES, after)

    assert [(c.name, c.sign) for c in found.columns] == [
        ("class", "="), ("f1", "-"), ("recall", "+"), ("n", "="),
    ]  # fmt: skip
    assert signs(found) == "==="
    assert not found.is_empty


def test_another_order_is_a_difference():
    found = table_difference(SCORES, Table(SCORES.columns, SCORES.rows[::-1]))

    assert signs(found) == "==="
    assert found.is_reordered
    assert not found.is_empty


def test_numbers_are_the_same_however_they_are_written():
    """1 and 1.0; yes is not one."""
    one, two = Table(["x", "y"], [[1, True]]), Table(["x", "y"], [[1.0, 1]])

    assert table_difference(one, two).rows[0].were == {1: True}
