"""Reading pickles: what goes wrong is said with its cure."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from nbtrack.errors import ModelNotLoaded
from nbtrack.settings import allows_pickles

# What unpickling raises when a class is gone or was changed, or when bytes are missing.
_FAULTS = (
    pickle.UnpicklingError, ImportError, AttributeError, EOFError, IndexError, KeyError,
    MemoryError, TypeError, ValueError, RuntimeError,
)  # fmt: skip


def load_pickle(file: Path) -> Any:
    """Runs whatever is in *file*. Raises ModelNotLoaded."""
    if not allows_pickles():
        raise ModelNotLoaded(
            f"{str(file)!r} is a pickle, which MLFLOW_ALLOW_PICKLE_DESERIALIZATION forbids. Save "
            "the model as skops, or as code."
        )
    try:
        with open(file, "rb") as opened:
            return pickle.load(opened)  # the caller has checked the digest
    except ModuleNotFoundError as exc:
        raise ModelNotLoaded(
            f"{str(file)!r} needs the module {exc.name!r}, which is not here. Install what "
            "requirements.txt beside it lists; a module of your own goes with the model by "
            "code_paths= when it is logged."
        ) from exc
    except OSError as exc:
        raise ModelNotLoaded(f"{str(file)!r} cannot be read: {exc}.") from exc
    except _FAULTS as exc:
        raise ModelNotLoaded(
            f"{str(file)!r} cannot be unpickled: {type(exc).__name__}: {exc}. Classes change "
            "between versions: requirements.txt beside it lists those it was saved with."
        ) from exc
