from __future__ import annotations

from pathlib import Path

import pytest

from nbtrack.cli.main import main


def bring(source: Path | str, to: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Of `nbtrack import mlflow`: its exit code, and all that it said."""
    to.mkdir(exist_ok=True)
    code = main(["import", "mlflow", str(source), "--to", str(to)])
    said = capsys.readouterr()
    return code, said.out + said.err
