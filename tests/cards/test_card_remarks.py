"""What the card says beside metrics and params: notes, parents, secrets, misunderstandings."""

from __future__ import annotations

import pytest

from nbtrack.records.origins import origins_of
from tests.support.kernel import Kernel
from tests.support.markup_check import Page


def words(card: str) -> str:
    """Without the spaces that align it."""
    return " ".join(card.split())


def test_note_and_tags_are_shown(kernel: Kernel):
    """The first line of the note, cut if it is long; both twins."""
    reply = kernel.run("%%track -m 'after <the> leak fix' -t stage=dev team=x\npass")
    long = kernel.run(f"%%track -m '{'long ' * 200}'\npass").card

    assert "note after <the> leak fix" in words(reply.card)
    assert "tags stage=dev · team=x" in words(reply.card)
    [html] = [data["text/html"] for data in reply.displays]
    assert "after &lt;the&gt; leak fix" in html
    Page(html)
    assert "long long lon" in long
    assert len(long) < 500


def test_a_later_line_says_more(kernel: Kernel):
    """Its note comes instead, its tags on top."""
    card = kernel.run("%%track -m first -t a=1\n%track -m second -t b=2").card

    assert "note second" in words(card)
    assert "tags a=1 · b=2" in words(card)


def test_a_child_names_its_parent(kernel: Kernel):
    """A run that logging opened stays open, as in MLflow; cells below it say so."""
    kernel.run("import nbtrack\nnbtrack.log_metric('late', 1)")
    parent = kernel.newest().info.run_name
    under = kernel.run("%%track\npass").card
    kernel.run("nbtrack.end_run()")
    alone = kernel.run("%%track\npass").card

    assert f"child of '{parent}', which is still open: nbtrack.end_run() closes it" in words(under)
    assert "child of" not in alone


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("%%track fit api_key=supersecret\npass", "api_key"),
        ("%%track url=postgres://me:supersecret@host/db\npass", "url"),
        ("%%track -t token=supersecret\npass", "token"),
        ("%track password={hidden}\npass", "password"),
        ("%%track api_key=supersecret\napi_key = 'supersecret2'", "api_key"),
    ],
)
def test_declared_secrets_are_masked(kernel: Kernel, cell: str, name: str):
    """Recorded as ***, whatever the variable of that name holds, and the card says so."""
    kernel.run("hidden = 'supersecret'")
    card = kernel.run(cell).card
    run = kernel.newest()

    assert "supersecret" not in repr(run) + card
    assert {**run.data.params, **run.data.tags}[name] == "***"
    assert f"{name} is recorded as ***" in card


def test_what_is_masked_in_the_source_is_no_param(kernel: Kernel):
    """By its name or by its shape; not in the params, not in the name of the run."""
    reply = kernel.run(
        "%%track\nfrom types import SimpleNamespace as ChatModel\nopenai = 'sk-abcdefgh12345678'\n"
        "url = 'postgres://me:supersecret@host/db'\nlr = 0.1\n"
        "ChatModel(base='postgres://me:supersecret@host/db')"
    )
    run = kernel.newest()

    assert run.data.params == {"lr": "0.1"}
    assert "supersecret" not in repr(run) + reply.card
    assert "sk-abc" not in repr(run) + reply.card


def test_a_metric_asked_for_is_explicit(kernel: Kernel):
    """Not inferred, and not a param as well."""
    card = kernel.run("%%track --metrics score\nscore = 0.5\nlr = 0.1").card
    run = kernel.newest()

    assert (run.data.metrics, run.data.params) == ({"score": 0.5}, {"lr": "0.1"})
    assert "score  0.5" in card
    assert not origins_of(run.data.tags).metrics


def test_only_numbers_of_this_cell_are_offered(kernel: Kernel):
    """For a --metrics name that is not there."""
    kernel.run("nosuch_of_old = 1")
    card = kernel.run("%%track --metrics nosuch\nnosuch_here = 0.5").card
    none = kernel.run("%%track --metrics nosuch\npass").card

    assert "Numbers it could be: nosuch_here." in card
    assert "The cell assigns no number." in none


def test_metrics_need_commas(kernel: Kernel):
    """A variable behind --metrics a is the name, and the card tells; other words are a name."""
    told = kernel.run("%%track --metrics acc auc\nacc = 0.5\nauc = 0.6").card
    named = kernel.run("%%track --metrics acc second try\nacc = 0.5").card

    assert told.startswith("auc ·")
    assert "auc read as the run's name; metrics are separated by commas." in told
    assert "commas" not in named


def test_an_empty_card_says_how_to_record_a_metric(new_kernel):
    """Once, below a cell that did something."""
    kernel = new_kernel()
    kernel.run("def train(): pass")
    cells = ["%%track\npass", "%%track\ntrain()\n1 / 0", "%%track\nlr = 0.1\ntrain()"]
    cells += ["%%track\nprint('hello')", "%%track\ntrain()", "%%track\ntrain()"]
    hinted = ["--metrics NAME or nbtrack.log_metric" in kernel.run(cell).card for cell in cells]

    assert hinted == [False, False, False, False, True, False]


@pytest.mark.parametrize(
    "last",
    [
        "mlflow.log_param('depth', 3)",
        "mlflow.log_param('rate', 0.1)",
        "open('f.txt', 'w').write('x')",
        "__import__('subprocess').call(['true'])",
        "random.random()",
        "for C in (1, 2): pass\nC",
    ],
)
def test_what_is_no_result_is_no_metric(kernel: Kernel, last: str):
    """The last value of a cell is often something else."""
    kernel.run("import random, nbtrack as mlflow")
    kernel.run(f"%%track\n{last}")

    assert kernel.newest().data.metrics == {}


def test_results_are_metrics(kernel: Kernel):
    """By their expression."""
    kernel.run("def evaluate(model): return 0.9")
    kernel.run("%%track\nevaluate(None)")

    assert kernel.newest().data.metrics == {"evaluate": 0.9}
