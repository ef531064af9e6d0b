"""The pages of a server: who comes in, and what each may see and change there, whatever his page
sends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nbtrack import MlflowClient
from nbtrack.errors import GateFailed, NotAllowed
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.model_registry.gates import remove_gate, require_gate
from nbtrack.panels.artifacts.messages import QUESTIONS as ARTIFACTS
from nbtrack.panels.charts_tab.messages import QUESTIONS as CHARTS
from nbtrack.panels.compare.messages import QUESTIONS as COMPARE
from nbtrack.panels.registry.messages import QUESTIONS as REGISTRY
from nbtrack.panels.runs.allowed import allowed
from nbtrack.panels.runs.messages import QUESTIONS as RUNS
from nbtrack.records.runs import RunData, RunInputs
from nbtrack.records.tags import PARENT_TAG
from nbtrack.server.grants import EXPERIMENT, MODEL, Grant
from nbtrack.server.pages.rights import UsersRights
from nbtrack.server.pages.users_store import store_of_user
from nbtrack.server.roles import Role
from nbtrack.server.served import Served
from nbtrack.server.users import Users
from tests.server.asking import API, ask
from tests.server.pages_of_users import HIDDEN, Line, fill, log_in, opened
from tests.support.team_server import TeamServer

pytest.importorskip("websockets")

ASKED = sorted({*RUNS, *CHARTS, *COMPARE, *ARTIFACTS, *REGISTRY})
MODEL_OF_OTHERS = "theirs"  # its name: whoever asks has it
NAMES = {"open": "open", HIDDEN: MODEL_OF_OTHERS}


class World(NamedTuple):
    address: str
    users: Users
    client: MlflowClient
    tokens: dict[str, str]
    mine: str  # a run of the experiment "open"
    theirs: str  # a run of that which is nobody's business
    their_experiment: str
    own_experiment: str

    def cookie(self, who: str) -> str:
        return log_in(self.address, who, self.tokens[who])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("pages") / ".nbtrack"
    client = MlflowClient(folder.as_uri())
    made = {name: fill(client, name, model) for name, model in NAMES.items()}
    users = Users(folder)
    tokens = {str(role): users.add(str(role), role) for role in Role}
    of = {
        "looks": [Grant(kind=kind, name="open", role=Role.VIEWER) for kind in (EXPERIMENT, MODEL)],
        "edits": [Grant(kind=EXPERIMENT, name="open", role=Role.EDITOR),
                  Grant(kind=MODEL, name="open", role=Role.APPROVER)],
        "models": [Grant(kind=MODEL, name="open", role=Role.VIEWER)],
    }  # fmt: skip
    tokens |= {who: users.add(who, None, grants=grants) for who, grants in of.items()}
    server = TeamServer(folder)
    own, theirs = client.get_run(made["open"]).info, client.get_run(made[HIDDEN]).info
    yield World(
        server.address, users, client, tokens, made["open"], made[HIDDEN],
        theirs.experiment_id, own.experiment_id,
    )  # fmt: skip
    assert server.stop() == 0


def about(run_id: str, experiment_id: str, model: str) -> dict[str, Any]:
    """The arguments of any question, about these."""
    return {
        "run": run_id, "runs": [run_id], "ids": [run_id], "before": run_id, "after": run_id,
        "baseline": run_id, "experiments": [experiment_id], "experiment": experiment_id,
        "columns": ["run_name"], "keys": ["loss"], "key": "k", "text": "changed",
        "what": "rename", "path": "a.txt", "name": model, "version": "1", "against": "1",
        "stage": "Staging", "from": "None", "others": [], "reason": "why", "offset": 0,
        "stamp": "", "metric": "loss", "filter": "", "quick": {}, "sort": [], "page": 0,
        "group": "", "unfolded": {}, "places": {run_id: 0}, "layout": None, "only": "",
        "zoom": None,
    }  # fmt: skip


# What a question may be besides.
FORMS: dict[str, list[dict[str, Any]]] = {
    "edit": [{"what": w} for w in ("note", "set_tag", "delete_tag", "pin", "baseline")],
    "registry_edit": [{"what": w} for w in ("describe", "set_tag", "set_alias")],
    "registry_register": [{"path": "model"}, {"path": "model", "name": "open"}],
    "code": [{"what": w} for w in ("model", "rerun", "frame")],
    "artifact_preview": [{"path": "model/MLmodel"}, {"path": "../"}],
    "compare_causes": [{"before": "", "after": ""}],
    "page": [{"deleted": True}, {"experiments": None}],
}


def everything(line: Line, arguments: dict[str, Any]) -> None:
    """Each question in all its forms; what a page asks first comes first."""
    for do in ("opened", "start", *(each for each in ASKED if each not in ("start", "closed"))):
        for form in ({}, *FORMS.get(do, [])):
            line.ask(do, **{**arguments, **form, "on": True})


# --- what he sees


def test_a_viewer_sees_all_and_changes_nothing(world: World) -> None:
    """Whatever his page sends: all of it is as it was, and the audit log has each try."""
    before = state_of(world)
    with opened(world.address, "runs", world.cookie("viewer")) as line:
        everything(line, about(world.theirs, world.their_experiment, MODEL_OF_OTHERS))
        refused = [each for each in line.heard if "this takes" in str(each.get("error"))]
        shown = line.ask("details", run=world.theirs)["result"]

    assert shown["name"] == f"{HIDDEN} 2"
    assert {each["do"] for each in refused} >= {
        "edit", "tag", "delete", "columns", "registry_edit", "registry_move", "registry_register",
    }  # fmt: skip
    assert state_of(world) == before
    audit = (Path(world.users._file).parent / "audit.jsonl").read_text()
    noted = [json.loads(each) for each in audit.splitlines()]
    assert ("viewer", "/line/runs/edit", 403) in {(n["who"], n["path"], n["status"]) for n in noted}


def state_of(world: World) -> str:
    """All that there is, as text."""
    client, store = world.client, world.client._store
    experiments = client.search_experiments()
    runs = client.search_runs([each.experiment_id for each in experiments], run_view_type=3)
    models = client.search_registered_models()
    return repr((experiments, sorted(map(repr, runs)), models, store.registry_events()))


@pytest.mark.parametrize("who", ["looks", "edits", "models"])
def test_of_others_nobody_hears_a_word(world: World, who: str) -> None:
    """By no question of any panel, asked about a run, an experiment and a model of others, and by
    nothing that is told without being asked."""
    theirs = about(world.theirs, world.their_experiment, MODEL_OF_OTHERS)
    own = about(world.mine, world.own_experiment, "open")
    both = {
        **own,
        "runs": [world.mine, world.theirs],
        "after": world.theirs,
        "experiments": [world.own_experiment, world.their_experiment],
    }
    before = state_of(world)
    for panel in ("runs", *(("registry", "frame") if who == "looks" else ())):
        with opened(world.address, panel, world.cookie(who)) as line:
            everything(line, theirs)
            if panel == "runs":
                everything(line, both)
            for sought in ("hush", "name like '%hush%'", "not open", f"id = {world.theirs}"):
                line.ask("page", **{**own, "experiments": None, "filter": sought})
            for group in ("experiment", "status", "tags.mlflow.user"):
                line.ask("page", **{**own, "experiments": None, "group": group})
            line.ask("page", **{**own, "experiments": None, "sort": [["run_name", True]]})
            assert [each for each in line.heard if HIDDEN in json.dumps(each)] == [], panel
            assert len(line.heard) >= len(ASKED)
    assert about_others(world) == about_others(world, before)


def about_others(world: World, state: str | None = None) -> int:
    """How much there is that says HIDDEN: less, if one of them was changed."""
    return (state or state_of(world)).count(HIDDEN)


def test_news_of_others_reach_nobody(world: World) -> None:
    """Of a run that begins in an experiment of others, not even that there is one more."""
    with opened(world.address, "runs", world.cookie("looks")) as line:
        line.ask("opened")
        line.ask("start")
        first = line.ask("page", **about(world.mine, world.own_experiment, "open"))["result"]
        for experiment in (world.their_experiment, world.own_experiment):
            made = world.client.create_run(experiment, run_name=f"late of {experiment}")
            world.client.set_terminated(made.info.run_id)
        world.client._store.flush()
        news = line.until("page")["result"]
        while news["all"] == first["all"]:
            news = line.until("page")["result"]

    assert news["all"] == first["all"] + 1
    assert f"late of {world.own_experiment}" in str(line.heard)
    assert world.their_experiment not in str(line.heard)


def test_news_of_other_models_reach_nobody(world: World) -> None:
    """What is told are changes of his own: of theirs, not even that it is one change more."""
    store = world.client._store
    with opened(world.address, "registry", world.cookie("looks")) as line:
        for do in ("opened", "start"):
            line.ask(do)
        for n, name in enumerate(("open", MODEL_OF_OTHERS, MODEL_OF_OTHERS, "open")):
            world.client.update_registered_model(name, f"words {n} of {name}")
            time.sleep(1)  # in which it would have been told: a look is each half second
        told = line.until("registry")["result"]["events"]
        while told < store.registry_head().number:
            told = line.until("registry")["result"]["events"]
        numbers = {each["result"]["events"] for each in line.heard if "push" in each}

    assert numbers <= {each.n for each in store.registry_events(name="open")}


def test_his_own_is_all_there(world: World) -> None:
    """Places, runs, details, files, comparison, charts and his model."""
    with opened(world.address, "frame", world.cookie("looks")) as line:
        places = line.ask("start")["result"]
    assert [each["name"] for each in places["experiments"]] == ["open"]
    assert (places["models"], places["user"]) == (1, "looks")
    with opened(world.address, "runs", world.cookie("looks")) as line:
        arguments = about(world.mine, world.own_experiment, "open")
        line.ask("start")
        told = {do: line.ask(do, **arguments) for do in (
            "page", "details", "artifacts", "artifact_preview", "artifact_download", "sparklines",
            "csv", "registry_models", "registry_model", "registry_version", "charts", "code",
        )}  # fmt: skip
    code = told.pop("code")
    assert {do: each["error"] for do, each in told.items() if "error" in each} == {}
    assert "no code for" in code["error"]  # of what is asked here
    assert "open text" in str(told["artifact_preview"])
    assert [each["name"] for each in told["registry_models"]["result"]["models"]] == ["open"]
    assert str(world.users._file.parent.parent) not in str(told)


def test_who_may_edit_some_edits_these(world: World) -> None:
    with opened(world.address, "runs", world.cookie("edits")) as line:
        line.ask("start")
        own = line.ask("edit", run=world.mine, what="set_tag", key="note", text="mine")
        others = line.ask("edit", run=world.theirs, what="set_tag", key="note", text="mine")
        came_from = world.client.get_model_version("open", "1").current_stage
        move = {**about(world.mine, "", "open"), "from": came_from, "stage": "Archived"}
        moved = line.ask("registry_move", **move)
        kept = line.ask("registry_move", **about(world.theirs, "", MODEL_OF_OTHERS))

    assert own["result"]["tags"]["note"] == "mine"
    assert moved["result"] == {"version": "1", "stage": "Archived"}
    assert "error" in others
    assert "error" in kept
    assert "note" not in world.client.get_run(world.theirs).data.tags
    events = world.client._store.registry_events(name="open")
    assert events[-1].actor == "edits"


def test_each_is_offered_what_he_may(world: World) -> None:
    """By the same rules as it is refused: for all, for some, and at once when he may do more."""
    may = {who: offered(world, who) for who in ("viewer", "editor", "approver", "looks", "edits")}

    assert may["viewer"] == may["looks"] == dict.fromkeys(may["viewer"], False)
    assert may["approver"] == dict.fromkeys(may["viewer"], True)
    assert may["editor"] == may["approver"] | {"moves": False, "moves others": False}
    others = {each: False for each in may["viewer"] if "others" in each}
    assert may["edits"] == may["approver"] | others | {"keeps choices of all": False}
    token = world.users.add(
        "rises", None, grants=[Grant(kind=EXPERIMENT, name="open", role=Role.VIEWER)]
    )
    with opened(world.address, "runs", log_in(world.address, "", token)) as line:
        line.ask("opened")
        line.ask("start")
        arguments = {**about(world.mine, world.own_experiment, "open"), "filter": ""}
        before = line.ask("page", **arguments)["result"]["readOnly"]
        world.users.grant("rises", [Grant(kind=EXPERIMENT, name="open", role=Role.EDITOR)])
        after = line.until("page")["result"]["readOnly"]

    assert (before, after) == ([world.own_experiment], [])


def offered(world: World, who: str) -> dict[str, bool]:
    """What the pages of *who* say that he may do; "others" is about what is not "open"."""
    own, theirs = world.own_experiment, world.their_experiment
    with opened(world.address, "runs", world.cookie(who)) as line:
        line.ask("start")
        mine, others = ask_all(line, world.mine, own, "open"), {}
        if who not in ("looks", "edits"):
            others = ask_all(line, world.theirs, theirs, MODEL_OF_OTHERS)
        of_all = line.ask("page", **about("", "", "") | {"experiments": None})["result"]
    named = {f"{name} others": others.get(name, False) for name in mine if name != "registers"}
    return {**mine, **named, "keeps choices of all": of_all["keepsChoices"]}


def ask_all(line: Line, run_id: str, experiment: str, model: str) -> dict[str, bool]:
    arguments = about(run_id, experiment, model)
    told = {do: line.ask(do, **arguments)["result"] for do in (
        "page", "details", "registry_model", "registry_models", "registry_models_of_run",
    )}  # fmt: skip
    page, details, shown = told["page"], told["details"], told["registry_model"]
    [of_model] = [each for each in told["registry_models"]["models"] if each["name"] == model]
    assert (experiment not in page["readOnly"]) == page["keepsChoices"] == details["mayEdit"]
    assert of_model["mayEdit"] == shown["mayEdit"]
    assert details["mayRegister"] == told["registry_models_of_run"]["mayRegister"]
    return {
        "edits": details["mayEdit"], "says of models": shown["mayEdit"],
        "moves": shown["mayMove"], "registers": details["mayRegister"],
    }  # fmt: skip


def test_a_role_for_a_model_alone_is_one(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one for the experiment of its run, of which nothing is told but what the version has
    kept, and what a gate asks: its answer, as whoever moves the version is told it."""
    grants = [Grant(kind=MODEL, name="open", role=Role.APPROVER)]
    token = world.users.add("approves", None, grants=grants)
    about_it = about(world.mine, world.own_experiment, "open")
    rule = "metrics.open_loss < 100"
    with opened(world.address, "registry", log_in(world.address, "", token)) as line:
        shown, compared = (line.ask(f"registry_{do}", **about_it) for do in ("version", "compare"))
        described = line.ask("registry_edit", **{**about_it, "what": "describe", "text": "good"})
        move = {**about_it, "from": world.client.get_model_version("open", "1").current_stage}
        moved = line.ask("registry_move", **move)
        require_gate(world.client._store, "open", "Production", rule)
        world.client.set_tag(world.mine, "told", "to nobody")
        world.client._store.flush()
        to_production = {**move, "from": "Staging", "stage": "Production"}
        checked = line.ask("registry_move_check", **to_production)["result"]
        gated = line.ask("registry_move", **to_production)
        require_gate(world.client._store, "open", "Archived", "metrics.open_loss > 100", "other")
        failed = line.ask(
            "registry_move", **to_production | {"from": "Production", "stage": "Archived"}
        )
        refused = [
            line.ask(do, **about_it) for do in ("registry_register", "registry_models_of_run")
        ]
        to_archived = {"name": "open", "version": "1", "stage": "Archived"}
        path, bearer = f"{API}model-versions/transition-stage", f"Bearer {token}"
        _, over_http = ask(world.address, path, to_archived, Authorization=bearer)
        monkeypatch.setenv("NBTRACK_TOKEN", token)
        monkeypatch.setenv("NBTRACK_SERVERS_DIR", str(tmp_path))
        with pytest.raises(GateFailed, match=r"open_loss of version 1 is 2\.33"):
            MlflowClient(world.address).transition_model_version_stage("open", "1", "Archived")
        told = MlflowClient(world.address).check_gate("open", "1", "Archived")
        for stage in ("Production", "Archived"):
            remove_gate(world.client._store, "open", stage)

    assert ["run id", world.mine] in shown["result"]["facts"]  # and not that it was deleted
    assert "open 2" not in str(shown["result"]["facts"])
    assert "error" not in compared
    assert described["result"] is None
    assert moved["result"] == {"version": "1", "stage": "Staging"}
    assert [each["verdict"] for each in checked["gate"]["checks"]] == ["passed"]
    assert gated["result"] == {"version": "1", "stage": "Production"}
    assert "metrics.open_loss of version 1 is 2.33" in failed["error"]
    assert over_http["kind"] == "GateFailed"  # by the same rules
    assert (told.is_known, told.is_passed) == (False, False)
    assert "the server does when the version is moved" in told.summary
    assert [check.text for check in told.checks][1:] == ["approved by another person"]
    assert "the server knows who moves it" in told.summary
    assert all("error" in each for each in refused)
    for word in ("open_param", "open 2", "to nobody", world.own_experiment):
        assert word not in str([checked, gated, failed, refused])
    version = world.client.get_model_version("open", "1")
    assert (version.current_stage, version.description) == ("Production", "good")


