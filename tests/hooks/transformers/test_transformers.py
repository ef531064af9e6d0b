"""transformers' Trainer records itself, and trains as it would without."""

from __future__ import annotations

import os
import socket

import pytest
from sklearn.metrics import accuracy_score

import nbtrack
from tests.hooks.boosters import files, steps, values

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from tests.hooks.transformers.small_trainers import (  # noqa: E402 - where it is installed
    Rows,
    model_of,
    tokenizer,
    trainer,
)

Callback = transformers.TrainerCallback


@pytest.fixture(autouse=True)
def _one_thread_and_no_network(monkeypatch):
    torch.set_num_threads(1)

    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def accuracy(predicted):
    return {"accuracy": accuracy_score(predicted.label_ids, predicted.predictions.argmax(-1))}


def logged(made, key):
    """(step, value) of what Trainer has in its own history."""
    return [(each["step"], each[key]) for each in made.state.log_history if key in each]


def points(run, key):
    return list(zip(steps(run, key), values(run, key)))


# --- train


def test_a_training_leaves_every_log(autologged, tmp_path):
    """By global step, under the names that Trainer has; the epoch once a step."""
    made = trainer(tmp_path, eval_strategy="epoch")
    made.train()
    run = autologged.run()

    for key in ("loss", "grad_norm", "learning_rate", "eval_loss", "train_runtime", "train_loss"):
        assert points(run, key) == logged(made, key)
    assert steps(run, "epoch") == [1, 2, 3, 4, 5, 6]
    assert run.info.status == "FINISHED"
    assert "best_iteration" not in run.data.metrics


def test_a_training_leaves_params_and_says_what_was_chosen(autologged, tmp_path):
    """Arguments and config by their own names; tables show what differs from the defaults."""
    trainer(tmp_path, push_to_hub=False, hub_token="hf_secret").train()
    run = autologged.run()
    params = run.data.params

    assert (params["learning_rate"], params["hidden_size"]) == ("0.01", "16")
    assert (params["weight_decay"], params["train_dataset_rows"]) == ("0.0", "24")
    assert not [k for k in params if k.endswith(("_token", "api_key"))]
    assert "hf_secret" not in str(run.data)
    origins = nbtrack.records.origins.origins_of(run.data.tags).params
    chosen = {key for key, origin in origins.items() if origin.name == "CHANGED"}
    assert chosen == {
        *("learning_rate", "num_train_epochs", "vocab_size", "hidden_size"),
        *("num_hidden_layers", "intermediate_size", "num_attention_heads"),
    }
    assert run.info.run_name.startswith("BertForSequenceClassification learning_rate=0.01")
    assert run.data.tags["estimator_name"] == "BertForSequenceClassification"


def test_results_are_the_same_without(autologged, tmp_path):
    """To the last bit; and the Trainer has the callbacks that it had."""
    made = trainer(tmp_path, eval_strategy="epoch")
    before = list(made.callback_handler.callbacks)
    made.train()
    assert made.callback_handler.callbacks == before
    nbtrack.autolog(disable=True)
    bare = trainer(tmp_path, eval_strategy="epoch")
    bare.train()

    for one, other in zip(made.model.state_dict().values(), bare.model.state_dict().values()):
        assert torch.equal(one, other)
    assert made.model.config.to_dict() == bare.model.config.to_dict()
    assert len(autologged.runs()) == 1
    assert transformers.Trainer.train.__module__ == "transformers.trainer"


def test_the_best_model_is_kept(autologged, tmp_path):
    """Which step it is of, that training stopped there, and the weights as restored."""

    class Worse(Callback):
        def on_evaluate(self, args, state, control, metrics, **_):
            metrics["eval_score"] = -abs(state.global_step - 2)

    made = trainer(
        tmp_path, num_train_epochs=4, eval_strategy="steps", eval_steps=1, save_strategy="steps",
        save_steps=1, load_best_model_at_end=True, metric_for_best_model="score",
        greater_is_better=True,
        callbacks=[Worse(), transformers.EarlyStoppingCallback(early_stopping_patience=2)],
    )  # fmt: skip
    made.train()
    run = autologged.run()

    assert run.data.params["early_stopping_patience"] == "2"
    metrics = {k: run.data.metrics[k] for k in ("best_iteration", "stopped_iteration")}
    assert metrics == {"best_iteration": 2, "stopped_iteration": 4}
    assert run.data.metrics["best_score"] == 0
    assert run.data.tags["best_model_checkpoint"].endswith("checkpoint-2")
    kept = nbtrack.transformers.load_model(
        f"runs:/{run.info.run_id}/model", return_type="components"
    )["model"]
    for one, other in zip(kept.state_dict().values(), made.model.state_dict().values()):
        assert torch.equal(one, other)


