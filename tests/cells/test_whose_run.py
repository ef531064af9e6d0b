"""Whatever a cell starts logs to that cell's run, whichever cell runs by then."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel, newest_as

PREPARE = """
import asyncio, threading, nbtrack
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
pool, workers = ThreadPoolExecutor(1), ThreadPool(1)
pool.submit(int).result(), workers.apply(int)  # their threads are of this cell
def work():
    go.wait()
    nbtrack.log_metric("late", 1)
async def wait_and_work():
    while not go.is_set():
        await asyncio.sleep(0.01)
    nbtrack.log_metric("late", 1)
def look_again():
    if go.is_set():
        nbtrack.log_metric("late", 1)
        done.set()
    else:
        asyncio.get_running_loop().call_later(0.01, look_again)
async def all_done():
    while not done.is_set():
        await asyncio.sleep(0.01)
"""
# How a cell starts something, and how a later one waits for it.
STARTED = {
    "thread": ("started = threading.Thread(target=work); started.start()", "started.join()"),
    "timer": ("started = threading.Timer(0, work); started.start()", "started.join()"),
    "job": ("started = pool.submit(work)", "started.result()"),
    "job of a loop": (
        "started = asyncio.get_running_loop().run_in_executor(pool, work)", "await started",
    ),
    "job of to_thread": ("started = asyncio.create_task(asyncio.to_thread(work))", "await started"),
    "job of a ThreadPool": ("started = workers.apply_async(work)", "started.get()"),
    "jobs of a map": (
        "started = workers.map_async(lambda _: work(), [0])", "started.get()",
    ),
    "task": ("started = asyncio.create_task(wait_and_work())", "await started"),
    "call": ("asyncio.get_running_loop().call_soon(look_again)", "await all_done()"),
}  # fmt: skip
ANEW = "go, done = threading.Event(), threading.Event()\n"


@pytest.fixture(scope="module")
def prepared(kernel: Kernel) -> Kernel:
    kernel.run(PREPARE)
    return kernel


@pytest.mark.parametrize(("start", "wait"), STARTED.values(), ids=STARTED)
def test_what_a_cell_started_logs_to_its_run(prepared: Kernel, start: str, wait: str):
    """Though that has ended, and another tracked cell runs, which has what it logs itself."""
    prepared.run(f"%%track first\n{ANEW}{start}")
    prepared.run(f"%%track second\nnbtrack.log_metric('own', 1)\ngo.set()\n{wait}")

    second, first = prepared.runs()[:2]
    assert (first.info.run_name, first.data.metrics) == ("first", {"late": 1.0})
    assert (second.info.run_name, second.data.metrics) == ("second", {"own": 1.0})
    assert {first.info.status, second.info.status} == {"FINISHED"}


@pytest.mark.parametrize(("start", "wait"), STARTED.values(), ids=STARTED)
def test_what_has_no_run_gets_one_of_its_own(prepared: Kernel, start: str, wait: str):
    """It ends with what logged, and is neither child nor parent of any cell."""
    prepared.run(f"{ANEW}{start}")
    prepared.run(f"%%track second\ngo.set()\n{wait}")
    prepared.run("%%track third\npass")

    third, own, second = prepared.runs()[:3]
    assert (second.info.run_name, second.data.metrics) == ("second", {})
    assert (own.data.metrics, own.info.status) == ({"late": 1.0}, "FINISHED")
    assert [run.data.tags.get("mlflow.parentRunId") for run in (third, own, second)] == [None] * 3
    assert prepared.value("nbtrack.active_run()") == "None"


USED = {
    "submit": "old.submit(work_now).result()",
    "submit as it was kept": "hand_in(work_now).result()",
    "map": "list(old.map(lambda _: work_now(), [0]))",
    "run_in_executor": "await asyncio.get_running_loop().run_in_executor(old, work_now)",
    "apply": "old_workers.apply(work_now)",
    "imap": "list(old_workers.imap(lambda _: work_now(), [0]))",
}
MADE = """%%track made
old, old_workers = ThreadPoolExecutor(1), ThreadPool(1)
hand_in = old.submit
def work_now():
    nbtrack.log_metric("used", 1)
    with nbtrack.start_run(run_name="inner"):
        pass
