"""What questions are asked of: a connection of DuckDB, or one that takes the same SQL."""

from __future__ import annotations

from typing import Any, Protocol


class Answer(Protocol):
    @property
    def description(self) -> Any:
        """A sequence for each column, which begins with its name."""
        ...

    def fetchall(self) -> list[Any]: ...

    def fetchone(self) -> tuple[Any, ...] | None: ...

    def fetchnumpy(self) -> dict[str, Any]:
        """An array of each column."""
        ...


class Connection(Protocol):
    def execute(self, query: Any, parameters: object = ...) -> Answer: ...

    def executemany(self, query: Any, parameters: Any = ...) -> Any: ...
