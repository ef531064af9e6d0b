"""Examples of other projects as notebooks: scikit-learn's gallery of scripts, cut into cells, and
the notebooks of statsmodels."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeGuard

from IPython.core.inputtransformer2 import TransformerManager

_MARK = re.compile(r"# ?%%|#{20,}\s*$")
_FOREIGN = re.compile(
    r"fetch_|skimage|plotly|polars|seaborn|load_sample_image|__file__"
    r"|get_rdataset|pandas_datareader|webuse|pymc"
)
_ADDRESS = re.compile(r"https?://")
_PLAIN = TransformerManager()
_DIGEST = """__import__("joblib").hash([
    part for value in ({}) for part in (value, *(
        getattr(value, name, None) for name in ("params", "coef_", "feature_importances_")))
    if type(part).__name__ in ("int", "float", "float64", "str", "ndarray", "DataFrame", "Series")
])"""
_FITTING = frozenset(("fit", "fit_predict", "score", "cross_val_score", "cross_validate"))


def offline_notebooks(examples: Path) -> list[Path]:
    """Those of statsmodels, in the same way."""
    sources = ((p, "\n".join(cells_of(p))) for p in examples.glob("notebooks/*.ipynb"))
    return _shortest_first((path, text) for path, text in sources if not _ADDRESS.search(text))


def offline_scripts(examples: Path) -> list[Path]:
    """Those that need no download and no library beyond what the tests have, the shortest first."""
    return _shortest_first(
        (path, path.read_text(encoding="utf-8")) for path in examples.rglob("plot_*.py")
    )


def _shortest_first(sources: Iterable[tuple[Path, str]]) -> list[Path]:
    found = [(len(text), path) for path, text in sources if _FOREIGN.search(text) is None]
    return [path for _, path in sorted(found)]


def cells_of(script: Path) -> list[str]:
    """The cells of a notebook, or the blocks between a script's marks; not those that are comments
    only."""
    if script.suffix == ".ipynb":
        cells = json.loads(script.read_text(encoding="utf-8"))["cells"]
        code = ("".join(each["source"]) for each in cells if each["cell_type"] == "code")
        return [text for each in code if _has_code(text := each.strip("\n"))]
    blocks: list[list[str]] = [[]]
    for line in _without_docstring(script.read_text(encoding="utf-8")).splitlines():
        if _MARK.match(line):
            blocks.append([])
        else:
            blocks[-1].append(line)
    return [text for block in blocks if _has_code(text := "\n".join(block).strip("\n"))]


def tracked(cells: list[str]) -> list[str]:
    """With `%%track` over those that fit or score something at their top level or below."""
    return [f"%%track\n{cell}" if fits(cell) else cell for cell in cells]


def telling(cell: str) -> str:
    """A tracked cell that logs a digest of what it bound."""
    if not cell.startswith("%%track"):
        return cell
    return f'{cell}\n__import__("nbtrack").log_param("values", {digest_of_bound(cell)})'


def digest_of_bound(cell: str) -> str:
    """An expression: of numbers, texts, arrays and frames, and what models say of their
    parameters."""
    body = _parsed(cell.removeprefix("%%track")).body
    targets = (target for each in body if isinstance(each, ast.Assign) for target in each.targets)
    names = {n.id for target in targets for n in ast.walk(target) if _is_stored(n)}
    return _DIGEST.format("".join(f"{name}, " for name in sorted(names)))


def _is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def fits(cell: str) -> bool:
    """Or scores."""
    return any(name in _FITTING for name in _called(_parsed(cell)))


def _called(node: ast.AST) -> Iterator[str]:
    """Not in what is only defined."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
            yield name
    for child in ast.iter_child_nodes(node):
        yield from _called(child)


def _has_code(text: str) -> bool:
    return bool(_parsed(text).body)


def _parsed(text: str) -> ast.Module:
    """Magics as the calls that they are."""
    return ast.parse(_PLAIN.transform_cell(text))


def _without_docstring(text: str) -> str:
    tree = ast.parse(text)
    first = tree.body[0]
    if ast.get_docstring(tree) is None:
        return text
    return "\n".join(text.splitlines()[first.end_lineno :])
