import duckdb
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from nbtrack.cells import completion
from nbtrack.cells.completion import KnownNames, complete, project_names
from nbtrack.recording.session import Session, current_session

KNOWN = {
    "experiments": ["churn", "Chess club", "fraud"],
    "param_names": ["lr", "depth", "Layers"],
    "metric_names": ["accuracy", "auc", "loss"],
    "run_names": ["first try", "sweep", "Forest n=10"],
}


def completed(line):
    return complete(line, "" if line.endswith(" ") else line.split()[-1], **KNOWN)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%%track --me", ["--metrics"]),
        ("%%track fit --e", ["--experiment"]),
        ("%%track fit lr=1 -e ch", ["churn"]),
        ("%%track -e Ch", ['"Chess club"']),
        ('%%track -e "Ch', ['"Chess club"']),
        ("%%track -e FR", ["fraud"]),
        ("%%track --experiment=fr", ["--experiment=fraud"]),
        ("%%track -e ", ["churn", '"Chess club"', "fraud"]),
        ("%%track --metrics a", ["accuracy", "auc"]),
        ("%%track --metrics accuracy,a", ["accuracy,auc"]),
        ("%%track --metrics=loss,ac", ["--metrics=loss,accuracy"]),
        ("%%track fit d", ["depth="]),
        ("%%track lr=1 l", ["Layers="]),
        ("%track dr", ["drop"]),
        ("%%track dr", []),
        ("%track fit dr", []),
        ("%%track lr=", []),
        ("%%track lr=0", []),
        ("%%track -m ", []),
        ("%%track -t ", []),
        ("%%track --artifacts out", []),
        ("%%track -- --me", []),
        ("%%track --nope", []),
        ("%%tracker --me", []),
        ("%runs --s", ["--sort"]),
        ("%runs --sort ac", ["accuracy"]),
        ("%runs --sort sta", ["start_time", "status"]),
        ("%runs --sort=lo", ["--sort=loss"]),
        ("%runs -e ch", ["churn"]),
        ("%runs --experiment=Ch", ['--experiment="Chess club"']),
        ("%runs --all --a", []),
        ("%runs --top 1", []),
        ("%runs metrics.a", ["metrics.accuracy", "metrics.auc"]),
        ("%runs metrics.auc > 0.5 and par", ["params.lr", "params.depth", "params.Layers"]),
        ("%runs zzz", []),
        ("%%runs --s", []),
        ("%experiment ch", ["churn"]),
        ("%experiment Chess cl", ["club"]),
        ("%experiment ", ["churn", "Chess club", "fraud"]),
        ("%experiment fraud and", []),
        ("%compare s", ["sweep"]),
        ("%compare sweep f", ['"first try"']),
        ('%compare sweep "f', ['"first try"']),
        ('%compare sweep "first t', ['try"']),
        ("%compare 'Forest n", ["n=10'"]),
        ('%compare "first try" s', ["sweep"]),
        ("%compare sweep --", ["--baseline"]),
        ("%compare --baseline s", ["sweep"]),
        ("%compare --baseline=s", ["--baseline=sweep"]),
        ("%compare --baseline sweep --", []),
        ("%compare ", ['"first try"', "sweep", '"Forest n=10"']),
        ("%%track", []),
        ("x = 1", []),
        ("", []),
    ],
)
def test_what_may_come_next(line, expected):
    """Flags after a dash, known names where they fit, and nothing where text is free."""
    assert (completed(line) if line else complete("", "", **KNOWN)) == expected


def test_an_empty_word_offers_everything():
    """Commands stand first, and only right after a single-% magic."""
    offered = completed("%track ")

    assert offered[: len(completion.COMMANDS)] == list(completion.COMMANDS)
    assert {"lr=", "--quiet", "-e"} <= set(offered)
    assert not set(completion.COMMANDS) & set(completed("%%track "))


