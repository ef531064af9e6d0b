"""What of MLflow is not in nbtrack, and what to use instead; and whom a mistyped name may mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from nbtrack.base.nearest import did_you_mean


class _Absent(NamedTuple):
    names: str  # patterns of whole names, with spaces between them
    instead: str


# The first that matches tells.
_ABSENT = [
    _Absent(
        "diffusers h2o johnsnowlabs paddle pmdarima prophet pyspark"
        " rfunc sentence_transformers spacy spark",
        "Log metrics in a callback of that library, its own file with log_artifact, and a model "
        "behind nbtrack.pyfunc.PythonModel with nbtrack.pyfunc.log_model.",
    ),
    _Absent(
        ".*(trace|span|assessment|feedback|expectation|issue|session).*"
        " ag2 agent agno anthropic autogen bedrock crewai dspy gateway gemini genai groq haystack"
        " langchain litellm llama_index mistral openai otel pydantic_ai semantic_kernel"
        " smolagents strands tracing txtai typesafe",
        "Calls of language models are not traced; what is measured of them goes into log_metric "
        "and log_table.",
    ),
    _Absent(
        ".*prompt.*", "A prompt is text: log_text keeps it with its run, log_param its version."
    ),
    _Absent(
        "metrics shap test",
        "nbtrack.evaluate measures classifiers and regressors; other numbers go into log_metrics, "
        "plots into log_figure.",
    ),
    _Absent("run projects", "`nbtrack run script.py` runs a script, and records it as a run."),
    _Absent("deployments azure", "`nbtrack models serve` answers as MLflow's scoring server does."),
    _Absent(
        ".*(workspace|webhook|mcp_).* login",
        "There is no server: nbtrack.set_tracking_uri() chooses a folder, and who may read it is "
        "up to the folder.",
    ),
    _Absent(
        ".*_datasets? .*_dataset_tags? .*_dataset_.*_experiments",
        "log_input records the data of a run, nbtrack.sql('select * from inputs') finds it.",
    ),
    _Absent(
        "context import_checkpoints protos store system_metrics utils",
        "It is of MLflow's inside, or of a service.",
    ),
]


def hint(name: str, known: Iterable[str]) -> str:
    """A sentence about the absent *name*, to put behind another; or nothing."""
    if name.startswith("_"):  # tools look for such names, and nobody reads why they are not there
        return ""
    for absent in _ABSENT:
        if any(re.fullmatch(pattern, name) for pattern in absent.names.split()):
            return f" mlflow.{name} is not in nbtrack. {absent.instead}"
    return did_you_mean(name, known)
