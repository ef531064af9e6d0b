"""What a new user runs on the first day: three data sets, each an experiment of its own.

Nothing here is shaped for a panel: runs are logged as people log them, with variables of their own.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.kernel import Kernel, Reply

CANCER_DATA = """\
import numpy as np
import nbtrack
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, random_state=2
)"""
LOGISTIC = """\
%%track logistic {name}
C = {C}
model = make_pipeline(StandardScaler(), LogisticRegression(C=C)).fit(X_train, y_train)
accuracy = accuracy_score(y_test, model.predict(X_test))"""
SUPPORT_VECTORS = """\
%%track SVC {name}
C = {C}
scaler = StandardScaler().fit(X_train)
model = SVC(C=C).fit(scaler.transform(X_train), y_train)
accuracy = accuracy_score(y_test, model.predict(scaler.transform(X_test)))"""
FOREST = """\
%%track {name} forest
max_depth = {max_depth}
model = RandomForestClassifier(20, max_depth=max_depth, random_state=0).fit(X_train, y_train)
nbtrack.log_metric("accuracy", accuracy_score(y_test, model.predict(X_test)))"""
BOOSTING = """\
%%track {name} boosting
learning_rate = {learning_rate}
model = HistGradientBoostingClassifier(learning_rate=learning_rate, max_iter=20)
model.fit(X_train, y_train)
accuracy = accuracy_score(y_test, model.predict(X_test))
f1 = f1_score(y_test, model.predict(X_test))"""
NEIGHBOURS = """\
%%track {name} neighbours
n_neighbors = {n_neighbors}
model = KNeighborsClassifier(n_neighbors).fit(X_train, y_train)
accuracy = accuracy_score(y_test, model.predict(X_test))"""
# It takes more than a second, after which it logs how far it is.
GRID_SEARCH = """\
%%track grid search
grid = {"learning_rate": [0.03, 0.1, 0.3, 1.0], "max_depth": [2, 4]}
model = GridSearchCV(HistGradientBoostingClassifier(max_iter=60), grid, cv=4)
model.fit(X_train, y_train)
accuracy = accuracy_score(y_test, model.predict(X_test))"""
BY_HAND = """\
%%track by hand
lr, epochs = 0.3, 200
A = (X_train - X_train.mean(0)) / X_train.std(0)
B = (X_test - X_train.mean(0)) / X_train.std(0)
w = np.zeros(A.shape[1])
for epoch in range(epochs):
    p = 1 / (1 + np.exp(-A @ w))
    w -= lr * A.T @ (p - y_train) / len(A)
    q = 1 / (1 + np.exp(-B @ w))
    nbtrack.log_metric("loss", -np.log(np.where(y_train == 1, p, 1 - p)).mean(), step=epoch)
    nbtrack.log_metric("val_loss", -np.log(np.where(y_test == 1, q, 1 - q)).mean(), step=epoch)
accuracy = accuracy_score(y_test, q > 0.5)"""
FAILING = """\
%%track with a typo
C = 100
model = SVC(C=C, kernel="linaer").fit(X_train, y_train)
accuracy = accuracy_score(y_test, model.predict(X_test))"""

DIABETES_DATA = """\
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Lasso, Ridge
from sklearn.metrics import r2_score, root_mean_squared_error

X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)"""
REGRESSION = """\
%%track {name}
{variable} = {value}
model = {model}
model.fit(X_train, y_train)
rmse = root_mean_squared_error(y_test, model.predict(X_test))
r2 = r2_score(y_test, model.predict(X_test))"""
RIDGE, LASSO = "Ridge(alpha=alpha)", "Lasso(alpha=alpha)"
TREES = "RandomForestRegressor(30, max_depth=max_depth, random_state=0)"

SWEEP = """\
rng = np.random.default_rng(0)
with nbtrack.start_run(run_name="sweep"):
    for n in range(300):
        lr, depth = round(10 ** rng.uniform(-4, 0), 5), int(rng.integers(2, 12))
        with nbtrack.start_run(nested=True):
            nbtrack.log_params({"lr": lr, "depth": depth})
            missed = abs(np.log10(lr) + 2) + abs(depth - 6) / 4
            nbtrack.log_metric("val_loss", 0.2 + 0.1 * missed + 0.02 * rng.random())"""

CELLS = {
    "cancer": [
        CANCER_DATA,
        LOGISTIC.format(name="small C", C=0.001),
        LOGISTIC.format(name="large C", C=0.1),
        SUPPORT_VECTORS.format(name="small C", C=0.05),
        SUPPORT_VECTORS.format(name="large C", C=10),
        FOREST.format(name="shallow", max_depth=2),
        FOREST.format(name="deep", max_depth=8),
        BOOSTING.format(name="slow", learning_rate=0.02),
        BOOSTING.format(name="fast", learning_rate=0.5),
        NEIGHBOURS.format(name="few", n_neighbors=3),
        NEIGHBOURS.format(name="many", n_neighbors=40),
        GRID_SEARCH,
        BY_HAND,
        FAILING,
    ],
    "diabetes": [
        DIABETES_DATA,
        *(
            REGRESSION.format(name=f"{kind} {n}", variable="alpha", value=alpha, model=model)
            for kind, model in (("ridge", RIDGE), ("lasso", LASSO))
            for n, alpha in enumerate((0.01, 0.1, 1.0), start=1)
        ),
        *(
            REGRESSION.format(name=f"forest {n}", variable="max_depth", value=depth, model=TREES)
            for n, depth in enumerate((2, 6), start=1)
        ),
    ],
    "sweep": [SWEEP],
}


def record_first_day(folder: Path) -> None:
    """The project of a user who ran all of CELLS, in the place where notebooks in *folder* look."""
    kernel = Kernel(folder, OMP_NUM_THREADS="1")
    try:
        for experiment, cells in CELLS.items():
            kernel.run(f"%experiment {experiment}")
            for source in cells:
                _as_expected(source, kernel.run(source))
    finally:
        kernel.shut_down()


def _as_expected(source: str, reply: Reply) -> None:
    assert reply.errors == (["InvalidParameterError"] if source is FAILING else []), reply.errors