def test_a_tokenizer_is_kept_with_the_model(autologged, tmp_path):
    """So that the run's model answers texts."""
    made = trainer(tmp_path, processing_class=tokenizer())
    made.train()
    run = autologged.run()
    texts = ["a good film", "bad"]
    found = nbtrack.pyfunc.load_model(f"runs:/{run.info.run_id}/model").predict(texts)
    made.model.eval()
    expected = transformers.pipeline(
        "text-classification", model=made.model, tokenizer=tokenizer()
    )(texts)

    assert found["label"].tolist() == [each["label"] for each in expected]
    scores = [each["score"] for each in expected]
    assert found["score"].tolist() == pytest.approx(scores, abs=1e-6)  # loaded, it lies elsewhere


def test_another_kind_of_model_is_kept_as_torchs(autologged, tmp_path):
    """Trainer takes any module that answers with a loss."""

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, input_ids, labels):
            return {"loss": ((input_ids.float().mean(1) * self.weight - labels) ** 2).mean()}

    made = trainer(tmp_path, model=Plain(), save_strategy="no")
    made.train()
    run = autologged.run()

    kept = nbtrack.pytorch.load_model(f"runs:/{run.info.run_id}/model")
    assert torch.equal(kept["weight"], made.model.weight.detach())


def test_a_model_that_lies_in_several_processes_is_not_saved_by_one(autologged, tmp_path, caplog):
    """It would wait for the others."""

    class Divided(Callback):
        def on_train_end(self, *_, **__):
            made.is_fsdp_enabled = True

    made = trainer(tmp_path, max_steps=1, callbacks=[Divided()])
    made.train()

    assert "lies in several processes" in caplog.text
    assert "model" not in files(autologged.run())
    assert autologged.run().info.status == "FINISHED"


def test_resumed_training_goes_on_with_true_steps(autologged, tmp_path):
    """In a run of its own."""
    trainer(tmp_path, max_steps=3, save_strategy="steps", save_steps=3).train()
    trainer(tmp_path, max_steps=6).train(resume_from_checkpoint=True)

    assert [steps(run, "loss") for run in autologged.runs()] == [[1, 2, 3], [4, 5, 6]]


class Watching(Callback):
    def __init__(self, *, stop_at=None):
        self.seen, self.stop_at = [], stop_at

    def on_log(self, args, state, control, logs, **_):
        self.seen.append((state.global_step, dict(logs)))
        logs.clear()
        control.should_training_stop |= state.global_step == self.stop_at


def test_users_callbacks_see_what_they_saw(autologged, tmp_path):
    """One that empties the logs, or stops the training, takes nothing from the run."""
    mine = Watching(stop_at=2)
    trainer(tmp_path, callbacks=[mine]).train()

    assert steps(autologged.run(), "loss") == [1, 2]
    assert [step for step, _ in mine.seen] == [1, 2, 2]
    assert mine.seen[0][1].keys() == {"loss", "grad_norm", "learning_rate", "epoch"}


@pytest.mark.parametrize("error, status", [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])  # noqa: PT006
def test_a_training_that_fails_keeps_its_points(autologged, tmp_path, error, status):
    """The error is the user's, and the Trainer is as it was."""

    class Failing(Callback):
        def on_step_begin(self, args, state, control, **_):
            if state.global_step == 2:
                raise error("no more")

    made = trainer(tmp_path, callbacks=[Failing()])
    before = list(made.callback_handler.callbacks)
    with pytest.raises(error, match="no more") as raised:
        made.train()
    run = autologged.run()

    assert run.info.status == status
    assert steps(run, "loss") == [1, 2]
    assert made.callback_handler.callbacks == before
    assert not any("nbtrack/hooks" in str(each.path) for each in raised.traceback)


