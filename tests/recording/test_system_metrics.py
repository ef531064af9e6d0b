"""The machine is sampled while a run is open, and hardly pays for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.errors import InvalidValue
from nbtrack.recording import system_metrics
from nbtrack.recording.gpus import Gpus
from nbtrack.recording.machine_samples import THREAD_NAME, Following, _sampler
from nbtrack.records.origins import Origin, origins_of
from nbtrack.records.runs import Metric

pytest.importorskip("psutil")


def _words(text: str) -> list[str]:
    return text.split()


CPU, MEMORY = "system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"
ALL = {
    f"system/{name}"
    for name in _words("""
    cpu_utilization_percentage system_memory_usage_megabytes system_memory_usage_percentage
    disk_usage_percentage disk_usage_megabytes disk_available_megabytes
    network_receive_megabytes network_transmit_megabytes
    """)
}


@pytest.fixture(autouse=True)
def _said_by_nobody(project: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if "SYSTEM_METRICS" in name]:
            patched.delenv(name)
        yield
        for name in [name for name in os.environ if "SYSTEM_METRICS" in name]:
            del os.environ[name]


def sampled(run_id: str) -> dict[str, float]:
    metrics = nbtrack.get_run(run_id).data.metrics
    return {key: value for key, value in metrics.items() if key.startswith("system/")}


def points(run_id: str, key: str = MEMORY) -> list[Metric]:
    return nbtrack.MlflowClient().get_metric_history(run_id, key)


def wait_until(is_true: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_run_shorter_than_the_interval_has_a_sample() -> None:
    """Taken when it ends, of all its time."""
    with nbtrack.start_run(log_system_metrics=True) as run:
        time.sleep(0.1)

    assert sampled(run.run_id).keys() == ALL
    assert 0 <= sampled(run.run_id)[CPU] <= 100
    assert [point.step for point in points(run.run_id)] == [0]


def test_the_first_sample_comes_in_the_first_second() -> None:
    """Long before the interval is over; the last one when the run ends."""
    with nbtrack.start_run(log_system_metrics=True) as run:
        wait_until(lambda: points(run.run_id))
    first, last = points(run.run_id)

    assert first.timestamp - run.info.start_time < 1000 + last.timestamp - first.timestamp
    assert (first.step, last.step) == (0, 1)


def test_it_is_switched_as_in_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a call, by one run's own wish, or by MLflow's variables, which say how, too."""
    nbtrack.enable_system_metrics_logging()
    with nbtrack.start_run() as switched, nbtrack.start_run(nested=True, log_system_metrics=False):
        pass
    nbtrack.disable_system_metrics_logging()
    with nbtrack.start_run() as not_switched:
        pass
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "true")
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_NODE_ID", "n1")
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "seldom")
    with nbtrack.start_run() as by_variable:
        pass

    assert sampled(switched.run_id)
    assert not sampled(not_switched.run_id)
    assert {key.split("/")[1] for key in sampled(by_variable.run_id)} == {"n1"}
    assert len(nbtrack.search_runs(filter_string=f"metrics.`{MEMORY}` > 0")) == 1


def test_several_samples_become_one_point() -> None:
    """Their mean; a last one that is alone is a point all the same."""
    nbtrack.set_system_metrics_sampling_interval(0.01)
    nbtrack.set_system_metrics_samples_before_logging(10_000)
    with nbtrack.start_run(log_system_metrics=True) as run:
        time.sleep(0.5)

    assert len(points(run.run_id)) == 1


def test_a_resumed_run_goes_on_counting() -> None:
    """So that no step is there twice."""
    with nbtrack.start_run(log_system_metrics=True) as run:
        pass
    with nbtrack.start_run(run.run_id, log_system_metrics=True):
        wait_until(lambda: len(points(run.run_id)) > 1)

    assert [point.step for point in points(run.run_id)] == [0, 1, 2]


def test_two_runs_at_once_are_both_sampled() -> None:
    """Each from its own beginning to its own end, and by one thread."""
    nbtrack.enable_system_metrics_logging()
    with nbtrack.start_run() as outer:
        with nbtrack.start_run(nested=True) as inner:
            wait_until(lambda: points(outer.run_id) and points(inner.run_id))
            threads = [each.name for each in threading.enumerate()]
        assert len(points(inner.run_id)) == 2
        assert len(points(outer.run_id)) == 1
    assert threads.count(THREAD_NAME) == 1


def test_a_run_that_is_entered_twice_is_sampled_once() -> None:
    """And until it has really ended."""
    nbtrack.enable_system_metrics_logging()
    with nbtrack.start_run() as run, nbtrack.start_run(run.run_id, nested=True):
        pass

    assert len(points(run.run_id)) == 1


def test_a_run_may_be_ended_by_another_thread() -> None:
    """Its last sample is taken there."""
    run = nbtrack.start_run(log_system_metrics=True)
    ending = threading.Thread(target=run.end)
    ending.start()
    ending.join()

    assert len(points(run.run_id)) == 1


def test_a_deleted_run_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    """Without a word."""
    nbtrack.set_system_metrics_sampling_interval(0.01)
    with nbtrack.start_run(log_system_metrics=True) as run:
        nbtrack.delete_run(run.run_id)
        time.sleep(0.5)

    assert not caplog.messages


def test_a_run_that_is_deleted_as_it_is_sampled() -> None:
    """By another thread: after the sampler has asked, and before it writes."""
    with nbtrack.start_run() as run:
        of_run = Following(run, system_metrics.chosen())
        nbtrack.delete_run(run.run_id)
        of_run.look(None)
        of_run.finish(None)
        nbtrack.MlflowClient().restore_run(run.run_id)

    assert not points(run.run_id)