def test_children_say_which_of_them_are_read_only(world: World) -> None:
    """They may be ticked without having been on a page."""
    experiment = world.client.create_experiment("family")
    parent = world.client.create_run(experiment).info.run_id
    child = world.client.create_run(experiment, tags={PARENT_TAG: parent}).info.run_id
    world.client._store.flush()
    told = []
    for who in ("viewer", "editor"):
        with opened(world.address, "runs", world.cookie(who)) as line:
            line.ask("start")
            told.append(line.ask("children", runs=[parent])["result"])

    assert told == [{"ids": [child], "readOnly": [child]}, {"ids": [child], "readOnly": []}]


def test_of_many_experiments_rights_are_looked_up_at_once(world: World) -> None:
    """For each page, and each news of it: once in all, and not at all for who edits none."""
    served = Served(world.users._file.parent.parent.as_uri())
    looks, snapshot = [], served.store._snapshot
    served.store._snapshot = lambda *args: looks.append(1) or snapshot(*args)
    rows = [{"experiment": each} for each in (world.own_experiment, world.their_experiment, "9")]
    told = {}
    for who in ("viewer", "looks", "edits", "editor"):
        user = world.users.all()[who]
        may = allowed(UsersRights(served, lambda user=user: user), rows, [world.own_experiment])
        told[who] = (may["keepsChoices"], len(may["readOnly"]), len(looks))

    assert told == {
        "viewer": (False, 3, 0), "looks": (False, 3, 0), "edits": (True, 2, 1),
        "editor": (True, 0, 1),
    }  # fmt: skip


