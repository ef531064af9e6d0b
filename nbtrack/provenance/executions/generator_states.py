"""States of random generators that nothing had seeded: kept, a cell that drew can be had again.

A state says where a sequence of random numbers goes on, and nothing of the user's data.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Container, Mapping
from typing import Any

from nbtrack.base.imported import imported

GENERATORS = ("random", "numpy", "torch")


def held_states() -> dict[str, Any]:
    """As the libraries give them, about 20 µs; of those that are imported."""
    found = dict(zip(GENERATORS, (_random(), _numpy(), _torch())))
    return {name: state for name, state in found.items() if state is not None}


def hash_of(name: str, state: Any) -> int:
    if name != "numpy":
        return hash(state)
    kind, keys, *rest = state
    return hash((kind, keys.tobytes(), *rest))


def text_of(name: str, state: Any) -> str:
    """JSON that `restore` understands, alike for alike states."""
    if name == "random":
        version, numbers, gauss = state
        return json.dumps([name, version, list(numbers), gauss])
    if name == "numpy":
        kind, keys, *rest = state
        return json.dumps([name, str(kind), [int(key) for key in keys], *map(float, rest)])
    return json.dumps([name, list(state)])


def restore(text: str) -> None:
    """Let a generator go on from where it was."""
    name, *state = json.loads(text)
    if name == "random":
        import random

        random.setstate((state[0], tuple(state[1]), state[2]))
    elif name == "numpy":
        import numpy as np

        kind, keys, position, has_gauss, gauss = state
        whole = np.array(keys, dtype=np.uint32), int(position), int(has_gauss), gauss
        np.random.set_state((kind, *whole))
    else:
        torch: Any = importlib.import_module("torch")
        torch.set_rng_state(torch.tensor(state[0], dtype=torch.uint8))


def restoring_code(text: str) -> str:
    """The same as one line that needs no nbtrack."""
    name, *state = json.loads(text)
    if name == "random":
        return f'__import__("random").setstate(({state[0]}, tuple({state[1]}), {state[2]}))'
    if name == "numpy":
        kind, keys, position, has_gauss, gauss = state
        whole = f"({kind!r}, {keys}, {int(position)}, {int(has_gauss)}, {gauss})"
        return f'__import__("numpy").random.set_state({whole})'
    torch = '__import__("torch")'
    return f"{torch}.set_rng_state({torch}.tensor({state[0]}, dtype={torch}.uint8))"


def texts_of(states: Mapping[str, Any], names: Container[str]) -> list[str]:
    return [text_of(name, state) for name, state in states.items() if name in names]


def _random() -> Any:
    get = imported("random", "getstate")
    return None if get is None else get()


def _numpy() -> Any:
    """The legacy generator's, if it is the one that is there unless somebody replaced it."""
    get = imported("numpy.random", "get_state")
    state = None if get is None else get(legacy=True)
    return state if isinstance(state, tuple) else None


def _torch() -> Any:
    get = imported("torch", "get_rng_state")
    return None if get is None else bytes(memoryview(get().numpy()))
