"""How Altair comes in."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

# Importing it takes seconds, also where its test is not asked for.
pytestmark = pytest.mark.skipif(find_spec("rfc3987_syntax") is None, reason="no grammar of IRIs")

ASK = """
import sys
from nbtrack.charts.loading import load_altair

load_altair()
assert "altair" in sys.modules
assert "rfc3987_syntax" not in sys.modules
import jsonschema

checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
for iri in ("http://example.org/ü", "no iri"):
    print(checker.conforms(iri, "iri"))
assert sys.modules["rfc3987_syntax"].__file__
"""


def test_other_users_of_jsonschema_notice_nothing():
    """The grammar of IRIs is not compiled for charts, and its check works when it is asked."""
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True)

    assert done.stdout.split() == ["True", "False"], done.stderr
