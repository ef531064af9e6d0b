"""transformers' models: what MLflow saved loads here, and the other way round."""

from __future__ import annotations

import inspect
import os
import socket

import pandas as pd
import pytest
import yaml

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotLoaded

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tests.hooks.transformers.small_trainers import SIZES, model_of, tokenizer  # noqa: E402

TEXTS = ["a good film", "bad", "a dull bad film"]
SIZES = {**SIZES, "num_attention_heads": 2, "vocab_size": 11}  # as many as the tokenizer has


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    torch.set_num_threads(1)

    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def pipeline():
    return made("text-classification", model_of())


def made(task, model):
    return transformers.pipeline(task, model=model.eval(), tokenizer=tokenizer())


def save(given, folder, **kwargs):
    nbtrack.transformers.save_model(given, folder, **kwargs)
    return str(folder)


def saved_by_mlflow(given, folder, monkeypatch, **kwargs):
    """Without its questions to the hub."""
    theirs = pytest.importorskip("mlflow.transformers")
    monkeypatch.setattr(theirs, "_fetch_model_card", lambda _: None)
    monkeypatch.setattr(theirs, "_write_license_information", lambda *_: None)
    theirs.save_model(given, str(folder), pip_requirements=[], **kwargs)
    return str(folder)


def same(found, expected):
    """But for what where a number lies in the memory does to a sum: loading moves them."""
    found = found.to_dict(orient="records") if isinstance(found, pd.DataFrame) else found
    labels, scores = ([each[key] for each in expected] for key in ("label", "score"))
    assert [each["label"] for each in found] == labels
    assert [each["score"] for each in found] == pytest.approx(scores, abs=1e-6)


@pytest.mark.parametrize(
    "given",
    [
        "a good film", TEXTS, {"text": TEXTS}, pd.DataFrame({"anything": TEXTS}),
        pd.DataFrame({"text": TEXTS, "text_pair": TEXTS[::-1]}),
    ],
    ids=["str", "list", "dict", "frame", "pairs"],
)  # fmt: skip
def test_a_classifier_answers_texts(pipeline, tmp_path, given):
    """A label and a score for each."""
    loaded = nbtrack.pyfunc.load_model(save(pipeline, tmp_path / "m"))
    asked = given
    if isinstance(given, pd.DataFrame):
        pairs = given.to_dict(orient="records")
        asked = pairs if len(given.columns) == 2 else TEXTS
    expected = pipeline(TEXTS if isinstance(given, dict) else asked)

    same(loaded.predict(given), expected)


def test_params_go_to_the_pipeline(pipeline, tmp_path):
    """In place of those that the model was logged with."""
    folder = save(pipeline, tmp_path / "m", model_config={"function_to_apply": "none"})
    loaded = nbtrack.pyfunc.load_model(folder)

    same(loaded.predict(TEXTS), pipeline(TEXTS, function_to_apply="none"))
    same(loaded._predictor.predict(TEXTS, {"function_to_apply": "softmax"}), pipeline(TEXTS))


def test_a_pipeline_comes_back_and_its_components(pipeline, tmp_path):
    """By the classes that they had; the weights are safetensors, and there is no pickle."""
    folder = save(pipeline, tmp_path / "m")
    loaded = nbtrack.transformers.load_model(folder)
    parts = nbtrack.transformers.load_model(folder, return_type="components")

    same(loaded(TEXTS), pipeline(TEXTS))
    for one, other in zip(loaded.model.state_dict().values(), pipeline.model.state_dict().values()):
        assert torch.equal(one, other)
    assert parts.keys() == {"task", "model", "tokenizer"}
    assert type(parts["model"]) is type(pipeline.model)
    names = {file.name for file in (tmp_path / "m").rglob("*") if file.is_file()}
    assert "model.safetensors" in names
    assert not [name for name in names if name.endswith((".bin", ".pkl", ".pt", ".pth"))]


def test_saving_and_loading_say_nothing(pipeline, tmp_path, capfd, caplog):
    """transformers tells of each file, and draws a bar: it does so again afterwards."""
    transformers.utils.logging.set_verbosity_info()
    nbtrack.transformers.load_model(save(pipeline, tmp_path / "m"), return_type="components")
    verbosity = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.set_verbosity_warning()

    assert verbosity == transformers.utils.logging.INFO
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


