"""nbtrack in one IPython shell: what `%load_ext` switches on and `%unload_ext` off."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from typing import Any

from IPython.core.magic import Magics

from nbtrack.cells import completion, transform
from nbtrack.cells.cells import Cells
from nbtrack.cells.magics import TrackMagics
from nbtrack.display import short_tracebacks
from nbtrack.recording.session import current_session


class Extension:
    """*panel_magics* and *show_live*, of `%%track --live`, are handed in: cells know no panel."""

    def __init__(
        self, shell: Any, *, panel_magics: Magics, show_live: Callable[[], object]
    ) -> None:
        self.shell = shell
        # First: what is registered later is called earlier at exit, and ours needs the session.
        session = current_session()
        self.cells = Cells(shell, session, show_live=show_live)
        self._magics = (TrackMagics(shell, self.cells), panel_magics)
        atexit.register(self.cells.close)

    def enable(self) -> None:
        self.shell.register_magics(*self._magics)
        transform.register(self.shell)
        completion.register(self.shell, self.cells.known_names)
        short_tracebacks.enable(self.shell)
        self.cells.surroundings.start()
        self.cells.session.follow_cells(is_on=True)
        self.cells.events.enable()

    def disable(self) -> None:
        self.cells.events.disable()
        self.cells.session.follow_cells(is_on=False)
        short_tracebacks.disable()
        completion.unregister(self.shell)
        transform.unregister(self.shell)
        for magics in self._magics:
            for kind, names in magics.magics.items():
                for name in names:
                    self.shell.magics_manager.magics[kind].pop(name, None)
        self.cells.switch_off()
        self.cells.record_fits("never")
