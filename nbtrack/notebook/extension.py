"""nbtrack in one IPython shell: what `%load_ext` switches on and `%unload_ext` off."""

from __future__ import annotations

import atexit
from typing import Any

from nbtrack.notebook import completion, transform
from nbtrack.notebook.cells import Cells
from nbtrack.notebook.magics import TrackMagics
from nbtrack.session import current_session


class Extension:
    def __init__(self, shell: Any) -> None:
        self.shell = shell
        # First: what is registered later is called earlier at exit, and ours needs the session.
        session = current_session()
        self.cells = Cells(shell, session)
        self._magics = TrackMagics(shell, self.cells)
        atexit.register(self.cells.close)

    def enable(self) -> None:
        self.shell.register_magics(self._magics)
        transform.register(self.shell)
        completion.register(self.shell, self.cells.known_names)
        self.cells.surroundings.start()
        self.cells.events.enable()

    def disable(self) -> None:
        self.cells.events.disable()
        completion.unregister(self.shell)
        transform.unregister(self.shell)
        for kind, names in self._magics.magics.items():
            for name in names:
                self.shell.magics_manager.magics[kind].pop(name, None)
        self.cells.switch_off()
        self.cells.record_fits("never")
