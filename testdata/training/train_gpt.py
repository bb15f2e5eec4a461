"""Trains the shipped GPT on Reviews, word by word, and writes testdata/models/gpt-reviews (about four minutes on one core)."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

import language
import shipping

SEED = 20240301
LENGTH = 64
BATCH = 16
IGNORED = -100  # the label of a position after which nothing is to be predicted
EQUALS = language.ID["="]


def document(review: language.Review) -> list[int]:
    """[CLS] first speech [SEP] answer = verdict [SEP]"""
    ids = [language.CLS]
    for index, words in enumerate(review.speeches):
        ids += ([language.SEP] if index else []) + [language.ID[word.text] for word in words]
    return [*ids, EQUALS, language.ID[review.verdict], language.SEP]


def windows(rng: random.Random, split: str) -> Iterator[list[int]]:
    """As many whole documents as fit; what is left of a window stays empty."""
    window: list[int] = []
    while True:
        ids = document(language.draw(rng, split, LENGTH - 5))
        if len(window) + len(ids) > LENGTH:
            yield window
            window = []
        window += ids


def encode(rows: list[list[int]]) -> dict[str, np.ndarray]:
    inputs = {"input_ids": np.full((len(rows), LENGTH), language.PAD, np.int64),
              "attention_mask": np.zeros((len(rows), LENGTH), np.int64)}
    for row, ids in enumerate(rows):
        inputs["input_ids"][row, :len(ids)] = ids
        inputs["attention_mask"][row, :len(ids)] = 1
    return inputs


def labels(rows: list[list[int]]) -> np.ndarray:
    """At each position the next token, already shifted."""
    wanted = np.full((len(rows), LENGTH), IGNORED, np.int64)
    for row, ids in enumerate(rows):
        wanted[row, :len(ids) - 1] = ids[1:]
    return wanted


def take(stream: Iterator[list[int]], count: int) -> list[list[int]]:
    return [row for row, _ in zip(stream, range(count), strict=False)]


class Decoder(GPT2LMHeadModel):
    """GPT-2 with the two inputs that are exported; the exporter would make a graph input of every other default."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor):
        return super().forward(input_ids=input_ids, attention_mask=attention_mask)


def new_model() -> Decoder:
    return Decoder(GPT2Config(
        vocab_size=len(language.VOCABULARY), n_positions=LENGTH, n_embd=128, n_layer=4, n_head=4, n_inner=512,
        activation_function="gelu_new", embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0, tie_word_embeddings=True,
        bos_token_id=language.CLS, eos_token_id=language.SEP, pad_token_id=language.PAD, use_cache=False,
        attn_implementation="eager"))


def train(model: Decoder, steps: int, rate: float) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps, pct_start=0.05)
    stream = windows(random.Random(SEED), "training")
    model.train()
    began, running = time.time(), 0.0
    for step in range(1, steps + 1):
        rows = take(stream, BATCH)
        logits = model(**{name: torch.from_numpy(array) for name, array in encode(rows).items()}).logits
        loss = cross_entropy(logits.flatten(0, 1), torch.from_numpy(labels(rows)).flatten(), ignore_index=IGNORED)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        running += loss.item() / 100
        if step % 100 == 0:
            print(f"step {step} loss {running:.4f} seconds {time.time() - began:.0f}", flush=True)
            running = 0.0


def measured(logits: np.ndarray, inputs: dict[str, np.ndarray], wanted: np.ndarray) -> dict:
    scored = wanted != IGNORED
    top = logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp((logits - top).astype(np.float64)).sum(-1)) + top[..., 0]
    loss = log_sum - np.take_along_axis(logits, np.maximum(wanted, 0)[..., None], -1)[..., 0]
    right = logits.argmax(-1) == wanted
    verdicts = scored & (inputs["input_ids"] == EQUALS)
    return {
        "name": "perplexity",
        "fp32": float(np.exp(loss[scored].mean())),
        "chance": len(language.VOCABULARY),
        "top_1_accuracy": float(right[scored].mean()),
        "verdict_accuracy": float(right[verdicts].mean()),
        "verdict_chance": 1 / len(language.VERDICTS),
        "scored_tokens": int(scored.sum()),
        "verdicts": int(verdicts.sum()),
    }


def ship(model: Decoder, directory: Path, steps: int) -> None:
    evaluation = take(windows(random.Random(SEED + 1), "evaluation"), 100)
    calibration = take(windows(random.Random(SEED + 2), "calibration"), 64)
    inputs, wanted = encode(evaluation), labels(evaluation)
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "model.onnx"
    shipping.export(model, inputs, {0: "batch", 1: "sequence"}, file)
    shipping.save_arrays(directory, inputs | {"labels": wanted})
    shipping.save_arrays(directory / "calibration", encode(calibration))
    (directory / "vocab.txt").write_text("".join(f"{word}\n" for word in language.VOCABULARY))
    logits = shipping.onnxruntime_logits(file, inputs)
    shipping.write_manifest(directory, {
        "name": "gpt-reviews",
        "task": "lm",
        "origin": "trained here by testdata/training/train_gpt.py",
        "seed": SEED,
        "steps": steps,
        "dimensions": {"sequence": LENGTH, "layers": 4, "hidden": 128, "heads": 4, "feed_forward": 512,
                       "vocabulary": len(language.VOCABULARY)},
        "ignored_label": IGNORED,
        "samples": {"evaluation": len(evaluation), "calibration": len(calibration)},
        "metric": measured(logits, inputs, wanted),
        "padding": {"shortest": int(inputs["attention_mask"].sum(1).min()),
                    "mean": float(inputs["attention_mask"].sum(1).mean()),
                    "longest": int(inputs["attention_mask"].sum(1).max())},
        "largest_difference_from_pytorch": shipping.disagreement(model, inputs, logits),
    })
    print((directory / "manifest.json").read_text())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--output", type=Path, default=shipping.MODELS / "gpt-reviews")
    arguments.add_argument("--steps", type=int, default=1600)
    arguments.add_argument("--rate", type=float, default=1.5e-3)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    model = new_model()
    train(model, options.steps, options.rate)
    ship(model, options.output, options.steps)


if __name__ == "__main__":
    main()
