"""Hidden states of the process that change what a cell computes: generators, options, folder.

Each is probed by a digest, before and after a cell; together about 0.2 ms. Libraries that are not
imported have none.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from nbtrack.base.imported import imported
from nbtrack.provenance.executions.generator_states import GENERATORS, hash_of, held_states
from nbtrack.provenance.executions.parts import hashed
from nbtrack.provenance.executions.safe_access import is_a, module_of

# They draw from Python's generator as they are imported, as many others import them.
_DRAWING = ("rich.style",)
_drawn: set[str] = set()
# What projects, and Keras and transformers, call their functions that seed: whichever generators
# moved, or were not there before, they seeded.
SEEDING_ALL = frozenset(
    {"set_seed", "fix_seed", "seed_all", "seed_everything"}
    | {"set_random_seed", "enable_full_determinism"}
)
SEEDING = SEEDING_ALL | {
    *("seed", "manual_seed", "manual_seed_all", "set_state", "setstate", "set_rng_state"),
}
ENVIRONMENT, FOLDER, PATH = "environment", "folder", "sys.path"
PANDAS, SKLEARN, ERRSTATE, PRINTING, DRAWING, DECIMAL = (
    "pandas options",
    "sklearn config",
    "numpy errors",
    "numpy printing",
    "matplotlib options",
    "decimal context",
)
RECURSION, WARNINGS = "recursion limit", "warnings that raise"
PATCHED = "patches of "  # and the top-level name of a library
# Variables that we, and libraries on import, set for child processes.
_NOT_USERS = ("NBTRACK_", "MLFLOW_", "KMP_", "JPY_", "COLUMNS", "LINES")
# Whose results a state changes, by the names of libraries.
READERS = {
    PANDAS: {"pandas"},
    SKLEARN: {"sklearn"},
    ERRSTATE: {"numpy"},
    PRINTING: {"numpy"},
    DRAWING: {"matplotlib"},
    DECIMAL: {"decimal"},
}
# Settled when something is drawn first, and by the front end.
_OF_BACKENDS = frozenset({"backend", "backend_fallback", "interactive"})


def probed(held: Mapping[str, Any] | None = None) -> dict[str, int]:
    """*held*: states of generators, where they have just been read."""
    held = held_states() if held is None else held
    found = {name: hash_of(name, state) for name, state in held.items()}
    for name, probe in _PROBES.items():
        state = probe()
        if state is not None:
            found[name] = hash(state)
    return found


def changed(before: Mapping[str, int], after: Mapping[str, int]) -> set[str]:
    """What is told for the first time, because its library was just imported, has not changed."""
    return {name for name, state in after.items() if before.get(name, state) != state}


def generator_of(dotted: str, module: object) -> set[str]:
    """Which generators a call such as `np.random.seed` seeds; *module* is what its root is."""
    name = getattr(module, "__name__", "") if type(module) is type(sys) else ""
    written = f"{name}.{dotted}"
    if "seed_everything" in dotted:
        return set(GENERATORS)
    if "torch" in written or "manual_seed" in dotted:
        return {"torch"}
    if name.startswith("numpy") or dotted.startswith(("np.", "numpy.")):
        return {"numpy"}
    return {"random"} if name == "random" or dotted.startswith("random.") else set()


def is_freshly_seeded() -> bool:
    """Whether numpy's generator stands where `seed(int)` puts it.

    That fills its key by init_genrand of Matsumoto and Nishimura's MT19937 (2002); a key that
    comes of drawing does not look like that.
    """
    get_state = imported("numpy.random", "get_state")
    if get_state is None:
        return False
    name, keys, place, *_ = get_state()
    first = keys[:4].tolist()
    filled = [(1812433253 * (k ^ (k >> 30)) + n) & 0xFFFFFFFF for n, k in enumerate(first[:3], 1)]
    return bool(name == "MT19937" and place == len(keys) and filled == first[1:])


def _pandas() -> object:
    options = imported("pandas._config.config", "_global_config")
    return None if options is None else _of_options(options)


def _sklearn() -> object:
    get_config = imported("sklearn", "get_config")
    return None if get_config is None else _of_options(get_config())


def _errors() -> object:
    geterr = imported("numpy", "geterr")
    return None if geterr is None else tuple(geterr().values())


def _printing() -> object:
    options = imported("numpy", "get_printoptions")
    return None if options is None else _of_options(options())


def _drawing() -> object:
    options = imported("matplotlib", "rcParams")
    if options is None:
        return None
    return hashed(v for name, v in dict.items(options) if name not in _OF_BACKENDS)


def _decimal() -> object:
    """Without its flags, which what is computed raises."""
    context = imported("decimal", "getcontext")
    if context is None:
        return None
    now = context()
    return now.prec, now.rounding, now.Emin, now.Emax, now.capitals, now.clamp


def _warnings() -> object:
    """Their filters, if one makes errors of them: else they change no more than what is shown."""
    filters = warnings.filters
    raises = any(each[0] == "error" and not _is_of_completion(each[2]) for each in filters)
    return hashed(part for each in filters for part in each) if raises else ()


def _is_of_completion(category: object) -> bool:
    """IPython makes errors of warnings of its own, in every kernel."""
    return is_a(category, type) and module_of(category).startswith("IPython.")  # type: ignore[arg-type] # a class


def _of_options(options: dict[str, Any]) -> int:
    """Functions of the user may be among them, whose `repr` is theirs."""
    values = [_of_options(v) if type(v) is dict else v for v in options.values()]
    return hashed([*options, *values])


def _environment() -> object:
    return frozenset(pair for pair in os.environ.items() if not pair[0].startswith(_NOT_USERS))


def _folder() -> object:
    try:
        return os.getcwd()
    except OSError:
        return "gone"


def _path() -> object:
    return tuple(each for each in sys.path if type(each) is str)


_PROBES: dict[str, Callable[[], object]] = {
    PANDAS: _pandas,
    SKLEARN: _sklearn,
    ERRSTATE: _errors,
    PRINTING: _printing,
    DRAWING: _drawing,
    DECIMAL: _decimal,
    RECURSION: sys.getrecursionlimit,
    WARNINGS: _warnings,
    ENVIRONMENT: _environment,
    FOLDER: _folder,
    PATH: _path,
}


def was_drawing_imported() -> bool:
    """Whether one of `_DRAWING` was imported since somebody asked."""
    new = {name for name in _DRAWING if imported(name, "__name__")} - _drawn
    _drawn.update(new)
    return bool(new)