def test_a_gate_is_told_what_its_rules_ask(world: World) -> None:
    """And nothing else of the run; of runs of other models nothing at all."""
    grants = [Grant(kind=MODEL, name="open", role=Role.APPROVER)]
    world.users.add("at.gate", None, grants=grants)
    user = world.users.all()["at.gate"]
    served = Served(world.users._file.parent.parent.as_uri())
    rights = UsersRights(served, lambda: user)
    own = store_of_user(served, lambda: user, uri="file:///nowhere", noted=lambda _: None)
    store = rights.at_gate(own, "open")
    without_gate = store.get_run(world.mine).data
    require_gate(world.client._store, "open", "Production", "metrics.open_loss < 100")
    run = store.get_run(world.mine)
    remove_gate(world.client._store, "open", "Production")

    assert without_gate == RunData()
    assert run.data == RunData(metrics={"open_loss": pytest.approx(2 + 1 / 3)})
    assert (run.info.run_name, run.info.experiment_id, run.info.artifact_uri) == (None, "", "")
    assert run.inputs == RunInputs()
    for asked in (
        lambda: store.get_run(world.theirs),
        lambda: rights.at_gate(own, MODEL_OF_OTHERS).get_run(world.theirs),
        lambda: own.get_run(world.mine),
        lambda: store.read_metrics(world.mine, "open_loss"),
    ):
        with pytest.raises(NotAllowed):
            asked()