def test_a_dict_of_components_is_taken(tmp_path):
    """The task is told by the class of the model; what is given stays as it is."""
    model = model_of()
    before = model.config.to_dict()
    folder = save({"model": model, "tokenizer": tokenizer()}, tmp_path / "m", input_example=TEXTS)
    loaded = nbtrack.pyfunc.load_model(folder)

    assert len(loaded.predict(TEXTS)) == 3
    assert loaded.metadata.flavors["transformers"]["task"] == "text-classification"
    assert loaded.metadata.signature is not None
    assert model.config.to_dict() == before
    assert model.training


def test_a_model_alone_is_kept_without_pyfunc(tmp_path, caplog):
    """With a word on why; it comes back as components."""
    folder = save({"model": model_of()}, tmp_path / "m")

    assert "without a tokenizer" in caplog.text
    assert "model" in nbtrack.transformers.load_model(folder, return_type="components")
    with pytest.raises(ModelNotLoaded, match="return_type='components'"):
        nbtrack.transformers.load_model(folder)


TASKS = {
    "text-classification": lambda: model_of(),
    "fill-mask": lambda: transformers.BertForMaskedLM(transformers.BertConfig(**SIZES)),
    "token-classification": lambda: transformers.BertForTokenClassification(
        transformers.BertConfig(**SIZES)
    ),
    "text-generation": lambda: transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=11, n_embd=16, n_layer=1, n_head=2, eos_token_id=0, bos_token_id=2
        )
    ),
    "feature-extraction": lambda: transformers.BertModel(transformers.BertConfig(**SIZES)),
}
ASKED = {"fill-mask": ["a [MASK] film", "bad [MASK]"]}


@pytest.fixture(params=TASKS, ids=str)
def task(request):
    return request.param


def pipeline_for(task):
    torch.manual_seed(0)
    return made(task, TASKS[task]())


@pytest.mark.slow
def test_mlflow_loads_what_nbtrack_saved(task, tmp_path):
    """And answers as ours does, to the last bit."""
    theirs = pytest.importorskip("mlflow.transformers")
    pipeline, asked = pipeline_for(task), ASKED.get(task, TEXTS)
    config = {"do_sample": False, "max_new_tokens": 4} if task == "text-generation" else None
    folder = save(pipeline, tmp_path / "m", model_config=config)
    mine = nbtrack.pyfunc.load_model(folder).predict(asked)
    other = pytest.importorskip("mlflow.pyfunc").load_model(folder).predict(asked)

    assert _plain(mine) == _plain(other)
    assert type(theirs.load_model(folder)) is type(pipeline)


@pytest.mark.slow
def test_nbtrack_loads_what_mlflow_saved(task, tmp_path, monkeypatch):
    """With the same answers; and the facts in MLmodel are the same."""
    pipeline, asked = pipeline_for(task), ASKED.get(task, TEXTS)
    folder = saved_by_mlflow(pipeline, tmp_path / "theirs", monkeypatch)
    save(pipeline, tmp_path / "ours", pip_requirements=[])
    quick = {"do_sample": False, "max_new_tokens": 4} if task == "text-generation" else {}
    mine, other = (
        nbtrack.pyfunc.load_model(each)._predictor.predict(asked, quick)
        for each in (tmp_path / "ours", folder)
    )

    assert _plain(mine) == _plain(other)
    ours, theirs = (
        yaml.safe_load((tmp_path / side / "MLmodel").read_text())["flavors"]
        for side in ("ours", "theirs")
    )
    assert ours["transformers"] == theirs["transformers"]


def _plain(answers):
    if isinstance(answers, pd.DataFrame):
        return answers.to_dict(orient="records")
    return answers.tolist() if hasattr(answers, "tolist") else answers


