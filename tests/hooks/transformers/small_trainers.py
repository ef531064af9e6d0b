"""A Trainer of a tiny BERT, and a tokenizer for it: made here, nothing is downloaded."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.utils.data import Dataset
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
)

SIZES = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 1, "intermediate_size": 16}
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "good", "bad", "dull", "fine", "film"]


class Rows(Dataset[Any]):
    def __init__(self, n: int = 24, *, seed: int = 0) -> None:
        made = torch.Generator().manual_seed(seed)
        self.words = torch.randint(5, 50, (n, 6), generator=made)
        self.labels = (self.words.sum(1) > 165).long()

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, place: int) -> dict[str, Any]:
        return {"input_ids": self.words[place], "labels": self.labels[place]}


def model_of(**sizes: Any) -> Any:
    torch.manual_seed(0)
    return BertForSequenceClassification(BertConfig(num_attention_heads=2, **SIZES | sizes))


def arguments(folder: Any, **kwargs: Any) -> TrainingArguments:
    """Two epochs of three steps each."""
    given = {
        "num_train_epochs": 2, "per_device_train_batch_size": 8, "learning_rate": 0.01,
        "logging_steps": 1, "save_strategy": "no", "disable_tqdm": True, "use_cpu": True,
        "report_to": "none",
    }  # fmt: skip
    return TrainingArguments(output_dir=str(folder), **{**given, **kwargs})


def trainer(folder: Any, *, kind: type = Trainer, **kwargs: Any) -> Any:
    own = {name: kwargs.pop(name) for name in list(kwargs) if name in _OF_TRAINER}
    own = {"model": model_of(), "train_dataset": Rows(), "eval_dataset": Rows(8, seed=1)} | own
    return kind(args=arguments(folder, **kwargs), **own)


_OF_TRAINER = {
    "model", "model_init", "train_dataset", "eval_dataset", "callbacks", "compute_metrics",
    "processing_class", "optimizers",
}  # fmt: skip


def tokenizer() -> Any:
    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "pad", "cls", "sep", "mask")}
    return PreTrainedTokenizerFast(tokenizer_object=made, **names)
