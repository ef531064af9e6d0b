"""requirements.txt, python_env.yaml and conda.yaml: what to install to load the model elsewhere."""

from __future__ import annotations

import platform
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.mlmodel_file import yaml_text

REQUIREMENTS = "requirements.txt"
PYTHON_ENV = "python_env.yaml"
CONDA = "conda.yaml"


@lru_cache(maxsize=64)
def environment_files(requirements: tuple[str, ...]) -> Mapping[str, bytes]:
    return _files(requirements, conda_env_of(requirements))


def environment_files_of(conda_env: Mapping[str, Any] | str) -> Mapping[str, bytes]:
    """The same from a conda environment, a dict or the path of a file. Raises InvalidValue."""
    content = _read(conda_env) if isinstance(conda_env, str | Path) else conda_env
    if not isinstance(content, Mapping):
        raise InvalidValue(f"conda_env is a dict or the path of a YAML file, not {conda_env!r}.")
    dependencies = content.get("dependencies") or []
    pip = [each["pip"] for each in dependencies if isinstance(each, Mapping) and "pip" in each]
    return _files(tuple(line for lines in pip for line in lines), dict(content))


def _files(requirements: tuple[str, ...], conda: Mapping[str, Any]) -> Mapping[str, bytes]:
    python_env = {
        "python": platform.python_version(),
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": [f"-r {REQUIREMENTS}"],
    }
    texts = {
        REQUIREMENTS: "".join(f"{line}\n" for line in requirements),
        PYTHON_ENV: yaml_text(python_env),
        CONDA: yaml_text(conda),
    }
    return {name: text.encode() for name, text in texts.items()}


def conda_env_of(requirements: Collection[str]) -> dict[str, Any]:
    python = f"python={platform.python_version()}"
    return {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [python, "pip", {"pip": list(requirements)}],
    }


def _read(path: str | Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as exc:
        raise InvalidValue(f"conda_env: cannot read {str(path)!r}: {exc}.") from exc
