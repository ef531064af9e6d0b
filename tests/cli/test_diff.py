"""`nbtrack diff A B` in a terminal."""

from __future__ import annotations

import json


def runs_of(client):
    ids = []
    for name, depth, f1 in (("shallow", 2, 0.5), ("deep", 8, 0.75)):
        run_id = client.create_run("0", run_name=name).info.run_id
        client.log_param(run_id, "depth", depth)
        client.log_metric(run_id, "f1", f1)
        ids.append(run_id)
    return ids


def test_diff_says_what_explains_it(client, nbtrack):
    """Runs are named by name, id, or its beginning."""
    first, _ = runs_of(client)

    code, out, _ = nbtrack("diff", first[:12], "deep")

    assert code == 0
    assert "f1  0.50  →  0.75  ▲ +0.25 better" in out
    assert "1. Params\n     depth: 2 → 8" in out
    assert "not captured in either run" in out


def test_diff_for_other_programs(client, nbtrack):
    runs_of(client)

    found = json.loads(nbtrack("diff", "shallow", "deep", "--json")[1])

    assert found["causes"][0]["changes"][0]["after"] == "8"
    assert found["metrics"][0]["verdict"] == "better"


def test_an_unknown_run_is_said_to_be(client, nbtrack):
    runs_of(client)

    code, _, err = nbtrack("diff", "shallow", "nowhere")

    assert code == 2
    assert "No run 'nowhere'" in err


def test_text_of_a_run_cannot_steer_the_terminal(client, nbtrack):
    runs_of(client)
    client.log_param(
        client.create_run("0", run_name="a\x1b]0;title\x07b").info.run_id, "x", "\x1b[2J\r"
    )

    out = nbtrack("diff", "shallow", "a\x1b]0;title\x07b")[1]

    assert not {"\x1b", "\x07", "\r"} & set(out)
