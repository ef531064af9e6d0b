"""What is said of generators that a cell makes for itself, and seeds with nothing."""

from __future__ import annotations

import pytest

from nbtrack.provenance.warnings.unseeded import unseeded_makers
from nbtrack.records.executions import Execution

# Cells are divided by lines of three hyphens.
DRAWN = {
    "in the cell": """
rng = np.random.default_rng()
X = rng.normal(size=9)
model.fit(X, y)
""",
    "by a chain": """
rng = np.random.default_rng()
---
Z = rng.normal(size=9)
---
X = Z + 1
---
model.fit(X, y)
""",
    "with none": """
rng = np.random.RandomState(None)
X = rng.rand(9)
model.fit(X, y)
""",
    "with none by keyword": """
rng = np.random.default_rng(seed=None)
X = rng.random(9)
model.fit(X, y)
""",
    "by its bare name": """
from numpy.random import default_rng
---
X = default_rng().random(9)
---
model.fit(X, y)
""",
    "by a function": """
def noise():
    return np.random.default_rng().random(9)
---
X = noise()
model.fit(X, y)
""",
    "by a class": """
class N:
    def __init__(self):
        self.rng = random.Random()
---
X = N().get()
model.fit(X, y)
""",
    "inside of another": """
rng = np.random.default_rng(np.random.SeedSequence())
X = rng.random(9)
---
model.fit(X, y)
""",
    "by an estimator": """
model = Forest(random_state=np.random.RandomState())
model.fit(X, y)
""",
    "in place": """
random.Random().shuffle(X)
---
model.fit(X, y)
""",
    "in a loop": """
rng = random.Random()
for _ in range(3):
    X.append(rng.random())
model.fit(X, y)
""",
    "for a metric": """
rng = random.Random()
---
accuracy = rng.random()
""",
    "logged": """
rng = random.Random()
---
nbtrack.log_metric('a', rng.random())
""",
    "in an earlier fit": """
model.fit(np.random.default_rng().random(9), y)
---
model.score(Z, y)
""",
}
NOT_DRAWN = {
    "seeded": """
rng = np.random.default_rng(0)
X = rng.random(9)
---
model.fit(X, y)
""",
    "by a name": """
rng = np.random.default_rng(seed)
X = rng.random(9)
---
model.fit(X, y)
""",
    "by keyword": """
rng = np.random.default_rng(seed=1)
X = rng.random(9)
---
model.fit(X, y)
""",
    "never used": """
rng = np.random.default_rng()
X = load()
---
model.fit(X, y)
""",
    "shown": """
rng = np.random.default_rng()
---
plt.scatter(rng.random(9), y)
model.fit(X, y)
""",
    "printed": """
model.fit(X, y)
jitter = random.Random().random()
print(jitter)
""",
    "made anew": """
rng = np.random.default_rng()
---
rng = np.random.default_rng(0)
X = rng.random(9)
---
model.fit(X, y)
""",
    "seeded later": """
rng = random.Random()
rng.seed(3)
X = [rng.random()]
---
model.fit(X, y)
""",
    "put where it was": """
rng = np.random.default_rng()
rng.bit_generator.state = known
X = rng.random()
---
model.fit(X, y)
""",
    "as a default": """
def f(n, rng=None):
    rng = rng or np.random.default_rng()
    return rng.random(n)
---
X = f(3, np.random.default_rng(0))
model.fit(X, y)
""",
    "as a default, in a branch": """
def f(n, rng=None):
    if rng is None:
        rng = np.random.default_rng()
    return rng.random(n)
---
X = f(3, known)
model.fit(X, y)
""",
    "if nothing seeds": """
if seed is None:
    rng = np.random.default_rng()
else:
    rng = np.random.default_rng(seed)
X = rng.random(9)
---
model.fit(X, y)
""",
    "a function's own name": """
rng = np.random.default_rng()
---
def f(rng):
    return rng.random(9)
---
X = f(known)
model.fit(X, y)
""",
    "the user's own class": """
class Random:
    pass
---
X = Random().rows
model.fit(X, y)
""",
    "a class of another library": """
from lottery import Random
---
X = Random().rows
model.fit(X, y)
""",
    "a name in a text": """
note = 'np.random.default_rng()'
---
model.fit(X, y)
""",
    "no Python": """
rng = np.random.default_rng(
---
model.fit(X, y)
""",
}


def made(text: str) -> str | None:
    """What is said of a run of the last of these cells."""
    cells = text.strip().split("\n---\n")
    needed = [
        Execution(kernel="k", number=number, source=code, execution_count=number + 1)
        for number, code in enumerate(cells)
    ]
    return unseeded_makers(needed, {code: code for code in cells}.get, {"accuracy"})


@pytest.mark.parametrize("case", DRAWN)
def test_what_a_generator_of_ones_own_drew_for_the_run_is_told(case: str) -> None:
    """From wherever it was made to what is fitted, scored or logged."""
    told = made(DRAWN[case])
    assert told is not None
    assert "makes it repeatable" in told


@pytest.mark.parametrize("case", NOT_DRAWN)
def test_nothing_is_said_where_it_is_seeded_or_not_used(case: str) -> None:
    """Nor where a branch decides."""
    assert made(NOT_DRAWN[case]) is None


def test_it_says_where_it_was_made_and_the_cure() -> None:
    """With the very call."""
    told = made(DRAWN["by a chain"])
    assert told is not None
    assert told.startswith("Random numbers of np.random.default_rng() were drawn in cell [1], ")
    assert "np.random.default_rng(0) makes it" in told