def test_code_of_the_models_own_runs_only_if_asked(pipeline, tmp_path):
    """MLflow runs whatever a folder says."""
    folder = save(pipeline, tmp_path / "m")
    (tmp_path / "m/model/evil.py").write_text("raise SystemExit('it ran')\n")
    file = tmp_path / "m/MLmodel"
    file.write_text(file.read_text().replace("BertForSequenceClassification", "EvilModel"))
    config = tmp_path / "m/model/config.json"
    config.write_text(config.read_text().replace("{", '{"auto_map": {"AutoModel": "evil.E"},', 1))

    with pytest.raises(ModelNotLoaded, match="trust_remote_code=True"):
        nbtrack.transformers.load_model(folder)
    with pytest.raises(ModelNotLoaded, match="trust_remote_code=True"):
        nbtrack.pyfunc.load_model(folder)


def test_code_of_the_models_own_runs_if_asked(pipeline, tmp_path, monkeypatch):
    """Its class is found as the config says."""
    from transformers import dynamic_module_utils

    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "cache"))
    folder = save(pipeline, tmp_path / "m")
    base = "BertForSequenceClassification"
    (tmp_path / "m/model/own.py").write_text(
        f"from transformers import {base}\n\n\nclass Own({base}):\n    pass\n"
    )
    config = tmp_path / "m/model/config.json"
    auto = '{"auto_map": {"AutoModelForSequenceClassification": "own.Own"},'
    config.write_text(config.read_text().replace("{", auto, 1))
    file = tmp_path / "m/MLmodel"
    file.write_text(file.read_text().replace(base, "Own"))

    loaded = nbtrack.transformers.load_model(folder, trust_remote_code=True)
    assert type(loaded.model).__name__ == "Own"
    same(loaded(TEXTS), pipeline(TEXTS))


def test_pickled_weights_are_not_read(pipeline, tmp_path):
    """Also where there is nothing else."""
    folder = save(pipeline, tmp_path / "m")
    (tmp_path / "m/model/model.safetensors").unlink()
    torch.save(pipeline.model.state_dict(), tmp_path / "m/model/pytorch_model.bin")

    with pytest.raises(ModelNotLoaded, match="safetensors"):
        nbtrack.transformers.load_model(folder)


def test_a_logged_model_is_in_its_run(pipeline):
    """And the registry knows it."""
    with nbtrack.start_run():
        nbtrack.transformers.log_model(
            pipeline, name="m", input_example=TEXTS, registered_model_name="critic",
            model_card="# A critic",
        )  # fmt: skip
    loaded = nbtrack.pyfunc.load_model("models:/critic/1")

    same(loaded.predict(TEXTS), pipeline(TEXTS))
    assert loaded.predict(pd.DataFrame({"0": TEXTS})).shape == (3, 2)


def test_the_arguments_are_mlflows():
    """By name and default; prompts are for MLflow's registry of them, and PEFT's bases are files
    that are not kept."""
    theirs = pytest.importorskip("mlflow.transformers")
    ours = {"run_id", "extra_files", "trust_remote_code"}
    for function in ("log_model", "save_model", "load_model"):
        mine, other = (
            {
                p.name: p.default
                for p in inspect.signature(getattr(side, function)).parameters.values()
            }
            for side in (nbtrack.transformers, theirs)
        )
        left_out = {"prompts"} | ({"base_model_path"} if function == "load_model" else set())
        assert mine.keys() - ours == other.keys() - left_out
        kept = other.keys() - left_out - {"await_registration_for"}
        assert all(mine[name] == other[name] for name in kept)


@pytest.mark.parametrize(
    ("given", "options", "why"),
    [
        ({}, {}, "is no pipeline of transformers"),
        ({"model": 1, "vocabulary": 2}, {}, "no component 'vocabulary'"),
        (None, {"save_pretrained": False}, "keeps the weights"),
        (None, {"prompt_template": "{prompt}"}, "takes no prompt_template"),
        (None, {"task": "llm/v1/chat"}, "no models for 'llm/v1/chat'"),
    ],
)
def test_what_cannot_be_kept_is_refused(pipeline, tmp_path, given, options, why):
    """Before anything is written."""
    with pytest.raises(InvalidValue, match=why):
        save(pipeline if given is None else given, tmp_path / "m", **options)
    assert not (tmp_path / "m").exists()
