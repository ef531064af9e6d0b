"""What MLflow's environment variables do here, for those that are set; no value is shown."""

from __future__ import annotations

from nbtrack.cli.console import harmless
from nbtrack.display.text_table import aligned
from nbtrack.settings import (
    mlflows_variable_names,
    server_passed_over,
    unserved_by_us,
    working_folder,
)
from nbtrack.stores.opening import is_server

_SIGNING_IN = "who you are, for a server; NBTRACK_{} comes first"
_DONE = {
    "MLFLOW_TRACKING_URI": "where runs go, if neither NBTRACK_TRACKING_URI nor NBTRACK_DIR says it",
    "MLFLOW_EXPERIMENT_NAME": "the experiment of new runs, if NBTRACK_EXPERIMENT does not say it",
    "MLFLOW_EXPERIMENT_ID": "the experiment of new runs, by its id, if none is named",
    "MLFLOW_RUN_ID": "the first run goes on with this one",
    "MLFLOW_ACTIVE_MODEL_ID": "the logged model that is the active one",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "whether models may run what is in their pickles",
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "whether the machine is sampled while a run is open",
    "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL": "seconds between two samples of the machine",
    "MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING": "samples of the machine that make one point",
    "MLFLOW_SYSTEM_METRICS_NODE_ID": "what the samples of this machine are called",
    **{
        f"MLFLOW_TRACKING_{name}": _SIGNING_IN.format(name)
        for name in ("TOKEN", "USERNAME", "PASSWORD")
    },
}
_NOTHING = "nothing: nbtrack does not look at it"


def variables_told() -> list[str]:
    """Lines for `doctor`; none if none is set."""
    names = mlflows_variable_names()
    if not names:
        return []
    rows = [[f"  {harmless(name)}", _done(name)] for name in names]
    return ["MLflow's variables that are set, and what they do here", *aligned(rows)]


def _done(name: str) -> str:
    unserved = unserved_by_us() if name == "MLFLOW_TRACKING_URI" else None
    if unserved is not None and is_server(unserved):
        return "nothing: who you are is in the address; MLFLOW_TRACKING_TOKEN is for that"
    if unserved is not None:
        return "nothing: only MLflow opens such a place; NBTRACK_TRACKING_URI names another"
    if name == "MLFLOW_TRACKING_URI" and server_passed_over(working_folder()):
        return "nothing: a project is here already; NBTRACK_TRACKING_URI sends its runs there"
    return _DONE.get(name, _NOTHING)
