"""Attempts at one cell."""

from __future__ import annotations

import pytest

from nbtrack.capture.lineage import Lineages, is_similar

CELL = "model = SVC(C=1)\nmodel.fit(X_train, y_train)\nmodel.score(X_test, y_test)\n"
EDITED = CELL.replace("C=1", "C=10, gamma=0.1")
OTHER = "df = pd.read_csv('a.csv')\ndf.describe()\n"


def test_the_same_cell_id_is_the_same_cell() -> None:
    """A cell keeps its lineage however its text and position change."""
    lineages = Lineages()

    first, attempt = lineages.place("a1", 3, CELL, "n.ipynb")
    assert attempt == 1
    assert lineages.place("a1", 9, OTHER, "n.ipynb") == (first, 2)


def test_other_cells_and_other_notebooks_are_other_lineages() -> None:
    """A copied notebook has the same cell ids; its cells are still its own."""
    lineages = Lineages()
    placed = [
        lineages.place("a1", 0, CELL, "n.ipynb"),
        lineages.place("a2", 0, CELL, "n.ipynb"),
        lineages.place("a1", 0, CELL, "copy.ipynb"),
        lineages.place("a1", 0, CELL, None),
    ]

    assert len({lineage for lineage, _ in placed}) == 4
    assert {attempt for _, attempt in placed} == {1}


@pytest.mark.parametrize("cell_id", ["a1", None])
def test_a_lineage_is_the_same_in_every_kernel(cell_id: str | None) -> None:
    """Tomorrow's attempt at a cell finds today's."""
    today, tomorrow = (Lineages().place(cell_id, 4, CELL, "n.ipynb") for _ in range(2))

    assert today == tomorrow


def test_without_an_id_an_edited_cell_at_its_place_is_the_next_attempt() -> None:
    """Same position and similar source make it the same cell, edit after edit."""
    lineages = Lineages()
    first, _ = lineages.place(None, 3, CELL, "n.ipynb")

    assert lineages.place(None, 3, EDITED, "n.ipynb") == (first, 2)
    assert lineages.place(None, 3, EDITED + "print(1)\n", "n.ipynb") == (first, 3)


def test_without_an_id_the_same_text_is_the_same_cell_anywhere() -> None:
    """Run again further down, it is still the same cell."""
    lineages = Lineages()
    first, _ = lineages.place(None, 3, CELL, "n.ipynb")

    assert lineages.place(None, 8, CELL, "n.ipynb") == (first, 2)


@pytest.mark.parametrize(("position", "source"), [(3, OTHER), (4, EDITED)])
def test_without_an_id_anything_else_is_a_new_cell(position: int, source: str) -> None:
    """A similar text elsewhere, or another text at the place, starts a lineage."""
    lineages = Lineages()
    first, _ = lineages.place(None, 3, CELL, "n.ipynb")

    lineage, attempt = lineages.place(None, position, source, "n.ipynb")
    assert (lineage != first, attempt) == (True, 1)


def test_counting_goes_on_from_what_an_earlier_kernel_did() -> None:
    """A remembered lineage takes in later attempts, with an id and without."""
    lineages = Lineages()
    by_id, _ = Lineages().place("a1", 0, CELL, "n.ipynb")
    lineages.remember(by_id, 7)
    lineages.remember("earlier", 4, position=3, source=CELL, notebook="n.ipynb")

    assert lineages.place("a1", 0, CELL, "n.ipynb") == (by_id, 8)
    assert lineages.place(None, 3, EDITED, "n.ipynb") == ("earlier", 5)


@pytest.mark.parametrize(
    ("before", "after", "similar"),
    [
        (CELL, EDITED, True),
        (CELL, CELL + "# a comment\n", True),
        (CELL, OTHER, False),
        ("", CELL, False),
        ("", "", True),
        ("x = 1", "x = 2", True),
        (CELL * 500, EDITED * 500, True),
        ("a b " * 5_000, "c d " * 5_000, False),
    ],
)
def test_similar_sources_share_most_of_their_words(before: str, after: str, similar: bool) -> None:
    """Edited settings leave a cell similar; another purpose does not."""
    assert is_similar(before, after) is similar


def test_any_text_has_a_lineage() -> None:
    """Half a surrogate pair, which a notebook can hold, is no obstacle."""
    assert Lineages().place(None, 0, "x = '\ud800'", None)[1] == 1
