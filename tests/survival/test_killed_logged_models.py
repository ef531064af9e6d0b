"""Logged models of processes that are killed, or write at once: what returned is there, once."""

from __future__ import annotations

from nbtrack.records.logged_models import LoggedModelQuery

WRITE_WITHOUT_END = """
import nbtrack
run = nbtrack.start_run()
model = nbtrack.initialize_logged_model(name="m")
print(model.model_id)
n = 0
while True:
    nbtrack.log_metric("i", float(n), step=n, model_id=model.model_id)
    nbtrack.set_logged_model_tags(model.model_id, {"n": n}) if n % 100 == 0 else None
    n += 1
    if n % 50 == 0:
        print(n)
"""

WRITE_SOME = """
import sys, nbtrack
with nbtrack.start_run():
    for n in range(20):
        nbtrack.create_external_model(name="m", tags={"who": sys.argv[1]})
print("done")
"""

FORK = """
import os, nbtrack
run = nbtrack.start_run()
model = nbtrack.initialize_logged_model(name="m")
nbtrack.set_active_model(model_id=model.model_id)
child = os.fork()
nbtrack.log_metric("child" if child == 0 else "parent", 1.0, step=5)
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
nbtrack.finalize_logged_model(model.model_id, "READY")
print(model.model_id)
"""


def test_every_call_that_returned_survives_a_kill(start, store):
    """Each point of the model once, in the journal and in the database."""
    writer = start(WRITE_WITHOUT_END)
    model_id = writer.line()
    writer.wait_for("1000")
    writer.kill()
    counted = max(map(int, writer.rest()), default=1000)
    for _ in range(2):
        model = store.look_up_model(model_id).model
        steps = [point.step for point in model.metrics]
        assert len(steps) >= counted
        assert steps == list(range(len(steps)))
        assert int(model.tags["n"]) >= counted - 200
        store.fold()


def test_two_processes_make_models_at_once(start, store):
    """All of them are there, each once."""
    writers = [start(WRITE_SOME, name) for name in ("one", "two")]
    for writer in writers:
        writer.wait_for("done")
        writer.finish()
    models = store.search_logged_models(LoggedModelQuery(experiment_ids=("0",)))

    assert sorted(model.tags["who"] for model in models) == ["one"] * 20 + ["two"] * 20
    assert len({model.model_id for model in models}) == 40


def test_a_forked_child_measures_the_model_of_its_parent(start, store):
    """Both write points of it, to journals of their own."""
    script = start(FORK)
    model_id = script.line()
    script.finish()
    model = store.look_up_model(model_id).model

    assert sorted((point.key, point.step) for point in model.metrics) == [
        ("child", 5),
        ("parent", 5),
    ]
    assert model.status == "READY"
