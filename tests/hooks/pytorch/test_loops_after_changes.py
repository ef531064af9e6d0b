"""What was found out in one step of a PyTorch loop is asked anew when it may have changed: every
step of the user's own is recorded, and none that is a framework's."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

import nbtrack
from tests.hooks.boosters import values
from tests.hooks.lightning.modules import fit, line, trainer
from tests.hooks.pytorch.test_loops_side_by_side import X, loop, nn, torch

torch.set_num_threads(1)
LABELS = (X[:, 0] > 0).long()


class Trained(ClassifierMixin, BaseEstimator):
    """An estimator that trains a network, and evaluates it."""

    def __init__(self, count=1):
        self.count = count

    def fit(self, X, y):
        self.classes_ = [0, 1]
        loop(self.count)
        with torch.no_grad():
            nn.functional.mse_loss(torch.zeros(1), torch.ones(1))
        return self

    def predict(self, X):
        return [1] * len(X)


def search():
    folds = [(range(4), range(4, 8))]
    GridSearchCV(Trained(), {"count": [1, 2]}, cv=folds).fit(X.numpy(), LABELS.numpy())


def made():
    model = nn.Linear(3, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


def step(model, optimizer):
    optimizer.zero_grad()
    loss = model(X).pow(2).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


def test_a_loop_after_a_search(autologged):
    """Its losses are there, and those of the search are none of them."""
    with nbtrack.start_run() as run:
        search()
        expected = loop(7)

    assert values(nbtrack.get_run(run.info.run_id), "train-loss") == pytest.approx(expected)


def test_a_loop_around_fits(autologged):
    """Each of its steps, with fits between `zero_grad`, `backward` and `step`."""
    model, optimizer = made()
    expected = []
    with nbtrack.start_run() as run:
        for _ in range(2):
            optimizer.zero_grad()
            search()
            loss = model(X).pow(2).mean()
            loss.backward()
            LinearRegression().fit(X.numpy(), LABELS.numpy())
            optimizer.step()
            expected.append(loss.item())

    assert values(nbtrack.get_run(run.info.run_id), "train-loss") == pytest.approx(expected)


def test_fine_tuning_after_a_lightning_fit(autologged, tmp_path):
    with nbtrack.start_run() as run:
        fit(trainer(tmp_path, max_epochs=1), line())
        expected = loop(3)

    assert values(nbtrack.get_run(run.info.run_id), "train-loss") == pytest.approx(expected)


def off():
    nbtrack.autolog(disable=True)


def off_by_name():
    nbtrack.pytorch.autolog(disable=True)


def on():
    nbtrack.autolog(disable=False)


def on_by_name():
    nbtrack.pytorch.autolog(disable=False)


@pytest.mark.parametrize(
    ("stop", "go_on"), [(off, on), (off_by_name, on_by_name), (off, on_by_name)]
)
def test_autolog_off_and_on_in_the_middle(autologged, stop, go_on):
    """The steps between are not recorded, those before and after are."""
    model, optimizer = made()
    with nbtrack.start_run():
        expected = [step(model, optimizer)]
        stop()
        step(model, optimizer)
        go_on()
        expected.append(step(model, optimizer))

    assert values(autologged.run(), "train-loss") == pytest.approx(expected)


def test_another_thread_ends_the_run(autologged):
    """What follows goes to a run that is opened for it, as the first step without one does."""
    model, optimizer = made()
    expected = []
    run = nbtrack.start_run()
    expected.append([step(model, optimizer)])
    with ThreadPoolExecutor(1) as pool:
        pool.submit(run.end).result()
    assert nbtrack.active_run() is None
    expected.append([step(model, optimizer), step(model, optimizer)])
    nbtrack.end_run()

    assert [values(each, "train-loss") for each in autologged.runs()] == expected


def test_a_fork_records_when_it_asks(autologged):
    """Nothing before; and the steps of the process that it came from go on."""
    model, optimizer = made()
    with nbtrack.start_run() as run:
        expected = [step(model, optimizer)]
        child = os.fork()
        if child == 0:
            try:
                step(model, optimizer)
                nbtrack.autolog()
                with nbtrack.start_run(run_name="of the fork"):
                    step(model, optimizer)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        expected.append(step(model, optimizer))

    forks = [each for each in autologged.runs() if each.info.run_name == "of the fork"]
    assert values(nbtrack.get_run(run.info.run_id), "train-loss") == pytest.approx(expected)
    assert [len(values(each, "train-loss")) for each in forks] == [1]
