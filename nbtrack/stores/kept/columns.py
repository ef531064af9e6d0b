"""One key's latest value of every run, in arrays: a row for each run, and none for a key.

A number takes 9 bytes a run, a text 4 and its distinct values.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags: TypeAlias = NDArray[np.bool_]
    Integers: TypeAlias = NDArray[np.int64]
    Codes: TypeAlias = NDArray[np.int32]
    Numbers: TypeAlias = NDArray[np.float64]
    Objects: TypeAlias = NDArray[np.object_]

_FEW_TEXTS = 1000
_BYTES_OF_A_TEXT = 100  # beside its characters: the object, a place in a list and one in a dict
_BYTES_OF_A_PLACE = 56


class NumberColumn:
    """Of integers: microseconds since 1970 are past what a float tells apart."""

    def __init__(self, count: int, *, is_integer: bool = False) -> None:
        import numpy as np

        self.has: Flags = np.zeros(count, dtype=np.bool_)
        self.numbers: Numbers | Integers = np.zeros(
            count, dtype="int64" if is_integer else "float64"
        )

    def put(self, rows: Integers, numbers: Numbers) -> None:
        self.has[rows], self.numbers[rows] = True, numbers

    def drop(self, rows: Integers) -> None:
        self.has[rows] = False

    def grow(self, count: int) -> None:
        self.has, self.numbers = _grown(self.has, count, 0), _grown(self.numbers, count, 0)

    def shown(self, rows: Integers) -> Objects:
        """As Python numbers; None where there is none."""
        found = self.numbers[rows].astype(object)
        found[~self.has[rows]] = None
        return found

    @property
    def size(self) -> int:
        return self.has.nbytes + self.numbers.nbytes


class TextColumn:
    """*codes* are places in *texts*, or -1, where *texts* has a None."""

    def __init__(self, count: int) -> None:
        import numpy as np

        self.codes: Codes = np.full(count, -1, dtype=np.int32)
        self._code_of: dict[str, int] = {}
        self._numbers: list[float | None] = []  # what DuckDB makes of the texts
        self._texts: Objects | None = None
        self._ranks: Integers | None = None
        self._characters = 0
        self._most_texts = _FEW_TEXTS

    @property
    def has(self) -> Flags:
        return self.codes >= 0

    def put(self, rows: Integers, texts: Sequence[str], numbers: Sequence[float | None]) -> None:
        self.codes[rows] = [self._code(text, number) for text, number in zip(texts, numbers)]
        if len(self._code_of) > self._most_texts:
            self._forget_unused()
            self._most_texts = max(2 * len(self._code_of), _FEW_TEXTS)

    def _forget_unused(self) -> None:
        """Texts that no row has any more, if they are most of them."""
        import numpy as np

        used, codes = np.unique(self.codes[self.has], return_inverse=True)
        if len(self._code_of) <= 2 * len(used):
            return
        texts, numbers, has = list(self._code_of), self._numbers, self.has
        self._code_of = {texts[code]: new for new, code in enumerate(used.tolist())}
        self._numbers = [numbers[code] for code in used.tolist()]
        self.codes[has] = codes
        self._texts = self._ranks = None
        self._characters = sum(map(len, self._code_of))

    def _code(self, text: str, number: float | None) -> int:
        code = self._code_of.get(text)
        if code is None:
            code = self._code_of[text] = len(self._code_of)
            self._numbers.append(number)
            self._characters += len(text)
            self._texts = self._ranks = None
        return code

    def drop(self, rows: Integers) -> None:
        self.codes[rows] = -1

    def grow(self, count: int) -> None:
        self.codes = _grown(self.codes, count, -1)

    @property
    def texts(self) -> Objects:
        """The distinct ones, and None as the last."""
        if self._texts is None:
            import numpy as np

            self._texts = np.array([*self._code_of, None], dtype=object)
        return self._texts

    def shown(self, rows: Integers) -> Objects:
        found: Objects = self.texts[self.codes[rows]]
        return found

    def where(self, test: Callable[[str], bool]) -> Flags:
        """The rows that have a text for which *test* holds; it is asked once for each text."""
        import numpy as np

        return np.array([*map(test, self._code_of), False], dtype=np.bool_)[self.codes]

    def as_numbers(self) -> NumberColumn:
        """The texts that are numbers; the other rows have none."""
        import numpy as np

        column = NumberColumn(len(self.codes))
        is_number = np.array([*(n is not None for n in self._numbers), False], dtype=np.bool_)
        numbers = np.array([*(n or 0.0 for n in self._numbers), 0.0])
        column.has, column.numbers = is_number[self.codes], numbers[self.codes]
        return column

    def ranks(self) -> Integers:
        """Places of the rows' texts in their order; -1 where there is none."""
        import numpy as np

        if self._ranks is None:
            self._ranks = np.full(len(self._code_of) + 1, -1, dtype=np.int64)
            for rank, text in enumerate(sorted(self._code_of)):
                self._ranks[self._code_of[text]] = rank
        found: Integers = self._ranks[self.codes]
        return found

    @property
    def size(self) -> int:
        words = self._characters + len(self._code_of) * _BYTES_OF_A_TEXT
        return self.codes.nbytes + words + sys.getsizeof(self._code_of)

    @property
    def size_of_places(self) -> int:
        """Beside the texts, where these are somebody else's too."""
        places = len(self._code_of) * _BYTES_OF_A_PLACE
        return self.codes.nbytes + places + sys.getsizeof(self._code_of)


Column: TypeAlias = NumberColumn | TextColumn


def _grown(array: Any, count: int, fill: int) -> Any:
    import numpy as np

    return np.concatenate([array, np.full(count - len(array), fill, dtype=array.dtype)])
