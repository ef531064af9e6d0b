"""What axe-core finds on a page, or in a part of it."""

from __future__ import annotations

from typing import Any

from tests.page.npm import MODULES

_RUN = (
    """of => axe.run(of ? document.querySelector(of) : document, { resultTypes: ['violations'] })"""
)


def serious_faults(page: Any, where: str, *, of: str = "") -> list[str]:
    """Names, roles and contrast of all that there is to see, in the element *of*."""
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text())
    return [
        f"{where}: {fault['id']} of {node['html'][:200]}: {node['failureSummary'][:300]}"
        for fault in page.evaluate(_RUN, of)["violations"]
        for node in fault["nodes"]
        if fault["impact"] in ("serious", "critical")
    ]
