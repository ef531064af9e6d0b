"""*unseeded*: random numbers were drawn for a run, and nothing had seeded the generator.

Estimators of scikit-learn with `random_state=None` draw from numpy's generator, so they are among
those. Some draw a seed and never use it: `harmless_fits` knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from nbtrack.provenance.warnings.drawing import draws_itself, draws_values
from nbtrack.provenance.warnings.own_generators import made_unseeded
from nbtrack.records.executions import Execution

_CURES = {
    "numpy": "numpy.random.seed(0) at the top, or random_state=0 where it is taken,",
    "random": "random.seed(0) at the top",
    "torch": "torch.manual_seed(0) at the top",
}


def unseeded(
    needed: Sequence[Execution],
    code_of: Callable[[str], str | None],
    *,
    harmless: Iterable[str] = (),
    harmless_before: Mapping[str, Collection[str]] = {},
) -> str | None:
    """*needed* is the slice of a run; its own draws of *harmless* generators do not count, nor
    those of earlier cells for what is only shown, nor *harmless_before*, by their sources.
    *code_of*: see `stale`."""
    *before, target = needed
    drawn = {
        name: each
        for each in before
        for name in each.unseeded
        if name not in harmless_before.get(each.source, ())
        and draws_values(code_of(each.source), _read_later(each, needed), name)
    }
    drawn |= {
        name: target
        for name in target.unseeded
        if name not in harmless and draws_itself(code_of(target.source), name)
    }
    if not drawn:
        return None
    name, where = next(iter(drawn.items()))
    cure = _CURES.get(name, "A seed at the top")
    return _told(name, _place(where, target), cure)


def unseeded_makers(
    needed: Sequence[Execution], code_of: Callable[[str], str | None], results: Collection[str]
) -> str | None:
    """The same of generators that cells of the slice made for themselves. *results* are the names
    of what the run keeps."""
    cells = ((each, code_of(each.source) or "") for each in needed)
    made = made_unseeded(cells, results)
    if made is None:
        return None
    seeded = made.maker.partition("(")[0] + "(0)"
    return _told(made.maker, _place(made.where, needed[-1]), seeded)


def _place(where: Execution, target: Execution) -> str:
    count = where.execution_count
    return "here" if where is target else "in a cell" if count is None else f"in cell [{count}]"


def _told(what: str, place: str, cure: str) -> str:
    return (
        f"Random numbers of {what} were drawn {place}, and nothing had seeded them: Run All would "
        f"draw others. {cure} makes it repeatable."
    )


def _read_later(each: Execution, needed: Sequence[Execution]) -> set[str]:
    """Of what a cell made."""
    later = {name for it in needed if it.number > each.number for name in it.reads}
    return {*each.binds, *each.changes} & later