def test_a_run_that_names_files_of_others(world: World) -> None:
    """Its record says that its artifacts are another run's, or any folder of the machine."""
    for place in (world.client.get_run(world.theirs).info.artifact_uri, "/etc", "file:///etc"):
        run = world.client.create_run(world.own_experiment, run_name="thief").info
        world.client._store.append(lines.run_line(run.run_id, t=now_us(), artifact_uri=place))
        world.client._store.flush()
        assert world.client.get_run(run.run_id).info.artifact_uri == place
        for who in ("looks", "viewer"):
            with opened(world.address, "runs", world.cookie(who)) as line:
                line.ask("start")
                for do in ("artifacts", "artifact_preview", "artifact_download"):
                    for path in (f"{HIDDEN}.txt", "passwd"):
                        told = line.ask(do, run=run.run_id, path=path, offset=0)
                        content = str((told.get("result") or {}).get("content", "")) + str(
                            (told.get("result") or {}).get("data", "")
                        )
                        assert not content
                        assert HIDDEN not in str(told.get("result"))
                        assert "root:" not in str(told)
                        assert "error" in told or told["result"]["files"] == []


def test_what_a_page_appends_is_kept_as_it_was_let_through(world: World) -> None:
    """A text that is not what its digest says, as over HTTP, is nobody's."""
    served = Served(world.users._file.parent.parent.as_uri())
    user, false = world.users.all()["edits"], "a" * 64
    store = store_of_user(served, lambda: user, uri="file:///nowhere", noted=lambda _: None)
    store.append(lines.text_line(false, "steal()", t=now_us()))
    served.store.flush()

    assert served.store.read_texts([false]) == {}
