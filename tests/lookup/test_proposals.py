"""A name that is not there: the error proposes the nearest that is, and never a deleted one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from sklearn.linear_model import LogisticRegression

import nbtrack
from nbtrack.cli.main import main
from nbtrack.errors import NbtrackError
from nbtrack.recording.session import current_session
from tests.support.begun_project import begun_project


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Two runs and one deleted one, an experiment and a deleted one, a model in two versions."""
    folder = begun_project(tmp_path_factory.mktemp("project") / ".nbtrack")
    nbtrack.set_tracking_uri(folder)
    client = nbtrack.MlflowClient()
    churn = nbtrack.set_experiment("churn").experiment_id
    client.delete_experiment(nbtrack.create_experiment("chrunn"))
    older, first, gone = (
        client.create_run(churn, run_name=name).info.run_id
        for name in ("first try", "first try", "frist tri")
    )
    client.delete_run(gone)
    with nbtrack.start_run(run_id=first):
        model = nbtrack.sklearn.log_model(LogisticRegression().fit([[0], [1]], [0, 1]), "model")
    for _ in range(2):
        nbtrack.register_model(model.model_uri, "wine quality")
    nbtrack.register_model(model.model_uri, "wine qualitty")
    client.delete_registered_model("wine qualitty")
    client.set_registered_model_alias("wine quality", "champion", 1)
    yield SimpleNamespace(client=client, folder=folder, older=older, first=first, churn=churn)
    current_session().store.close()
    nbtrack.set_tracking_uri(None)


Look = Callable[[nbtrack.MlflowClient], object]
RUNS: list[Look] = [
    lambda _: nbtrack.get_run("first tri"),
    lambda _: nbtrack.compare("First Try", "frist try"),
    lambda _: nbtrack.artifacts.show("frist tri"),
    lambda client: client.log_metric("first-try", "f1", 1.0),
    lambda client: client.get_metric_history("first  try", "f1"),
    lambda _: nbtrack.sklearn.load_model("runs:/first_try/model"),
]
MODELS: list[Look] = [
    lambda _: nbtrack.registry("wine qualitty"),
    lambda client: client.get_registered_model("Wine quality"),
    lambda client: client.update_registered_model("wine qualty", "told"),
    lambda client: client.get_model_version_by_stage("wine qualitty", "Production"),
    lambda client: client.get_model_version_by_stage("wine", "Production", as_of="2020-01-01"),
    lambda _: nbtrack.pyfunc.load_model("models:/wine_quality/1"),
]
OTHERS: dict[str, list[Look]] = {
    "'Production'": [
        lambda _: nbtrack.pyfunc.load_model("models:/wine quality/Prodution"),
        lambda client: client.transition_model_version_stage("wine quality", 1, "prod"),
        lambda client: client.get_latest_versions("wine quality", ["Poduction"]),
        lambda _: nbtrack.require_gate("wine quality", stage="Producton", rule="metrics.f1 > 0"),
    ],
    "'champion'": [
        lambda _: nbtrack.pyfunc.load_model("models:/wine quality@campion"),
        lambda client: client.get_model_version_by_alias("wine quality", "Champions"),
    ],
    "2": [
        lambda client: client.get_model_version("wine quality", 7),
        lambda _: nbtrack.pyfunc.load_model("models:/wine quality/3"),
    ],
    "'churn'": [
        lambda _: nbtrack.runs(experiment="chrn"),
        lambda _: nbtrack.runs(experiment=["churn", "churns"]),
    ],
}


def message(look: Look, client: nbtrack.MlflowClient) -> str:
    with pytest.raises(NbtrackError) as raised:
        look(client)
    return str(raised.value)


@pytest.mark.parametrize("look", RUNS)
def test_runs(there: SimpleNamespace, look: Look):
    """By their names, the newest of a name; its id is what most functions take."""
    assert f" Did you mean 'first try' ({there.first})?" in message(look, there.client)


def test_the_beginning_of_an_id(there: SimpleNamespace):
    """One that goes on in another way, or that does not go on."""
    for typed in (there.older[:8], there.older[:20] + "0" * 12):
        told = message(lambda client, typed=typed: client.get_run(typed), there.client)
        assert f" Did you mean 'first try' ({there.older})?" in told


def test_another_whole_id_is_no_better_guess(there: SimpleNamespace):
    """Ids are like no other."""
    assert "Did you mean" not in message(lambda client: client.get_run("f" * 32), there.client)
    assert "Did you mean" not in message(lambda c: c.get_experiment("123456"), there.client)


@pytest.mark.parametrize("look", MODELS)
def test_registered_models(there: SimpleNamespace, look: Look):
    """Wherever a model is asked for by name."""
    assert " Did you mean 'wine quality'?" in message(look, there.client)


@pytest.mark.parametrize(
    ("meant", "look"), [(meant, look) for meant, looks in OTHERS.items() for look in looks]
)
def test_stages_aliases_versions_experiments(there: SimpleNamespace, meant: str, look: Look):
    """Of a version that is to come, the newest."""
    assert f" Did you mean {meant}?" in message(look, there.client)


def test_the_name_of_an_experiment_for_its_id(there: SimpleNamespace):
    """The two are taken for each other."""
    told = message(lambda client: client.get_experiment("churn"), there.client)

    assert f" Did you mean 'churn' ({there.churn})?" in told


@pytest.mark.usefixtures("there")
def test_a_search_in_an_unknown_experiment(caplog: pytest.LogCaptureFixture):
    """It finds nothing, as in MLflow, and its warning asks."""
    assert nbtrack.search_runs(experiment_names=["chrn"]).empty
    assert "no experiment 'chrn' in" in caplog.text
    assert "Did you mean 'churn'?" in caplog.text


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["show", "frist try"], "'first try' ("),
        (["runs", "-e", "chrn"], "'churn'?"),
        (["registry", "log", "wine qualty"], "'wine quality'?"),
    ],
)
def test_in_a_terminal(
    there: SimpleNamespace, capsys: pytest.CaptureFixture[str], words: list[str], meant: str
):
    """The command says the same."""
    assert main(["--store", str(there.folder), *words]) == 2
    assert f"Did you mean {meant}" in capsys.readouterr().err
