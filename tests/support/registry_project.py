"""A project with a registered model, for tests of what the registry's panel asks and shows."""

from __future__ import annotations

from typing import Any

import nbtrack
from nbtrack.recording.session import current_session


def become(user: str, monkeypatch: Any) -> None:
    """What follows is done by *user*."""
    monkeypatch.setenv("NBTRACK_USER", user)
    current_session().renew_settings()


class Doubler(nbtrack.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any) -> Any:
        return model_input


def trained(name: str, *, params: dict[str, Any] | None = None, **metrics: float) -> str:
    """The URI of a model of a run of that name."""
    with nbtrack.start_run(run_name=name):
        nbtrack.log_metrics(metrics)
        nbtrack.log_params(params or {})
        return str(nbtrack.pyfunc.log_model(name="model", python_model=Doubler()).model_uri)


def register(model: str, name: str, **metrics: float) -> str:
    """The new version of *model*, of a run called *name*."""
    return str(nbtrack.register_model(trained(name, **metrics), model).version)