def test_the_thread_lets_no_run_go_before_its_last_sample() -> None:
    """As the run ends it is not open any more, and its points still wait."""
    nbtrack.set_system_metrics_sampling_interval(60)
    with nbtrack.start_run(log_system_metrics=True) as run:
        run.at_end.insert(0, _sampler._next_due)

    assert points(run.run_id)


def test_a_forked_child_samples_nothing_of_its_parents_runs() -> None:
    """But its own, by a thread of its own."""
    nbtrack.enable_system_metrics_logging()
    with nbtrack.start_run() as run:
        wait_until(lambda: points(run.run_id))
        child = os.fork()
        if child == 0:
            with nbtrack.start_run(nested=True) as own:
                pass
            os._exit(0 if points(own.run_id) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(points(run.run_id)) == 1
    assert len(points(run.run_id)) == 2


SCRIPT = """
import time
import nbtrack
nbtrack.enable_system_metrics_logging()
nbtrack.set_system_metrics_sampling_interval(0.05)
{} = nbtrack.start_run()
time.sleep(0.4)
print(run.run_id)
"""


def ran(script: str, project: Path) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "NBTRACK_DIR": str(project)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout.strip(), done.stderr.strip()


def test_at_the_end_of_a_process(project: Path) -> None:
    """A run that is open then has its last sample, and nothing hangs or is said."""
    run_id, said = ran(SCRIPT.format("run"), project)

    assert said == ""
    assert len(points(run_id)) >= 2
    assert nbtrack.get_run(run_id).info.status == "FINISHED"


def test_without_psutil(project: Path) -> None:
    """Whoever asks in code is told at once; a variable that asks ends no training."""
    run = "import sys\nsys.modules['psutil'] = None\nimport nbtrack\n{}\nprint('goes on')"
    asked = run.format("nbtrack.enable_system_metrics_logging()")
    by_variable = "import os\nos.environ['MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING'] = '1'\n"
    by_variable += run.format("with nbtrack.start_run(): pass")

    assert "pip install 'nbtrack[system]'" in ran(asked, project)[1]
    out, said = ran(by_variable, project)
    assert out == "goes on"
    assert said.count("pip install 'nbtrack[system]'") == 1


def test_it_mostly_rests_however_short_the_interval() -> None:
    """Four hundred times as long as a sample has taken: two thousand of them would be due here."""
    nbtrack.set_system_metrics_sampling_interval(0.001)
    with nbtrack.start_run(log_system_metrics=True) as run:
        wait_until(lambda: points(run.run_id))
        time.sleep(2)

    assert 2 <= len(points(run.run_id)) < 200


def test_they_are_bookkeeping() -> None:
    """Where metrics are shown, those of the machine come last or not at all."""
    with nbtrack.start_run(log_system_metrics=True) as run:
        nbtrack.log_metric("accuracy", 0.9)
        time.sleep(0.1)  # some ticks of the clock that counts the processors' time

    told = origins_of(nbtrack.get_run(run.run_id).data.tags).metrics
    assert told == dict.fromkeys(ALL, Origin.BOOKKEEPING)
    assert "accuracy" in (table := repr(nbtrack.runs()))
    assert "system" not in table


class NvmlError(Exception):
    pass


class Nvml:
    """Two cards, as `nvidia-ml-py` tells of them; the second one knows nothing of its power."""

    NVMLError = NvmlError

    def nvmlInit(self) -> None: ...

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return type("Memory", (), {"used": 4e6, "total": 16e6})

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        return type("Rates", (), {"gpu": 37})

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:
        if handle:
            raise NvmlError
        return 75_000

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: int) -> int:
        return 300_000


def test_graphics_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a card does not tell is left out."""
    monkeypatch.setitem(sys.modules, "pynvml", Nvml())  # type: ignore[arg-type]  # a module's place

    assert Gpus().sample() == {
        "gpu_0_memory_usage_percentage": 25,
        "gpu_0_memory_usage_megabytes": 4,
        "gpu_0_utilization_percentage": 37,
        "gpu_0_power_usage_watts": 75,
        "gpu_0_power_usage_percentage": 25,
        "gpu_1_memory_usage_percentage": 25,
        "gpu_1_memory_usage_megabytes": 4,
        "gpu_1_utilization_percentage": 37,
    }


def test_the_real_library_has_what_is_asked_of_it() -> None:
    """And a machine without the driver has no cards, without a word."""
    real = pytest.importorskip("pynvml")

    assert all(hasattr(real, name) for name in dir(Nvml) if name.startswith("nvml"))
    assert issubclass(real.NVMLError, Exception)
    assert isinstance(Gpus().sample(), dict)


def test_without_the_library_there_are_no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is said."""
    monkeypatch.setitem(sys.modules, "pynvml", None)  # type: ignore[arg-type]  # it cannot be imported

    assert Gpus().sample() == {}


@pytest.mark.parametrize("wrong", [0, -1, "often"])
def test_an_interval_that_is_none_is_refused(wrong: Any) -> None:
    """Where it is said, not in every run."""
    with pytest.raises(InvalidValue, match="interval"):
        nbtrack.set_system_metrics_sampling_interval(wrong)
    with pytest.raises(InvalidValue, match="samples"):
        nbtrack.set_system_metrics_samples_before_logging(wrong)
