"""The model registry does what MLflow's does, but for what is listed in DIFFERENCES."""

from __future__ import annotations

import inspect
import time
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression
from test_parity_signatures import arguments

mlflow = pytest.importorskip("mlflow")

import nbtrack  # noqa: E402 (after importorskip)

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # MLflow gives stages up


@pytest.fixture(autouse=True)
def _no_progress_bars(monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


CLIENT = [
    "copy_model_version", "create_model_version", "create_registered_model",
    "delete_model_version", "delete_model_version_tag", "delete_registered_model",
    "delete_registered_model_alias", "delete_registered_model_tag", "get_latest_versions",
    "get_model_version", "get_model_version_by_alias", "get_model_version_download_uri",
    "get_model_version_stages", "get_registered_model", "rename_registered_model",
    "search_model_versions", "search_registered_models", "set_model_version_tag",
    "set_registered_model_alias", "set_registered_model_tag", "transition_model_version_stage",
    "update_model_version", "update_registered_model",
]  # fmt: skip
FLUENT = [
    "register_model", "search_model_versions", "search_registered_models", "set_model_version_tag",
]  # fmt: skip
# Of Databricks.
NOT_OURS = {"deployment_job_id", "env_pack"}
OURS = {"reason", "override_gate"}
VERSION_FIELDS = (
    "name", "description", "current_stage", "run_id", "status", "status_message", "run_link",
    "tags", "aliases",
)  # fmt: skip


@pytest.mark.parametrize("name", [*CLIENT, *(f"nbtrack.{name}" for name in FLUENT)])
def test_arguments_are_mlflows(name):
    """Same names, order and defaults; ours come behind them, by keyword only."""
    homes = (mlflow.MlflowClient, nbtrack.MlflowClient) if "." not in name else (mlflow, nbtrack)
    theirs, ours = (getattr(home, name.rpartition(".")[2]) for home in homes)
    expected = {k: v for k, v in arguments(theirs).items() if k not in NOT_OURS}
    parameters = inspect.signature(ours).parameters
    own = {k for k, p in parameters.items() if p.kind is p.KEYWORD_ONLY and k in OURS}
    found = {k: v for k, v in arguments(ours).items() if k not in own}

    assert list(found.items()) == list(expected.items())


def version(found: Any) -> dict[str, Any] | None:
    """MLflow documents text for the version, and its SQL store gives numbers."""
    if found is None:
        return None
    facts = {name: getattr(found, name) for name in VERSION_FIELDS}
    return {**facts, "tags": dict(found.tags), "version": int(found.version)}


def model(found: Any) -> dict[str, Any]:
    return {
        "name": found.name,
        "description": found.description,
        "tags": dict(found.tags),
        "aliases": {alias: int(number) for alias, number in found.aliases.items()},
        "latest": sorted((int(v.version), v.current_stage) for v in found.latest_versions),
    }


class Registry:
    """The client of one engine, with a model that was logged and a record of what it answered."""

    def __init__(self, engine: Any) -> None:
        self.client = engine.MlflowClient()
        self.engine = engine
        with engine.start_run() as run:
            estimator = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
            if engine is mlflow:
                engine.sklearn.log_model(
                    estimator,
                    name="m",
                    serialization_format="cloudpickle",  # its default does not load back
                    pip_requirements=[],  # else it looks for them, in a process of its own
                )
            else:
                engine.sklearn.log_model(estimator, name="m")
            self.run_id = run.info.run_id
        self.uri = f"runs:/{self.run_id}/m"
        # MLflow takes what it is given: a folder; runs:/ is resolved by register_model only.
        self._folder = mlflow.artifacts.download_artifacts(self.uri) if engine is mlflow else None
        self.answers: list[Any] = []

    def source(self) -> str:
        return self._folder or self.uri

    def __call__(self, name: str, *args: Any, show: Any = None, **kwargs: Any) -> Any:
        """Call the client, and note the answer, or the kind of error."""
        try:
            found = getattr(self.client, name)(*args, **kwargs)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is the result
            self.answers.append((name, args, getattr(exc, "error_code", type(exc).__name__)))
            return None
        self.answers.append((name, args, None if show is None else show(found)))
        return found


def registered(tmp: Any, count: int, engine: Any) -> Registry:
    call = Registry(engine)
    call("create_registered_model", "churn", {"team": 1}, "who leaves", show=model)
    for number in range(count):
        call.client.create_model_version("churn", call.source(), call.run_id, {"n": number})
    return call


def same(both: Any, case: Any) -> None:
    theirs, ours = both(case)
    for their, our in zip(theirs, ours, strict=True):
        assert our == their


def plain(answers: list[Any], call: Registry) -> list[Any]:
    """Without the run's id, which is each engine's own."""
    text = [repr(answer).replace(call.source(), "SOURCE") for answer in answers]
    return [each.replace(call.run_id, "RUN") for each in text]


def test_models(both):
    """Make, read, describe, tag, rename, delete; and what is refused, with the kind of error."""

    def case(engine, tmp):
        call = registered(tmp, 0, engine)
        call("create_registered_model", "churn")
        for name in ("", " ", "a/b", "a:b", None):
            call("create_registered_model", name)
        call("create_registered_model", "a@b", show=model)
        call("update_registered_model", "churn", "new", show=model)
        call("update_registered_model", "churn", show=model)
        call("update_registered_model", "nothing", "x")
        call("set_registered_model_tag", "churn", "k", 3)
        call("set_registered_model_tag", "churn", "bad!", 3)
        call("set_registered_model_tag", "nothing", "k", 3)
        call("delete_registered_model_tag", "churn", "team")
        call("delete_registered_model_tag", "churn", "nothing")
        call("get_registered_model", "churn", show=model)
        call("get_registered_model", "nothing")
        call("rename_registered_model", "churn", "loss")
        call("rename_registered_model", "loss", "a@b")
        call("rename_registered_model", "loss", "a/b")
        call("rename_registered_model", "nothing", "x")
        call("get_registered_model", "loss", show=model)
        call("get_registered_model", "churn")
        call("delete_registered_model", "loss")
        call("delete_registered_model", "loss")
        return plain(call.answers, call)

    same(both, case)


def test_versions(both):
    """Numbers, fields, tags, descriptions, deleting, and models that begin anew."""

    def case(engine, tmp):
        call = registered(tmp, 2, engine)
        call("create_model_version", "churn", call.source(), call.run_id, {"k": 2}, "http://x",
             "third", show=version)  # fmt: skip
        call("create_model_version", "nothing", call.source(), call.run_id)
        for number in (1, "2", 9, "x"):
            call("get_model_version", "churn", number, show=version)
        call("get_model_version", "nothing", 1)
        call("update_model_version", "churn", 1, "first", show=version)
        call("update_model_version", "churn", 9, "x")
        call("set_model_version_tag", "churn", 1, "t", True)
        call("set_model_version_tag", "churn", 9, "t", True)
        call("delete_model_version_tag", "churn", 1, "n")
        call("delete_model_version_tag", "churn", 1, "nothing")
        call("get_model_version", "churn", 1, show=version)
        call("delete_model_version", "churn", 3)
        call("delete_model_version", "churn", 3)
        call("get_model_version", "churn", 3)
        call("create_model_version", "churn", call.source(), call.run_id, show=version)
        call("get_registered_model", "churn", show=model)
        call("delete_registered_model", "churn")
        call("create_registered_model", "churn", show=model)
        call("create_model_version", "churn", call.source(), call.run_id, show=version)
        return plain(call.answers, call)

    same(both, case)


def test_stages(both):
    """Moving, archiving what was there, the latest of each."""

    def case(engine, tmp):
        call = registered(tmp, 3, engine)
        move = "transition_model_version_stage"
        call(move, "churn", 1, "staging", show=version)
        call(move, "churn", 1, "Production", show=version)
        call(move, "churn", 2, "PRODUCTION", True, show=version)
        call(move, "churn", 3, "Live")
        call(move, "churn", 9, "Staging")
        call("get_model_version", "churn", 1, show=version)
        versions = lambda found: sorted((int(v.version), v.current_stage) for v in found)  # noqa: E731
        call("get_latest_versions", "churn", show=versions)
        call("get_latest_versions", "churn", ["production", "Staging"], show=versions)
        call("get_latest_versions", "churn", ["Live"])
        call("get_latest_versions", "nothing")
        call("get_model_version_stages", "churn", 1, show=list)
        call("set_model_version_tag", "churn", None, "t", 3, "Archived")
        call("get_model_version", "churn", 1, show=version)
        return plain(call.answers, call)

    same(both, case)


def test_aliases(both):
    def case(engine, tmp):
        call = registered(tmp, 2, engine)
        for alias in ("best", "latest", "LATEST", "v1", "V12", "", "a b", "a/b"):
            call("set_registered_model_alias", "churn", alias, 1)
        call("set_registered_model_alias", "churn", "best", 2)
        call("set_registered_model_alias", "churn", "other", 1)
        call("set_registered_model_alias", "churn", "third", 9)
        for alias in ("best", "BEST", "nothing", "latest"):
            call("get_model_version_by_alias", "churn", alias, show=version)
        call("get_model_version_by_alias", "nothing", "best")
        call("delete_registered_model_alias", "churn", "nothing")
        call("get_registered_model", "churn", show=model)
        call("delete_model_version", "churn", 2)
        call("get_registered_model", "churn", show=model)
        call("delete_registered_model_alias", "churn", "other")
        call("get_model_version", "churn", 1, show=version)
        return plain(call.answers, call)

    same(both, case)


VERSION_FILTERS = [
    "", "name = 'churn'", "name LIKE 'ch%'", "name LIKE 'CH%'", "name ILIKE 'CH%'",
    "name != 'churn'", "name IN ('churn', 'x')", "version_number = 1", "version_number > 1",
    "version_number >= 2 and name = 'churn'", "run_id = 'x'", "tags.n = '1'", "tag.n = '1'",
    "tags.n != '1'", "tags.nothing != 'x'", "bogus = 1", "name", "source_path LIKE 'nothing%'",
]  # fmt: skip
VERSION_ORDERS = [
    ["name DESC"], ["version_number ASC"], ["version_number DESC", "name ASC"],
    ["creation_timestamp ASC"], ["last_updated_timestamp DESC"], ["bogus"],
]  # fmt: skip
MODEL_FILTERS = [
    "", "name = 'q1'", "name LIKE 'q%'", "name ILIKE 'Q%'", "tags.w = 'b'", "tags.w != 'b'",
    "bogus = 'x'",
]  # fmt: skip
MODEL_ORDERS = [["name DESC"], ["last_updated_timestamp DESC"], ["timestamp ASC"], ["bogus"]]


def test_searches(both):
    """Filters, orders, the order without one, and pages."""

    def case(engine, tmp):
        call = registered(tmp, 3, engine)
        for name, tag in (("q2", "b"), ("q1", "a"), ("other", "c")):
            time.sleep(0.002)  # MLflow sorts by milliseconds
            call.client.create_registered_model(name, {"w": tag})
            call.client.create_model_version(name, call.source(), call.run_id, {"n": 1})
        time.sleep(0.002)
        call.client.update_model_version("churn", 1, "touched")

        versions = lambda found: [(v.name, int(v.version)) for v in found]  # noqa: E731
        names = lambda found: [m.name for m in found]  # noqa: E731
        for text in VERSION_FILTERS:
            ordered = {"order_by": ["name ASC", "version_number ASC"]}
            call("search_model_versions", text, show=versions, **ordered)
        call("search_model_versions", show=versions)
        for order in VERSION_ORDERS:
            call("search_model_versions", "", 100, order, show=versions)
        for text in MODEL_FILTERS:
            call("search_registered_models", text, show=names)
        for order in MODEL_ORDERS:
            call("search_registered_models", "", 100, order, show=names)
        page = call("search_registered_models", max_results=3, show=names)
        call.answers.append(
            names(call.client.search_registered_models(max_results=3, page_token=page.token))
        )
        call("search_model_versions", "", -1)
        return plain(call.answers, call)

    same(both, case)


def test_times(both):
    """What counts as an update: not a tag, not an alias; of the model also what versions do."""

    def case(engine, tmp):
        call = registered(tmp, 2, engine)
        client, changed = call.client, []
        steps = {
            "tag of model": lambda: client.set_registered_model_tag("churn", "k", 1),
            "tag of version": lambda: client.set_model_version_tag("churn", 1, "k", 1),
            "alias": lambda: client.set_registered_model_alias("churn", "best", 1),
            "description": lambda: client.update_registered_model("churn", "x"),
            "description of version": lambda: client.update_model_version("churn", 1, "x"),
            "stage": lambda: client.transition_model_version_stage("churn", 1, "Staging"),
            "deleted": lambda: client.delete_model_version("churn", 2),
            "created": lambda: client.create_model_version("churn", call.source(), call.run_id),
        }

        def times():
            return (
                client.get_registered_model("churn").last_updated_timestamp,
                client.get_model_version("churn", 1).last_updated_timestamp,
                client.get_model_version("churn", 1).creation_timestamp,
            )

        for name, step in steps.items():
            before = times()
            time.sleep(0.002)
            step()
            changed.append((name, [a != b for a, b in zip(before, times(), strict=True)]))
        return changed

    same(both, case)


def test_fluent(both):
    """register_model makes the model and counts on; URIs name what they name in MLflow."""

    def case(engine, tmp):
        call = Registry(engine)
        made = [engine.register_model(call.uri, "churn", tags={"k": 1}) for _ in range(2)]
        call.client.transition_model_version_stage("churn", 1, "Production")
        call.client.set_registered_model_alias("churn", "best", 2)
        engine.set_model_version_tag("churn", "2", "t", 1)
        loaded = [
            type(engine.sklearn.load_model(f"models:/churn{uri}")).__name__
            for uri in ("/1", "/Production", "/production", "/latest", "@best")
        ]
        refused = []
        for uri in ("/9", "/Staging", "@nothing", "/Live", ""):
            try:
                engine.pyfunc.load_model(f"models:/churn{uri}")
            except Exception:  # noqa: BLE001 - whatever it is, it is the result
                refused.append(uri)
        found = engine.search_model_versions(filter_string="name = 'churn'")
        facts = [version(v) for v in made] + [sorted(int(v.version) for v in found)]
        return [repr(each).replace(call.run_id, "RUN") for each in [*facts, loaded, refused]]

    same(both, case)


# (what, MLflow's answer, ours); each for a reason that the documentation gives.
DIFFERENCES = [
    # A move that changes nothing would be an event that says nothing.
    ("same stage", "accepted", "INVALID_PARAMETER_VALUE"),
    # models:/churn@7 beside models:/churn/7 would be read wrongly.
    ("alias of digits", "accepted", "INVALID_PARAMETER_VALUE"),
    # They say INTERNAL_ERROR, and mean what was given.
    ("archive for a stage that is not in use", "INTERNAL_ERROR", "INVALID_PARAMETER_VALUE"),
    ("an update without a value", "INTERNAL_ERROR", "INVALID_PARAMETER_VALUE"),
    ("a tag of a stage without a version", "INTERNAL_ERROR", "RESOURCE_DOES_NOT_EXIST"),
    # A version has its own copy of a model: there must be one.
    ("a source that is no model", "accepted", "RESOURCE_DOES_NOT_EXIST"),
    ("a run that is not there", "accepted", "RESOURCE_DOES_NOT_EXIST"),
    # Beyond MLflow's grammar.
    ("or in a filter", "INVALID_PARAMETER_VALUE", "accepted"),
    ("a filter by stage", "INVALID_PARAMETER_VALUE", "accepted"),
]


def test_what_is_different_is_so_on_purpose(both):
    def case(engine, tmp):
        call = registered(tmp, 1, engine)
        client = call.client
        (tmp / "empty").mkdir()
        calls = {
            "same stage": lambda: client.transition_model_version_stage("churn", 1, "None"),
            "alias of digits": lambda: client.set_registered_model_alias("churn", "7", 1),
            "archive for a stage that is not in use": (
                lambda: client.transition_model_version_stage("churn", 1, "Archived", True)
            ),
            "an update without a value": lambda: client.update_model_version("churn", 1),
            "a tag of a stage without a version": (
                lambda: client.set_model_version_tag("churn", None, "k", 1, "Staging")
            ),
            "a source that is no model": (
                lambda: client.create_model_version("churn", str(tmp / "empty"))
            ),
            "a run that is not there": (
                lambda: client.create_model_version("churn", call.source(), "0" * 32)
            ),
            "or in a filter": (lambda: client.search_model_versions("name = 'a' or name = 'b'")),
            "a filter by stage": (lambda: client.search_model_versions("current_stage = 'None'")),
        }
        return {what: said_of(call) for what, call in calls.items()}

    def said_of(call):
        try:
            call()
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is the result
            return getattr(exc, "error_code", type(exc).__name__)
        return "accepted"

    theirs, ours = both(case)
    assert [(what, theirs[what], ours[what]) for what in ours] == DIFFERENCES
