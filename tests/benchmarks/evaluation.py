"""What `nbtrack.evaluate` costs, and MLflow's on the same model and rows: CPU seconds.

    python -m tests.benchmarks.evaluation [ROWS [CLASSES]]      (100000 10)

Each side is a process of its own and evaluates a few times; the cheapest but the first counts, as
other work on the machine makes any dearer. It is with the pictures, and with the model's own
predictions; no SHAP on either side.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

SIDE = """
import sys, time, warnings
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
warnings.simplefilter("ignore")
which, rows, classes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if which == "mlflow":
    import mlflow
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
else:
    import nbtrack as mlflow
rng = np.random.default_rng(0)
X = rng.normal(size=(rows, 10))
y = (X @ rng.normal(size=(10, classes)) + 2 * rng.gumbel(size=(rows, classes))).argmax(1)
model = LogisticRegression(max_iter=50).fit(X[:5000], y[:5000])
frame = pd.DataFrame(X, columns=[f"f{n}" for n in range(10)]).assign(y=y)
words = {"serialization_format": "cloudpickle"} if which == "mlflow" else {}
with mlflow.start_run():
    uri = mlflow.sklearn.log_model(model, name="m", **words).model_uri
    taken = []
    for _ in range(5):
        begin = time.process_time()
        found = mlflow.models.evaluate(
            uri, frame, targets="y", model_type="classifier",
            evaluator_config={"log_explainer": False},
        )
        taken.append(time.process_time() - begin)
print("took", min(taken[1:]), found.metrics["roc_auc"], len(found.artifacts))
"""


def side(which: str, rows: int, classes: int) -> tuple[float, float, int]:
    """CPU seconds, the area that both have to agree on, and how many artifacts there are."""
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.run(
            [sys.executable, "-c", SIDE, which, str(rows), str(classes)],
            cwd=folder, env={**os.environ, "NBTRACK_DIR": f"{folder}/.nbtrack"},
            check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    _, seconds, area, artifacts = said.stdout.splitlines()[-1].split()
    return float(seconds), float(area), int(artifacts)


def main(rows: int = 100_000, classes: int = 10) -> None:
    ours, theirs = side("nbtrack", rows, classes), side("mlflow", rows, classes)
    assert abs(ours[1] - theirs[1]) < 1e-9, (ours, theirs)
    facts = {
        "nbtrack_cpu_seconds": ours[0], "mlflow_cpu_seconds": theirs[0],
        "ratio": theirs[0] / ours[0], "artifacts": [ours[2], theirs[2]],
    }  # fmt: skip
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
