"""`%runs` of other experiments, its completion and its errors, in a real kernel."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel


@pytest.fixture(scope="module")
def two(kernel: Kernel) -> Kernel:
    """The kernel, with one run in churn and one in fraud, which is the active experiment."""
    for experiment in ("churn", "fraud"):
        kernel.run(f"%experiment {experiment}")
        kernel.run(f"%%track of_{experiment}\n{{'f1': 0.5}}")
    kernel.store.fold()
    return kernel


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("", ["fraud"]),
        ("-e churn", ["churn"]),
        ("-e churn --experiment fraud", ["churn", "fraud"]),
        ("--all", ["churn", "fraud"]),
        ('"metrics.f1 > 0.4" --all', ["churn", "fraud"]),
        ("metrics.f1 > 0.6 --all", []),
    ],
)
def test_runs_of_other_experiments(two: Kernel, line: str, shown: list[str]):
    """One by name, several, or all; the filter may stand in quotes, as in a shell."""
    reply = two.run(f"%runs {line}")

    assert [name for name in ("churn", "fraud") if f"of_{name}" in reply.table] == shown


def test_an_unknown_experiment(two: Kernel):
    """An error without a traceback, with the names that there are."""
    reply = two.run("%runs -e chrun")

    assert (reply.status, reply.errors) == ("error", [])
    assert "There are Default, churn, fraud." in reply.stderr


@pytest.mark.parametrize(
    ("line", "matches"),
    [
        ("%runs --al", ["--all"]),
        ("%runs -e ch", ["churn"]),
        ("%runs metrics.f", ["metrics.f1"]),
        ("%experiment fr", ["fraud"]),
    ],
)
def test_completion(two: Kernel, line: str, matches: list[str]):
    """Flags, experiments and keys, as on a %track line."""
    assert two.completed(line) == matches


def test_a_file_where_the_project_should_be(new_kernel):
    """One of our errors, with the cure, instead of the system's."""
    kernel = new_kernel()
    kernel.project.write_text("")

    reply = kernel.run("%runs")

    assert (reply.status, reply.errors) == ("error", [])
    assert f"{kernel.project} is a file" in reply.stderr
    assert "Move the file away" in reply.stderr
