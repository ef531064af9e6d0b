"""What people do after a fit. `later_lesson.py mlflow|nbtrack folder` prints what was recorded."""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from pathlib import Path

library, folder = sys.argv[1:]
warnings.simplefilter("ignore")
lib = importlib.import_module(library)
flavor = importlib.import_module(f"{library}.sklearn")
lib.set_tracking_uri(f"sqlite:///{folder}/mlflow.db" if library == "mlflow" else f"{folder}/ours")
flavor.autolog(log_models=False, log_datasets=False, silent=True)

# MLflow records only what is imported after autolog().
from sklearn.datasets import load_iris  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import (  # noqa: E402
    accuracy_score,
    cohen_kappa_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    mean_squared_error,
    roc_auc_score,
)
from sklearn.model_selection import cross_val_score, train_test_split  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = make_pipeline(StandardScaler(), LogisticRegression())


def evaluate(estimator, data, labels, **options):
    return f1_score(labels, estimator.predict(data), **options)


with lib.start_run() as run:
    model.fit(X_train, y_train)
    y_pred = model.predict(X_test)
    accuracy_score(y_test, y_pred)
    accuracy_score(y_true=y_test, y_pred=y_pred, normalize=False)
    f1_score(y_test, y_pred, average="macro")
    f1_score(y_test, y_pred, average="micro")
    evaluate(model, X_train, y_train, average="weighted")
    evaluate(model, X_test, labels=y_test, average="weighted")
    probabilities = model.predict_proba(X_test)
    log_loss(y_test, probabilities)
    roc_auc_score(y_test, probabilities, multi_class="ovr")
    model.score(X_test, y_test)
    model.score(X_train, y_train)
    model.score(X=X_test, y=y_test)
    X_test = X_test.copy()
    accuracy_score(y_test, model.predict(X_test))
    model.score(X_test, y_test)
    mean_squared_error(y_test, y_pred)
    matthews_corrcoef(y_test, y_pred)
    cohen_kappa_score(y_pred, y_test)
    for X_part in (X_test[:10], X_test[10:]):
        accuracy_score(y_test[: len(X_part)], model.predict(X_part))
    y_first = model.predict(X_test[:20])
    accuracy_score(y_test[:20], y_first)
    cross_val_score(model, X, y, cv=2)

if library == "nbtrack":
    importlib.import_module("nbtrack.base.background").wait()
path = lib.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="metric_info.json")
metrics = lib.MlflowClient().get_run(run.info.run_id).data.metrics
sys.stdout.write(json.dumps({"metrics": metrics, "info": json.loads(Path(path).read_text())}))
