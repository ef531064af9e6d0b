"""While CatBoost trains, a live chart is told of it; what is recorded is as without."""

from __future__ import annotations

import threading
import time

import pytest

import nbtrack
from nbtrack.panels.live import progress
from nbtrack.panels.live.feed import LiveFeed
from nbtrack.recording import training_progress
from tests.hooks.boosters import X_test, X_train, steps, values, y_test, y_train

cb = pytest.importorskip("catboost")
ROUNDS = 300


def fit(folder, *, each_round=0.01, ends=lambda: None, **settings):
    """Slowly, by a callback of the user's; *ends* is called in the last iteration."""

    class Slow:
        def after_iteration(self, info):
            time.sleep(each_round)
            if info.iteration == ROUNDS:
                ends()
            return True

    given = {"iterations": ROUNDS, "depth": 1, "thread_count": 1, "verbose": False}
    model = cb.CatBoostClassifier(**given, train_dir=str(folder), **settings)
    sets = [(X_test, y_test), (X_train, y_train)]
    return model.fit(X_train, y_train, eval_set=sets, callbacks=[Slow()])


def followed(run, folder, **settings):
    """What is trained in another thread, what a live chart is pushed meanwhile, and what it shows
    in the last iteration and afterwards."""
    pushed, made, during = [], [], {}
    feed = LiveFeed(run, push=lambda _, message: pushed.append(message))
    one_looks = threading.Lock()  # as in a kernel

    def look():
        with one_looks:
            feed.look()

    def shown():
        look()
        return {key: list(each.places) for (_, key), each in feed.series.items()}

    def train():
        made.append(fit(folder, ends=lambda: during.update(shown()), **settings))

    thread = threading.Thread(target=train)
    thread.start()
    while thread.is_alive():
        look()
        time.sleep(0.05)
    thread.join()
    return made[0], pushed, during, shown()


def test_its_curves_are_shown_before_they_are_recorded(autologged, tmp_path, monkeypatch):
    """Under their names, and nearly their values; recorded is the model's own, once. And it is told
    how long it takes still, as of a training that may end early by the user's callback."""
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.5)  # of the 3 s or so that it takes
    with nbtrack.start_run() as active:
        model, pushed, during, shown = followed(active, tmp_path / "files")
    run = autologged.run()

    for data, curves in model.get_evals_result().items():
        key, curve = f"{data}-Logloss", curves["Logloss"]
        assert len(during[key]) > ROUNDS / 3
        assert [p.last for p in during[key][:40]] == pytest.approx(curve[:40], rel=1e-9)
        assert values(run, key) == curve
        assert steps(run, key) == list(range(ROUNDS))
        assert [p.step for p in shown[key]] == sorted({p.step for p in shown[key]})
    texts = [message["progress"]["text"] for message in pushed]
    assert any(f"of {ROUNDS}" in text for text in texts)
    assert any("at most" in text for text in texts)
    assert training_progress._open == []


def test_files_of_an_earlier_training_tell_nothing(autologged, tmp_path):
    """They are still there when the next one begins, in the same folder."""
    fit(tmp_path / "files", each_round=0)
    with nbtrack.start_run() as run:
        _, _, during, _ = followed(run, tmp_path / "files")

    found = next(iter(during.values()))
    assert [p.step for p in found] == list(range(len(found)))


def test_who_wants_no_files_gets_none(autologged, tmp_path):
    """And no curve before the end."""
    with nbtrack.start_run() as run:
        quiet = {"each_round": 0.005, "allow_writing_files": False}
        _, _, during, _ = followed(run, tmp_path / "files", **quiet)

    assert not during
    assert not (tmp_path / "files").exists()
