"""Metrics after the fit have the keys and values that MLflow gives them, on the same code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mlflow")

LESSON = Path(__file__).with_name("later_lesson.py")


def recorded(library, folder):
    """The metrics and metric_info.json that *library* has after the lesson."""
    command = [sys.executable, str(LESSON), library, str(folder)]
    # MLflow tells its children which experiment is active: what an earlier test set, not this one.
    names = {name: text for name, text in os.environ.items() if not name.startswith("MLFLOW_")}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=names, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return {key: found["metrics"][key] for key in found["info"]}, found["info"]


@pytest.mark.slow
def test_keys_values_and_calls_are_mlflows(tmp_path):
    """But for what MLflow calls unknown_dataset, and the source of arguments it cannot name."""
    theirs, their_calls = recorded("mlflow", tmp_path)
    ours, our_calls = recorded("nbtrack", tmp_path)
    named = {key.replace("_X_test_:20", "_unknown_dataset"): value for key, value in ours.items()}

    assert named == pytest.approx(theirs)
    assert len(theirs) == 19
    same = {key for key, text in their_calls.items() if "<ndarray>" not in text}
    assert {key: our_calls[key] for key in same} == {key: their_calls[key] for key in same}
