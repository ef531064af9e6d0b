"""Executing a notebook from first to last cell, in a kernel of this very interpreter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import NbtrackError

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

_MAY_FAIL = "raises-exception"  # the cell tag that says that an error is wanted
_CELL_SECONDS = 300


class NotebookFailed(NbtrackError):
    """A cell failed that should not have, or did not fail that should have."""


def run_notebook(notebook: Path, *, project: Path) -> None:
    """Execute *notebook* in place, recording into the folder *project*.

    Writes the outputs in any case. Raises NotebookFailed, naming the cell and its error, also
    when a cell tagged `raises-exception` does not raise.
    """
    import nbformat

    untyped: Any = nbformat
    content = untyped.read(notebook, as_version=4)
    try:
        _execute(content, notebook, environment=_environment(notebook, project))
    finally:
        untyped.write(content, notebook)
    for number, cell in enumerate(_code_cells(content), start=1):
        if _MAY_FAIL in cell.metadata.get("tags", []) and not _has_error(cell):
            raise NotebookFailed(f"{notebook}: cell {number} should have failed, and did not.")


def kernel_manager() -> AsyncKernelManager:
    """Starts kernels with this process's Python, whatever kernels are registered on the machine."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    # Where no folder has a spec, "python3" is the one that ipykernel makes for sys.executable.
    return AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
    )


def _environment(notebook: Path, project: Path) -> dict[str, str]:
    """The caller's own environment, with nbtrack's settings replaced."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NBTRACK_")}
    return {**kept, "NBTRACK_DIR": str(project), "NBTRACK_NOTEBOOK": str(notebook)}


def _execute(content: Any, notebook: Path, *, environment: dict[str, str]) -> None:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from tqdm import tqdm

    begun: list[int] = []
    # disable=None: no bar where there is no terminal to draw it on.
    with tqdm(total=len(_code_cells(content)), unit="cell", disable=None, leave=False) as bar:
        client = NotebookClient(
            content,
            km=kernel_manager(),
            timeout=_CELL_SECONDS,
            resources={"metadata": {"path": str(notebook.parent)}},
            extra_arguments=["--log-level=ERROR"],  # the kernel's own remarks are not about us
            on_cell_execute=lambda cell_index, **_: begun.append(cell_index),
            on_cell_executed=lambda **_: bar.update(),
        )
        try:
            client.execute(env=environment, cleanup_kc=True)
        except (CellExecutionError, DeadKernelError) as exc:
            raise NotebookFailed(f"{notebook}: cell {len(begun)} failed.\n{exc}") from exc


def _code_cells(content: Any) -> list[Any]:
    return [cell for cell in content.cells if cell.cell_type == "code"]


def _has_error(cell: Any) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)
