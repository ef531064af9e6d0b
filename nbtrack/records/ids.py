"""How the ids look that runs and logged models have here, as parts of patterns.

Other things have random names of the same form (writers of journals, machines, uploads): these are
no ids of runs, and say by themselves what they look like.
"""

from __future__ import annotations

import re

RUN_ID = "[0-9a-f]{32}"
MODEL_ID = f"m-{RUN_ID}"
_RUN_ID = re.compile(RUN_ID)


def is_run_id(text: str) -> bool:
    """Whether it could be one: a whole id, of a run that may be there or not."""
    return _RUN_ID.fullmatch(text) is not None