def test_a_flag_that_comes_once_is_offered_once():
    """`-e` rules out `--experiment`; tags may come again."""
    offered = completed("%%track -e churn -t a=1 -")

    assert "--experiment" not in offered
    assert "-e" not in offered
    assert {"-t", "--tag", "--note", "--quiet"} <= set(offered)


@pytest.fixture(params=[True, False], ids=["jedi", "no jedi"])
def shell(request, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.Completer.use_jedi = request.param
    yield made
    InteractiveShell.clear_instance()


def asked(shell, code):
    with provisionalcompleter():
        return [(each.text, each.start) for each in shell.Completer.completions(code, len(code))]


def test_a_shell_offers_ours_alone(shell):
    """No variables and files come between, and the whole typed word is replaced."""
    completion.register(shell, lambda: KnownNames(**KNOWN), look=KnownNames)
    shell.user_ns["metrics"] = 1
    assert asked(shell, "%runs --sort ac") == [("accuracy", 13)]
    assert asked(shell, "%experiment Chess c") == [("club", 18)]

    assert asked(shell, "%%track --me") == [("--metrics", 8)]
    assert asked(shell, "x = 1\n%track fit --experiment=ch") == [("--experiment=churn", 17)]
    assert asked(shell, "%%track --metrics accuracy,a") == [("accuracy,auc", 18)]


def test_other_lines_complete_as_before(shell):
    """Outside of the magic's line, and where we know nothing, IPython answers."""
    shell.user_ns["long_variable_name"] = 1
    before = asked(shell, "%%track fit\nlong_v")
    completion.register(shell, lambda: KnownNames(**KNOWN), look=KnownNames)

    assert asked(shell, "%%track fit\nlong_v") == before
    assert [text for text, _ in before] == ["long_variable_name"]
    assert "long_variable_name" in [text for text, _ in asked(shell, "%%track d={long_v")]


def test_completion_never_raises(shell, capfd):
    """Names that cannot be read are no reason to disturb the person typing."""

    def broken():
        raise OSError("no store")

    completion.register(shell, broken, look=broken)

    assert asked(shell, "%%track --me") == [("--metrics", 8)]
    assert "Traceback" not in capfd.readouterr().err


def test_registering_is_reversible_and_once(shell):
    """Two registrations are one, and unregistering leaves nothing."""
    completion.register(shell, look=KnownNames)
    completion.register(shell, look=KnownNames)
    assert len(shell.Completer.custom_matchers) == 1
    assert asked(shell, "%%track --qui") == [("--quiet", 8)]
    assert asked(shell, "%%track --liv") == [("--live", 8)]

    completion.unregister(shell)
    assert shell.Completer.custom_matchers == []


def test_a_new_kernel_looks_into_the_project(shell):
    """What the kernel does not know yet is asked for once more, of the store."""
    completion.register(shell, look=lambda: KnownNames(**KNOWN))

    assert asked(shell, "%experiment fr") == [("fraud", 12)]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folded project that the session of `project_names` reads, and nobody else."""
    writer, reader = Session(), Session()
    for session in (writer, reader):
        session.set_tracking_uri(tmp_path / "project")
    monkeypatch.setattr("nbtrack.recording.session._current", reader)
    writer.set_experiment("churn")
    with writer.start_run() as run:
        run.log_params({"lr": 1})
        run.log_metric("auc", 0.5)
    writer.close()
    yield tmp_path / "project"
    reader.close()


def test_names_of_the_project(project):
    """Experiments, and the params and metrics of the active one."""
    current_session().set_experiment("churn")

    found = project_names()

    assert (list(found.param_names), list(found.metric_names)) == (["lr"], ["auc"])
    assert list(found.experiments) == ["churn"]


def test_names_of_a_project_that_cannot_be_read(project):
    """Nothing is offered, and nobody waits, while another program has the file open."""
    with duckdb.connect(str(project / "nbtrack.duckdb")):
        assert project_names() == KnownNames()