old.submit(nbtrack.log_metric, "made", 1).result()
old_workers.apply(nbtrack.log_metric, ("made too", 1))
"""


@pytest.mark.parametrize("use", USED.values(), ids=USED)
def test_a_pool_works_for_the_cell_that_hands_the_job_in(prepared: Kernel, use: str):
    """Whichever cell made the pool, and started its threads."""
    prepared.run(MADE)
    prepared.run(f"%%track user\n{use}")

    made, user, inner = (newest_as(prepared, name) for name in ("made", "user", "inner"))
    assert made.data.metrics == {"made": 1.0, "made too": 1.0}
    assert user.data.metrics == {"used": 1.0}
    assert inner.data.tags["mlflow.parentRunId"] == user.info.run_id


def test_a_run_that_was_open_when_a_thread_began(prepared: Kernel):
    """Of an untracked notebook too: it takes what the thread logs, though another is open now."""
    prepared.run(f"{ANEW}nbtrack.start_run(run_name='one')\n{STARTED['thread'][0]}")
    prepared.run("nbtrack.end_run()\nnbtrack.start_run(run_name='two')")
    prepared.run("go.set()\nstarted.join()\nnbtrack.end_run()")

    assert newest_as(prepared, "one").data.metrics == {"late": 1.0}
    assert newest_as(prepared, "two").data.metrics == {}


def test_a_thread_from_before_the_extension_is_of_no_cell(new_kernel):
    """Nobody knows which cell started it; surely not the one that runs when it logs."""
    kernel = new_kernel(load=False)
    kernel.run(f"{PREPARE}{ANEW}{STARTED['thread'][0]}")
    kernel.run("%load_ext nbtrack")
    kernel.run("%%track second\ngo.set()\nstarted.join()")
    own, second = kernel.runs()

    assert (second.info.run_name, second.data.metrics) == ("second", {})
    assert (own.data.metrics, own.info.status) == ({"late": 1.0}, "FINISHED")


def test_a_run_of_a_thread_that_outlives_its_cell_is_its_child(prepared: Kernel):
    """As in the cell itself."""
    prepared.run(
        f"%%track first\n{ANEW}def sweep():\n    go.wait()\n"
        "    with nbtrack.start_run(run_name='part'): nbtrack.log_metric('m', 1)\n"
        "started = threading.Thread(target=sweep); started.start()"
    )
    prepared.run("%%track second\ngo.set()\nstarted.join()")

    part, first = newest_as(prepared, "part"), newest_as(prepared, "first")
    assert part.data.tags["mlflow.parentRunId"] == first.info.run_id
    assert part.info.status == "FINISHED"


def test_a_model_trained_in_a_thread_is_of_the_cell_that_started_it(prepared: Kernel):
    """Autolog gives it there, with its params and what is measured later."""
    prepared.run(
        f"%%track first\n{ANEW}from sklearn.datasets import load_iris\n"
        "from sklearn.naive_bayes import GaussianNB\nX, y = load_iris(return_X_y=True)\n"
        "def fit():\n    go.wait()\n    GaussianNB(var_smoothing=0.5).fit(X, y)\n"
        "started = threading.Thread(target=fit); started.start()"
    )
    prepared.run("%%track second\ngo.set()\nstarted.join()")

    first, second = newest_as(prepared, "first"), newest_as(prepared, "second")
    assert first.data.params["var_smoothing"] == "0.5"
    assert "var_smoothing" not in second.data.params


def test_a_failing_thread_fails_the_run_it_opened(prepared: Kernel):
    """And not the one of the cell that started it."""
    prepared.run(
        "%%track first\ndef fail():\n    nbtrack.start_run(run_name='failing')\n    1 / 0\n"
        "started = threading.Thread(target=fail); started.start(); started.join()"
    )
    prepared.run(
        "%%track second\ndef fail_too():\n    nbtrack.start_run(run_name='failing too')\n"
        "    1 / 0\n"
        "started = pool.submit(fail_too); started.exception()"
    )
    found = {run.info.run_name: run.info.status for run in prepared.runs()[:4]}

    assert found == {
        "failing": "FAILED", "first": "FINISHED", "failing too": "FAILED", "second": "FINISHED",
    }  # fmt: skip


def test_a_traceback_of_a_job_is_the_users_own(prepared: Kernel):
    """From the pool's frame to the function's."""
    prepared.run("error = pool.submit(lambda: 1 / 0).exception()\nimport traceback")

    assert prepared.value("'nbtrack' in ''.join(traceback.format_exception(error))") == "False"


# --- widgets

WIDGETS = """
import ipywidgets
def clicked(_):
    nbtrack.log_metric("clicks", 1)
