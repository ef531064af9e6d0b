"""The fits of a cell are called after what they differ in."""

from __future__ import annotations

import pytest

from nbtrack.cells.fit_names import telling_names
from nbtrack.records.origins import Origin, Origins, all_of
from nbtrack.records.traces import RunTrace
from tests.support.kernel import Kernel


def fit(text: str, *, name: str | None = None, **params: str) -> RunTrace:
    origins = Origins(params=all_of(params, Origin.DEFAULT))
    return RunTrace(name=name or text, fit=text, explicit_params=params, origins=origins)


def names(*fits: RunTrace) -> list[str | None]:
    children = {str(place): each for place, each in enumerate(fits)}
    found = telling_names(children)
    return [found.get(place, each.name) for place, each in children.items()]


def test_the_default_of_what_was_swept():
    """Is told like the other values; what is the same for all is not."""
    one = fit("SVC kernel=linear", C="1.0", kernel="linear")
    other = fit("SVC C=5 kernel=linear", C="5", kernel="linear")

    assert names(one, other) == ["SVC C=1.0", "SVC C=5"]


def test_each_kind_for_itself():
    """What another kind has is no difference; one that is alone keeps its name."""
    nets = [fit(f"MLP width={n}", width=n, depth="2") for n in ("3", "4")]
    tree = fit("Tree depth=9", depth="9")

    assert names(*nets, tree) == ["MLP width=3", "MLP width=4", "Tree depth=9"]


def test_of_a_pipeline():
    """The step is in the name already."""
    fits = [fit(f"Pipeline: SVC{c}", svc__C=c or "1.0") for c in ("", " C=5")]
    fits[1].explicit_params["svc__C"] = "5"

    assert names(*fits) == ["Pipeline: SVC C=1.0", "Pipeline: SVC C=5"]


@pytest.mark.parametrize("key", ["random_state", "n_jobs"])
def test_what_is_never_told(key: str):
    """Then nothing better is known than what they were called."""
    fits = [fit("Tree depth=9", **{"depth": "9", key: value}) for value in "12"]

    assert names(*fits) == ["Tree depth=9"] * 2


def test_a_name_that_somebody_gave():
    """Stays."""
    mine, other = fit("SVC", name="mine", C="1"), fit("SVC C=2", C="2")

    assert names(mine, other) == ["mine", "SVC C=2"]


def test_in_a_cell(kernel: Kernel):
    """In the store, and in the card."""
    kernel.run(
        "from sklearn.datasets import load_iris\nfrom sklearn.svm import SVC\n"
        "X, y = load_iris(return_X_y=True)"
    )
    card = kernel.run("%%track sweep\nfor C in (1.0, 5): SVC(C=C, kernel='linear').fit(X, y)").card

    assert {"SVC C=1.0", "SVC C=5"} < {run.info.run_name for run in kernel.runs()}
    assert ("SVC C=1.0" in card, "SVC C=5" in card, "linear" in card) == (True, True, False)
