"""The other end of a panel's line, without a browser: what its page would send and hear."""

from __future__ import annotations

from typing import Any

from nbtrack.panels.runs.panel import RunsPanel
from nbtrack.panels.runs.view import RunsView
from nbtrack.panels.shared.panel import Panel, receive
from nbtrack.panels.shared.requests import Request
from nbtrack.stores.store import Store
from tests.page.message_fit import misfits
from tests.page.message_types import table


class Line:
    """Stands where the kernel's comm would."""

    comm_id = "line"

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def on_msg(self, callback: object) -> None: ...

    def close(self) -> None: ...

    def send(self, data: dict[str, Any], buffers: object = None) -> None:
        if data["method"] == "custom":
            self.heard.append(data["content"])


class Page:
    """One view of a panel."""

    def __init__(self, panel: Panel, *, view: str = "one") -> None:
        self.panel, self.view, self._next, self._seen = panel, view, 0, 0
        if not isinstance(panel.comm, Line):
            panel.comm = Line()
        self.heard = panel.comm.heard

    def send(self, do: str, **arguments: Any) -> dict[str, Any]:
        """The whole answer."""
        self._next += 1
        request = Request(self._next, do, {"view": self.view, **arguments})
        receive(self.panel, {"id": request.id, "do": do, "with": request.arguments}, [])
        return self._checked(do)

    def _checked(self, do: str) -> dict[str, Any]:
        """The newest answer, which has the shape that is declared for the page."""
        self._check_pushes()
        answer = self.heard[-1]
        kinds = [question.answer for question in table("QUESTIONS").get(do, [])]
        if "result" in answer and kinds:
            # Panels have different answers to "start": it is one of them.
            found = [list(misfits(answer["result"], kind, at=do)) for kind in kinds]
            assert not all(found), min(found, key=len)
        return answer

    def ask(self, do: str, **arguments: Any) -> Any:
        answer = self.send(do, **arguments)
        assert "error" not in answer, answer
        return answer["result"]

    def show(self, **changes: Any) -> dict[str, Any]:
        """A page of the table, from where a view begins."""
        return self.ask("page", **{**self.ask("start")["state"], **changes})

    def pushes(self, name: str) -> list[Any]:
        self._check_pushes()
        return [each["result"] for each in self.heard if each.get("push") == name]

    def _check_pushes(self) -> None:
        """As they are declared, too; what only tests push is declared nowhere."""
        new, self._seen = self.heard[self._seen :], len(self.heard)
        for heard in new:
            for kind in table("PUSHES").get(heard.get("push", ""), []):
                assert list(misfits(heard["result"], kind, at=heard["push"])) == []


def runs_page(store: Store, **options: Any) -> Page:
    given = {"filter_string": None, "sort": None, "top": 20, **options}
    experiments = given.pop("experiment_ids", None)
    return Page(RunsPanel(store, RunsView(store, experiments, **given), top=options.get("top")))


def names(page: dict[str, Any]) -> list[str]:
    return [row["name"] for row in page["rows"]]