"""


def click(kernel: Kernel, widget: str):
    """As the page does it, between cells or while one awaits."""
    comm_id = kernel.value(f"{widget}.comm.comm_id").strip("'")
    data = {"method": "custom", "content": {"event": "click"}}
    message = kernel.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
    kernel.client.shell_channel.send(message)
    kernel.value("0")  # the kernel has answered what came before


@pytest.fixture(scope="module")
def with_widgets(prepared: Kernel) -> Kernel:
    prepared.run(WIDGETS + "%reload_ext nbtrack\nbutton = ipywidgets.Button()")
    return prepared


def test_a_click_logs_to_the_cell_that_asked_for_it(with_widgets: Kernel):
    """Not to the cell that made the button, nor to the one that ran last."""
    with_widgets.run("%%track asking\nbutton.on_click(clicked)")
    with_widgets.run("%%track later\npass")
    click(with_widgets, "button")
    with_widgets.run("button.on_click(clicked, remove=True)")
    click(with_widgets, "button")

    later, asking = with_widgets.runs()[:2]
    assert (asking.data.metrics, later.data.metrics) == ({"clicks": 1.0}, {})
    assert len(with_widgets.store.read_metrics(asking.info.run_id, "clicks")) == 1


def test_a_click_of_no_run_gets_one_of_its_own(with_widgets: Kernel):
    """Each click; and the next tracked cell is no child of it."""
    with_widgets.run("free = ipywidgets.Button()\nfree.on_click(clicked)")
    before = len(with_widgets.runs())
    click(with_widgets, "free")
    click(with_widgets, "free")
    with_widgets.run("%%track next\npass")

    following, *clicks = with_widgets.runs()[: len(with_widgets.runs()) - before]
    assert [run.data.metrics for run in clicks] == [{"clicks": 1.0}] * 2
    assert {run.info.status for run in clicks} == {"FINISHED"}
    assert following.data.tags.get("mlflow.parentRunId") is None


def test_an_observer_is_of_the_cell_that_observes(with_widgets: Kernel):
    """What the page changes; what a cell changes is that cell's."""
    with_widgets.run("slider = ipywidgets.IntSlider()")
    with_widgets.run("%%track observing\nslider.observe(clicked, 'value')")
    comm_id = with_widgets.value("slider.comm.comm_id").strip("'")
    data = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    message = with_widgets.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
    with_widgets.client.shell_channel.send(message)
    with_widgets.run("%%track moving\nslider.value = 8\nslider.unobserve(clicked, 'value')")
    with_widgets.run("%%track after\nslider.value = 9")
    after, moving, observing = with_widgets.runs()[:3]

    assert [len(run.data.metrics) for run in (observing, moving, after)] == [1, 1, 0]
    assert with_widgets.value("slider.value") == "9"


def test_nothing_is_left_when_the_extension_is_unloaded(new_kernel):
    """Threads, pools and widgets are as they were."""
    kernel = new_kernel()
    kernel.run(PREPARE + WIDGETS)
    kernel.run("%reload_ext nbtrack")
    kernel.run("%%track\npass")
    kernel.run("%unload_ext nbtrack")
    places = (
        "threading.Thread.start", "threading.excepthook", "ThreadPoolExecutor.submit",
        "ThreadPool.map", "ipywidgets.Widget.observe",
    )  # fmt: skip

    assert "nbtrack" not in kernel.value(f"[f.__code__.co_filename for f in ({places[0]},)]")
    left = kernel.value(f"[hasattr(f, '__wrapped__') for f in ({', '.join(places)})]")
    assert left == str([False] * 5)
