"""Several PyTorch loops in one run: one after the other, in threads, with workers that load."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

import nbtrack
from tests.hooks.boosters import files, steps, values

torch = pytest.importorskip("torch")
nn = torch.nn
X = torch.linspace(-1, 1, 24).reshape(8, 3)


@pytest.fixture(autouse=True)
def _single_threaded():
    torch.set_num_threads(1)


def loop(count, wait=lambda: None):
    model = nn.Linear(3, 1)
    opt = torch.optim.SGD(model.parameters(), lr=count / 100)
    wait()
    losses = []
    for _ in range(count):
        opt.zero_grad()
        loss = model(X).pow(2).mean()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


def losses_by_rate(runs):
    """Of each run, by the learning rate of its one optimizer."""
    return {run.data.params["lr"]: values(run, "train-loss") for run in runs}


def test_one_after_the_other(autologged):
    """A function has the same names at each call, and its loops their own metrics and models."""
    with nbtrack.start_run():
        expected = [loop(4), loop(6), loop(5)]
    run = autologged.run()

    keys = ("train-loss-opt", "train-loss-opt-2", "train-loss-opt-3")
    assert [values(run, key) for key in keys] == [pytest.approx(each) for each in expected]
    assert [run.data.params[key] for key in ("lr", "opt-2_lr", "opt-3_lr")] == [
        "0.04",
        "0.06",
        "0.05",
    ]
    assert {f"model_summary{end}.txt" for end in ("", "_opt-2", "_opt-3")} <= files(run)
    kept = nbtrack.search_logged_models(output_format="list")
    assert len({model.name for model in kept}) == 3


def test_threads_in_a_run_have_a_child_each_but_the_first(autologged):
    """Their steps do not mix; what the user logs goes where it went."""
    both = Barrier(2)

    def work(count):
        found = loop(count, both.wait)
        nbtrack.log_metric(f"of {count}", 1)
        return found

    with nbtrack.start_run(), ThreadPoolExecutor(2) as pool:
        expected = dict(zip(("0.2", "0.3"), pool.map(work, (20, 30))))
    run, child = autologged.runs()

    assert losses_by_rate((run, child)) == {k: pytest.approx(v) for k, v in expected.items()}
    assert child.data.tags["mlflow.parentRunId"] == run.info.run_id
    assert {"of 20", "of 30"} <= run.data.metrics.keys()
    assert {each.info.status for each in (run, child)} == {"FINISHED"}
    assert nbtrack.active_run() is None


def test_threads_without_a_run_have_one_each(autologged):
    """As for all that threads log."""
    both = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        expected = dict(zip(("0.02", "0.03"), pool.map(lambda n: loop(n, both.wait), (2, 3))))
    runs = autologged.runs()

    assert losses_by_rate(runs) == {k: pytest.approx(v) for k, v in expected.items()}


def test_an_optimizer_stays_where_it_is(autologged):
    """Though another thread makes each of its steps."""
    model = nn.Linear(3, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)

    def step():
        opt.zero_grad()
        model(X).pow(2).mean().backward()
        opt.step()

    with nbtrack.start_run():
        for _ in range(3):
            with ThreadPoolExecutor(1) as pool:
                pool.submit(step).result()
    assert steps(autologged.run(), "train-loss") == [0, 1, 2]


def test_steps_of_one_optimizer_in_two_threads_have_a_number_each(autologged, monkeypatch):
    """Also if one is made while the other is being recorded."""
    model = nn.Linear(3, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    total = torch.nn.utils.get_total_norm

    def step():
        model(X).pow(2).mean().backward()
        opt.step()

    def norm(grads):
        monkeypatch.setattr(torch.nn.utils, "get_total_norm", total)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(step).result()
        return total(grads)

    with nbtrack.start_run():
        monkeypatch.setattr(torch.nn.utils, "get_total_norm", norm)
        step()
        step()
    assert sorted(steps(autologged.run(), "train-loss")) == [0, 1, 2]


class Rows(torch.utils.data.Dataset):
    """Whose workers train something of their own."""

    def __len__(self):
        return len(X)

    def __getitem__(self, place):
        with torch.enable_grad():  # a worker is forked in the middle of an evaluation, too
            loop(1)
        return X[place], X[place].sum().reshape(1)


def test_workers_that_load_data_record_nothing(autologged):
    """Also where they train; and the passes over what they load are the epochs."""
    model = nn.Linear(3, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.01)
    criterion = nn.MSELoss()
    workers = {"num_workers": 2, "multiprocessing_context": "fork"}
    train, held_out = (torch.utils.data.DataLoader(Rows(), size, **workers) for size in (2, 4))
    with nbtrack.start_run():
        for _ in range(2):
            for rows, target in train:
                opt.zero_grad()
                criterion(model(rows), target).backward()
                opt.step()
            with torch.no_grad():
                for rows, target in held_out:
                    criterion(model(rows), target)
    run = autologged.run()

    assert steps(run, "train-loss") == list(range(8))
    assert (steps(run, "train-epoch"), values(run, "train-epoch")) == ([0, 4], [1, 2])
    assert steps(run, "eval-loss") == [3, 7]
    assert run.data.params["lr"] == "0.01"
