"""Values that JSON, SQL or floats find hard come back as they were logged, unfolded and folded."""

from __future__ import annotations

import math

import pytest

from nbtrack.records.runs import RunQuery

NUMBERS = """
import math, sys, numpy as np, nbtrack
class Tensor:  # what torch, jax and tensorflow scalars have in common
    def item(self):
        return 0.1
VALUES = [
    math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.1, 1e22, 1/3,
    123456789012345678, 2**70, True, np.float32(0.1), np.float64(0.1), np.int64(7), np.bool_(True),
    np.array([2.5]), np.array(2.5), np.float16(0.5), np.uint8(255), np.nan, np.longdouble(0.25),
    Tensor(),
]
LAST = 2**63 - 1
STEPS = [0, 1, -1, LAST, -LAST, np.int64(LAST), np.int32(5), 3.0, True, np.uint64(LAST), None]
with nbtrack.start_run() as run:
    for n, value in enumerate(VALUES):
        nbtrack.log_metric(f"v{n:02}", value)
        print(float(value.item() if hasattr(value, "item") else value).hex())
    for n, step in enumerate(STEPS):
        nbtrack.log_metric(f"s{n:02}", 1.0, step=step)
        print(int(step or 0))
    print(run.run_id)
"""
TEXTS = {
    "unicode": "Ünïcödé 日本語 🚀 \u202e right to left \u200b",
    "quotes": 'it\'s "quoted" `so` \\ back\\\\slash $x {y} %s ?',
    "sql": "'; drop table stored.metrics; --",
    "newlines": "a\nb\r\nc\rd\u2028e\u2029f\x85g\x0bh",
    "control": "".join(map(chr, range(32))) + "\x7f",
    "NUL": "a\0b",
    "json": '{"k":"close"}\n{"k":"metric"}',
    "empty": "",
    "spaces": "  \t ",
    "long": "x" * 100_000,
    "long unicode": "🚀" * 25_000,
    "like a number": "1e5",
    "like null": "null",
    "html": "<script>alert(1)</script>",
}
WRITE_TEXTS = """
import json, sys, nbtrack
texts = json.loads(sys.stdin.readline())
with nbtrack.start_run(tags=texts) as run:
    nbtrack.log_params(texts)
    nbtrack.set_tag("mlflow.note.content", texts["unicode"])
    nbtrack.log_dict(texts, "texts.json")
print(run.run_id)
"""


def test_numbers_come_back_to_the_bit(start, store):
    """Not-a-numbers, infinities, the smallest and largest, numpy and tensor scalars, any step."""
    *hexes, run_id = start(NUMBERS).finish()
    values, steps = hexes[:-11], hexes[-11:]

    for _ in range(2):
        metrics = store.get_run(run_id).data.metrics
        found = [metrics[f"v{n:02}"] for n in range(len(values))]
        assert [value.hex() for value in found] == values
        found = [store.read_metrics(run_id, f"s{n:02}")[0].step for n in range(len(steps))]
        assert found == [int(step) for step in steps]
        store.fold()


def test_the_views_show_what_is_not_finite(start, store):
    """NaN and infinities are values in SQL, too, and do not poison those around them."""
    start(NUMBERS).finish()
    store.fold()

    found = store.query(
        "select value from latest_metrics where key in ('v00','v01','v02') order by key"
    )
    nan, positive, negative = found["value"]
    assert math.isnan(nan)
    assert (positive, negative) == (math.inf, -math.inf)


def test_texts_come_back_as_they_were(start, store):
    """Params and tags of any characters and of 100 kB, unfolded and folded."""
    import json

    script = start(WRITE_TEXTS)
    script.tell(json.dumps(TEXTS))
    (run_id,) = script.finish()

    for _ in range(2):
        data = store.get_run(run_id).data
        assert data.params == TEXTS
        assert TEXTS.items() <= data.tags.items()
        assert data.tags["mlflow.note.content"] == TEXTS["unicode"]
        store.fold()
    assert store.query("select * from bad_lines").empty


@pytest.mark.parametrize("text", ["\ud83d", "a\udcffb", "\udfff\ud800"])
def test_a_lone_surrogate_is_refused_and_costs_nothing_else(start, store, text):
    """Text that is no Unicode is an error that says so; what is logged beside it is stored."""
    script = start(
        "import sys, nbtrack\n"
        f"text = {text!r}\n"
        "with nbtrack.start_run() as run:\n"
        "    for log in (\n"
        "        lambda: nbtrack.start_run(run_name='r' + text, nested=True),\n"
        "        lambda: nbtrack.log_param('p', text), lambda: nbtrack.set_tag('t', text),\n"
        "        lambda: nbtrack.log_text(text, 'a.txt'),\n"
        "    ):\n"
        "        try:\n"
        "            log()\n"
        "        except nbtrack.NbtrackError as error:\n"
        "            print('half a character' in str(error))\n"
        "    nbtrack.log_param('after', 1)\n"
        "print(run.run_id)\n"
    )
    *refused, run_id = script.finish()

    assert refused == ["True"] * 4
    assert store.get_run(run_id).data.params == {"after": "1"}
    assert store.query("select * from bad_lines").empty
    assert len(store.search_runs(RunQuery())) == 1


def test_long_and_many_keys(start, store):
    """A key of 250 characters, and thousands of keys in one call."""
    script = start(
        """
import nbtrack
with nbtrack.start_run() as run:
    nbtrack.log_metrics({f"{'é' * 245}{n:05}": float(n) for n in range(5000)})
    nbtrack.log_params({f"p{n}": n for n in range(5000)})
print(run.run_id)
"""
    )
    data = store.get_run(script.finish()[0]).data
    assert len(data.metrics) == len(data.params) == 5000
    assert data.metrics["é" * 245 + "04999"] == 4999.0
