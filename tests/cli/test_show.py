from __future__ import annotations

from nbtrack.journal.lines import cell_line, environment_line, now_us, run_line
from nbtrack.recording.session import current_session


def test_show_tells_what_was_recorded(client, nbtrack):
    """Params, the last metric with its history, artifacts and tags are all there."""
    run_id = client.create_run("0", run_name="baseline", tags={"stage": "dev"}).info.run_id
    client.log_param(run_id, "C", 0.5)
    for step in range(3):
        client.log_metric(run_id, "accuracy", 0.5 + step / 10, step=step)
    client.log_text(run_id, "hello", "notes/a.txt")

    _, out, _ = nbtrack("show", run_id)

    assert "C  0.5" in out
    assert "accuracy  0.7  3 points, steps 0 to 2, 0.5 … 0.7  ▁▅█" in out
    assert "notes/a.txt  5 B" in out
    assert "dev" in out


def test_the_beginning_of_an_id_is_enough(client, nbtrack):
    """An id can be cut where it is still the only one of that beginning."""
    run_id = client.create_run("0").info.run_id

    code, out, _ = nbtrack("show", run_id[:12])

    assert code == 0
    assert run_id in out


def test_a_beginning_of_several_ids_is_refused(client, nbtrack):
    """Seventeen hex ids share a first digit somewhere; the message asks for more of it."""
    digits = [client.create_run("0").info.run_id[0] for _ in range(17)]
    shared = next(digit for digit in digits if digits.count(digit) > 1)

    code, _, err = nbtrack("show", shared)

    assert code == 2
    assert f"'{shared}' is the beginning of" in err


def test_source_and_traceback_of_a_cell_are_shown(client, nbtrack):
    """The cell as typed and its error follow the facts."""
    run_id = client.create_run("0").info.run_id
    store = current_session().store_for(client.tracking_uri)
    facts = {"source": "lr = 1\nfit(lr)", "execution_count": 7, "error": "ValueError: no"}
    store.append(cell_line(run_id, t=now_us(), **facts))

    _, out, _ = nbtrack("show", run_id)

    assert "\ncell 7\n  lr = 1\n  fit(lr)\n" in out
    assert "\nerror\n  ValueError: no\n" in out


def test_text_of_a_run_cannot_steer_the_terminal(client, nbtrack):
    """Escape sequences in names and values come out as visible text."""
    run_id = client.create_run("0", run_name="a\x1b]0;title\x07b").info.run_id
    client.log_param(run_id, "x", "\x1b[2J\rgone")

    _, out, _ = nbtrack("show", run_id)

    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\r" not in out


def test_show_tells_what_it_ran_in_and_what_it_took(client, nbtrack):
    """A line each for the environment, the commit, and what the cell used."""
    tags = {
        "mlflow.source.git.commit": "0123456789abcdef",
        "mlflow.source.git.branch": "main",
        "nbtrack.git.dirty": "true",
    }
    run_id = client.create_run("0", tags=tags).info.run_id
    store = current_session().store_for(client.tracking_uri)
    facts = {"attempt": 3, "cpu_seconds": 1.5, "peak_memory_bytes": 291_000_000}
    content = {
        "implementation": "CPython",
        "python_version": "3.11.7",
        "platform": "Linux",
        "packages": {"numpy": "2.0", "duckdb": "2.0"},
    }
    store.append(cell_line(run_id, t=now_us(), source="x", **facts))
    store.append(environment_line("d1", content, t=now_us()))
    store.append(run_line(run_id, t=now_us(), environment="d1"))

    lines = [" ".join(line.split()) for line in nbtrack("show", run_id)[1].splitlines()]

    assert "attempt 3" in lines
    assert "used 1.5 s of CPU time, 291 MB of memory at its peak" in lines
    assert "environment CPython 3.11.7, Linux, 2 packages" in lines
    assert "git 0123456789ab on main, changed since" in lines