def test_what_fails_before_it_begins_has_its_params(autologged, tmp_path):
    """Known at once, they are written at once."""
    with pytest.raises(ValueError, match="train_dataset"):
        trainer(tmp_path, train_dataset=None).train()

    assert autologged.run().data.params["learning_rate"] == "0.01"


def test_a_wrong_call_is_the_users(autologged, tmp_path):
    """As it would be without us: no run is made."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'epochs'"):
        trainer(tmp_path).train(epochs=3)
    assert autologged.runs() == []


def test_two_trainings_in_one_run_do_not_mix(autologged, tmp_path):
    """The second gets a child."""
    with nbtrack.start_run() as mine:
        trainer(tmp_path, max_steps=1).train()
        trainer(tmp_path, max_steps=2).train()
    own, child = autologged.runs()

    assert (own.info.run_id, child.data.tags["mlflow.parentRunId"]) == (mine.info.run_id,) * 2
    assert [steps(run, "loss") for run in (own, child)] == [[1], [1, 2]]


def test_torch_records_nothing_within(autologged, tmp_path):
    """The loop is Trainer's; one after it is the user's."""
    with nbtrack.start_run():
        trainer(tmp_path, max_steps=2).train()
    assert "train-loss" not in autologged.run().data.metrics
    assert "optimizer_name" not in autologged.run().data.params


def test_only_the_first_process_records(autologged, tmp_path, monkeypatch):
    """The others train the same model."""
    made = trainer(tmp_path, max_steps=1)
    monkeypatch.setattr(made, "is_world_process_zero", lambda: False)
    made.train()

    assert autologged.runs() == []


def test_a_subclass_is_recorded_once(autologged, tmp_path):
    """Also one that has methods of its own around ours."""

    class Own(transformers.Trainer):
        def train(self, *args, **kwargs):
            return super().train(*args, **kwargs)

        def evaluate(self, *args, **kwargs):
            return super().evaluate(*args, **kwargs)

    made = trainer(tmp_path, kind=Own, eval_strategy="epoch")
    made.train()

    assert points(autologged.run(), "eval_loss") == logged(made, "eval_loss")


def test_seq2seq_trainers_are_recorded(autologged, tmp_path):
    """With what they are told beside, and evaluations by methods of their own."""
    config = transformers.T5Config(
        vocab_size=50, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2,
        decoder_start_token_id=0,
    )  # fmt: skip
    rows = [{"input_ids": [5, 6, 7], "labels": [7, 6, 1]}] * 4
    made = transformers.Seq2SeqTrainer(
        model=transformers.T5ForConditionalGeneration(config),
        args=transformers.Seq2SeqTrainingArguments(
            output_dir=str(tmp_path), max_steps=1, logging_steps=1, save_strategy="no",
            disable_tqdm=True, use_cpu=True, report_to="none", predict_with_generate=True,
            generation_max_length=4,
        ),
        train_dataset=rows, eval_dataset=rows,
    )  # fmt: skip
    made.train()
    made.evaluate()
    run = autologged.run()

    assert points(run, "eval_loss") == logged(made, "eval_loss")
    assert run.data.params["predict_with_generate"] == "True"


# --- afterwards


def test_later_evaluations_go_to_the_run_of_the_training(autologged, tmp_path):
    """Also when another run is active; and predictions, by the name that they are given."""
    made = trainer(tmp_path, compute_metrics=accuracy)
    made.train()
    with nbtrack.start_run():
        found = made.evaluate()
        made.predict(Rows(8, seed=2), metric_key_prefix="held_out")
    trained, other = autologged.runs()

    assert points(trained, "eval_accuracy") == [(6, found["eval_accuracy"])]
    assert steps(trained, "held_out_loss") == [6]
    assert other.data.metrics == {}
    origins = nbtrack.records.origins.origins_of(trained.data.tags).metrics
    assert origins["eval_accuracy"].name == "MEASURED"
    assert origins["eval_runtime"].name == "BOOKKEEPING"


def test_an_evaluation_of_what_was_not_trained_is_the_active_runs(autologged, tmp_path):
    """Without one, it makes none."""
    made = trainer(tmp_path)
    made.evaluate()
    assert autologged.runs() == []
    with nbtrack.start_run():
        found = made.evaluate()

    assert points(autologged.run(), "eval_loss") == [(0, found["eval_loss"])]


def test_scores_of_predictions_go_to_the_run_of_the_training(autologged, tmp_path):
    """As those of any model."""
    made = trainer(tmp_path, max_steps=1)
    made.train()
    rows = Rows(8, seed=2)
    predicted = made.predict(rows).predictions.argmax(-1)
    with nbtrack.start_run():
        score = accuracy_score(rows.labels.numpy(), predicted)
    trained, other = autologged.runs()

    assert trained.data.metrics["accuracy_score_rows"] == score
    assert other.data.metrics == {}


# --- others


def test_a_search_has_its_trials_as_children(autologged, tmp_path):
    """By Optuna's hook: each with its params, its losses and its evaluation."""
    pytest.importorskip("optuna")

    def init(trial=None):
        return model_of(hidden_size=16 if trial is None else 8 * (1 + trial.number))

    made = trainer(
        tmp_path, model=None, model_init=init, max_steps=2, eval_strategy="steps", eval_steps=1,
        compute_metrics=accuracy,
    )  # fmt: skip
    best = made.hyperparameter_search(
        hp_space=lambda trial: {"learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-2)},
        n_trials=2,
        backend="optuna",
        compute_objective=lambda metrics: metrics["eval_loss"],
    )
    study = next(run for run in autologged.runs() if "mlflow.parentRunId" not in run.data.tags)
    trials = autologged.children(study.info.run_id)

    assert len(trials) == len(autologged.runs()) - 1 == 2
    assert [steps(trial, "loss") for trial in trials] == [[1, 2]] * 2
    assert len({trial.data.params["learning_rate"] for trial in trials}) == 2
    assert sorted(trial.data.params["hidden_size"] for trial in trials) == ["16", "8"]
    for trial in trials:
        assert trial.data.tags["estimator_name"] == "BertForSequenceClassification"
        assert trial.data.metrics["value"] == trial.data.metrics["eval_loss"]
        assert not [key for key in trial.data.metrics if key.startswith("accuracy_score")]
    assert study.data.metrics["best_value"] == best.objective


def test_accelerate_loops_are_plain_loops(autologged):
    """Recorded as any loop of PyTorch."""
    accelerate = pytest.importorskip("accelerate")
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    accelerator = accelerate.Accelerator(cpu=True)
    with nbtrack.start_run():
        model, optimizer = accelerator.prepare(model, optimizer)
        seen = []
        for _ in range(3):
            loss = model(torch.ones(2, 4)).pow(2).mean()
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            seen.append(loss.item())
    run = autologged.run()

    assert values(run, "train-loss") == seen
    assert run.data.params["optimizer_name"] == "SGD"


@pytest.mark.slow
def test_mlflows_own_callback_works_beside(autologged, tmp_path, monkeypatch):
    """Who reports to MLflow has its run too, and ours is what it would be."""
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment(experiment_id="0")  # not that of another test, which is remembered
    made = trainer(tmp_path, max_steps=2, report_to="mlflow")
    made.train()
    (theirs,) = mlflow.search_runs(output_format="list")
    run = autologged.run()

    assert theirs.data.metrics["loss"] == run.data.metrics["loss"]
    left_out = {"hub_token", "hub_private_repo"}
    assert set(theirs.data.params) - set(run.data.params) == left_out


def test_flags_take_effect(autologged, tmp_path):
    """Of its own autolog, and of all."""
    nbtrack.transformers.autolog(log_models=False, extra_tags={"by": "me"})
    trainer(tmp_path, max_steps=1).train()

    assert "model" not in files(autologged.run())
    assert autologged.run().data.tags["by"] == "me"


def test_off_is_off(autologged, tmp_path):
    """The methods are transformers' own again."""
    nbtrack.autolog(disable=True)
    trainer(tmp_path, max_steps=1).train()

    assert autologged.runs() == []
    assert not hasattr(transformers.Trainer.train, "__wrapped__")
