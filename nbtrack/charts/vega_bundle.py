"""Vega for the page, without a network: one JavaScript module that vl-convert carries."""

from __future__ import annotations

import threading
from functools import cache

from nbtrack.base.guard import tried

# Of what the snippet can name, `vega` and `vegaLite` come out as null (vl-convert 1.9): only
# vegaEmbed holds them. Its result has the View, and that is all the page needs.
_SNIPPET = "export { vegaEmbed };"
_CHILD = """
import sys, vl_convert
text = vl_convert.javascript_bundle(sys.argv[1], vl_version=sys.argv[2])
sys.stdout.buffer.write(text.encode())
"""
_CHILD_SECONDS = 30
_making = threading.Lock()


def vega_bundle() -> str:
    """An ES module of 0.9 MB that exports `vegaEmbed`; made once per process, in 1-1.5 s."""
    with _making:  # two panels at once must not make two
        return _made()


def warm_up() -> None:
    """Make it in the background: the first chart is asked for soon."""
    threading.Thread(target=vega_bundle, name="nbtrack-charts", daemon=True).start()


@cache
def _made() -> str:
    from nbtrack.charts.pictures import vega_lite_version

    version = vega_lite_version()
    text = tried(lambda: _made_by_child(version), on_fault=lambda _: "")
    return text if _is_whole(text) else _made_here(version)


def _made_by_child(version: str) -> str:
    # vl-convert holds the GIL all the while: here, a training cell would stand still for 1.3 s.
    import subprocess
    import sys

    command = [sys.executable, "-c", _CHILD, _SNIPPET, version]
    done = subprocess.run(command, capture_output=True, timeout=_CHILD_SECONDS, check=True)
    return done.stdout.decode()


def _is_whole(text: str) -> bool:
    return text.rstrip().endswith("vegaEmbed};")


def _made_here(version: str) -> str:
    import vl_convert

    return str(vl_convert.javascript_bundle(_SNIPPET, vl_version=version))
