"""A project of its own for each test, and small fitted models."""

from __future__ import annotations

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import nbtrack


@pytest.fixture(autouse=True)
def project(project):
    """For every test."""
    return project


@pytest.fixture(scope="session")
def iris():
    """(X, y) as a DataFrame and a Series."""
    return load_iris(return_X_y=True, as_frame=True)


@pytest.fixture(scope="session")
def classifier(iris):
    X, y = iris
    return LogisticRegression(max_iter=300).fit(X, y)


@pytest.fixture
def logged(classifier, iris):
    """The classifier, logged to a run of its own with a signature and an example."""
    X, _ = iris
    signature = nbtrack.models.infer_signature(X, classifier.predict(X))
    with nbtrack.start_run():
        return nbtrack.sklearn.log_model(
            classifier, name="model", signature=signature, input_example=X.head(3)
        )
