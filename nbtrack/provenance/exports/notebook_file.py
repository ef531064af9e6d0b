"""A slice as a notebook: a head, then the cells as they were typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from nbtrack.provenance.executions.generator_states import restoring_code
from nbtrack.provenance.exports.account import Account
from nbtrack.provenance.exports.pins import pins_of
from nbtrack.provenance.upstream import Step, Upstream

_LOAD = "%load_ext nbtrack"


def notebook_of(upstream: Upstream, account: Account) -> str:
    """`%%track` lines stay, so that it records again wherever nbtrack is installed."""
    python = str(upstream.environment.get("python_version", ""))
    cells = [_markdown(_head(upstream, account), "head"), _code(_LOAD, "load")]
    cells += [
        cell for step in upstream.steps if step.source.strip() != _LOAD for cell in _cells(step)
    ]
    content = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": python},
            "nbtrack": {"run_id": upstream.asked.info.run_id},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"


def _head(upstream: Upstream, account: Account) -> str:
    """Indented blocks: what comes from runs is shown as it is, and never as markup."""
    parts = [f"# {_plain(account.title)}"]
    sections = [*account.sections, ("Packages, as recorded", pins_of(upstream))]
    for title, lines in sections:
        if lines:
            parts += [f"**{title}**", "\n".join(f"    {line}" for line in lines)]
    return "\n\n".join(parts)


def _plain(text: str) -> str:
    return "".join(f"\\{each}" if each in "\\`*_{}[]<>()#+!|&$~" else each for each in text)


def _cells(step: Step) -> Iterator[dict[str, Any]]:
    if step.generators:
        states = "\n".join(map(restoring_code, step.generators))
        text = f"# What the random numbers of the next cell began with:\n{states}"
        yield _code(text, f"states-{step.execution.number}")
    yield _code(step.source, f"cell-{step.execution.number}")


def _code(source: str, cell_id: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"execution_count": None, "outputs": []}
    return {"cell_type": "code", "id": cell_id, "metadata": {}, **facts, "source": source}


def _markdown(source: str, cell_id: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source}
