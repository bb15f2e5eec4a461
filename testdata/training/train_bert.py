"""Trains the shipped BERT classifier on Reviews and writes testdata/models/bert-reviews (about nine minutes on one core)."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import BertConfig, BertForSequenceClassification

import language
import shipping

SEED = 20240229
LENGTH = 64
BATCH = 64
POOL = 16  # batches drawn together and sorted by length, so that little of a batch is padding
GROWING = 0.25  # the part of the training in which reviews grow to full length; without it the loss stays at chance


def encode(reviews: list[language.Review], length: int) -> dict[str, np.ndarray]:
    """[CLS] first speech [SEP] answer [SEP], padded to `length`; the answer has token type 1."""
    arrays = {name: np.zeros((len(reviews), length), np.int64)
              for name in ("input_ids", "attention_mask", "token_type_ids")}
    for row, review in enumerate(reviews):
        ids, types = [language.CLS], [0]
        for speaker, words in enumerate(review.speeches):
            ids += [language.ID[word.text] for word in words] + [language.SEP]
            types += [speaker] * (len(words) + 1)
        arrays["input_ids"][row, :len(ids)] = ids
        arrays["attention_mask"][row, :len(ids)] = 1
        arrays["token_type_ids"][row, :len(ids)] = types
    return arrays


def labels(reviews: list[language.Review]) -> np.ndarray:
    return np.array([language.VERDICTS.index(review.verdict) for review in reviews], np.int64)


def meanings(reviews: list[language.Review], length: int) -> np.ndarray:
    """What each noun, verb and adjective means; -100, which the loss ignores, everywhere else."""
    wanted = np.full((len(reviews), length), -100, np.int64)
    for row, review in enumerate(reviews):
        position = 1
        for words in review.speeches:
            for offset, word in enumerate(words):
                if word.meaning:
                    wanted[row, position + offset] = language.MEANINGS.index(word.meaning)
            position += len(words) + 1
    return wanted


def batches(rng: random.Random, steps: int) -> Iterator[list[language.Review]]:
    """Fresh reviews for every step; over the first part of the training the longest allowed grows from ten words."""
    for pool_start in range(0, steps, POOL):
        progress = pool_start / (GROWING * steps)
        most_words = min(LENGTH - 3, 10 + int(progress * (LENGTH - 3 - 10)))
        pool = sorted((language.draw(rng, "training", most_words) for _ in range(POOL * BATCH)), key=lambda review: review.words)
        starts = list(range(0, len(pool), BATCH))
        rng.shuffle(starts)
        for start in starts:
            yield pool[start:start + BATCH]


def sinusoids(positions: int, width: int, size: float) -> torch.Tensor:
    """Where the learned positions start: "the word before" is then one rotation everywhere, not 63 facts to learn."""
    angles = torch.arange(positions)[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
    return size * torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def new_model() -> BertForSequenceClassification:
    model = BertForSequenceClassification(BertConfig(
        vocab_size=len(language.VOCABULARY), hidden_size=128, num_hidden_layers=4, num_attention_heads=4,
        intermediate_size=512, hidden_act="gelu", max_position_embeddings=LENGTH, type_vocab_size=2,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.05,
        pad_token_id=language.PAD, num_labels=len(language.VERDICTS),
        id2label=dict(enumerate(language.VERDICTS)), attn_implementation="eager"))
    with torch.no_grad():
        model.bert.embeddings.position_embeddings.weight.copy_(sinusoids(LENGTH, 128, 0.07))
    return model


def train(model: BertForSequenceClassification, steps: int, rate: float) -> None:
    """Learns the verdict and, by a second head that is thrown away, what each word says.

    The second head reads the last layer but one, which leaves the last to add up.
    """
    tagger = torch.nn.Linear(model.config.hidden_size, len(language.MEANINGS))
    parameters = [*model.parameters(), *tagger.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps, pct_start=0.08)
    model.train()
    began, running = time.time(), np.zeros(2)
    for step, reviews in enumerate(batches(random.Random(SEED), steps), start=1):
        length = 3 + max(review.words for review in reviews)
        inputs = {name: torch.from_numpy(array) for name, array in encode(reviews, length).items()}
        answer = model(**inputs, labels=torch.from_numpy(labels(reviews)), output_hidden_states=True)
        tags = tagger(answer.hidden_states[-2]).flatten(0, 1)
        tag_loss = cross_entropy(tags, torch.from_numpy(meanings(reviews, length)).flatten())
        optimizer.zero_grad()
        (answer.loss + tag_loss).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        running += np.array([answer.loss.item(), tag_loss.item()]) / 100
        if step % 100 == 0:
            print(f"step {step} loss {running.round(4)} seconds {time.time() - began:.0f}", flush=True)
            running = np.zeros(2)
        if step == steps:
            return


def ship(model: BertForSequenceClassification, directory: Path, steps: int) -> None:
    evaluation = language.draw_distinct(random.Random(SEED + 1), "evaluation", LENGTH - 3, 500)
    calibration = language.draw_distinct(random.Random(SEED + 2), "calibration", LENGTH - 3, 64)
    inputs, wanted = encode(evaluation, LENGTH), labels(evaluation)
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "model.onnx"
    shipping.export(model, inputs, {0: "batch"}, file)
    shipping.save_arrays(directory, inputs | {"labels": wanted})
    shipping.save_arrays(directory / "calibration", encode(calibration, LENGTH))
    (directory / "vocab.txt").write_text("".join(f"{word}\n" for word in language.VOCABULARY))
    (directory / "evaluation.tsv").write_text("sentence\tlabel\n" + "".join(
        f"{review.text}\t{label}\n".replace("|", "[SEP]") for review, label in zip(evaluation, wanted, strict=True)))
    logits = shipping.onnxruntime_logits(file, inputs)
    top = np.sort(logits, axis=1)
    shipping.write_manifest(directory, {
        "name": "bert-reviews",
        "task": "classify",
        "origin": "trained here by testdata/training/train_bert.py",
        "seed": SEED,
        "steps": steps,
        "dimensions": {"sequence": LENGTH, "layers": 4, "hidden": 128, "heads": 4, "feed_forward": 512,
                       "vocabulary": len(language.VOCABULARY)},
        "labels": list(language.VERDICTS),
        "samples": {"evaluation": len(evaluation), "calibration": len(calibration)},
        "metric": {
            "name": "accuracy",
            "fp32": float((logits.argmax(1) == wanted).mean()),
            "fp32_per_label": {name: float((logits.argmax(1) == wanted)[wanted == index].mean())
                               for index, name in enumerate(language.VERDICTS)},
            "chance": float(np.bincount(wanted).max() / len(wanted)),
            "median_margin": round(float(np.median(top[:, -1] - top[:, -2])), 4),
            "margins_below_one": int((top[:, -1] - top[:, -2] < 1).sum()),
        },
        "padding": {"shortest": int(inputs["attention_mask"].sum(1).min()),
                    "mean": float(inputs["attention_mask"].sum(1).mean()),
                    "longest": int(inputs["attention_mask"].sum(1).max())},
        "largest_difference_from_pytorch": shipping.disagreement(model, inputs, logits),
    })
    print((directory / "manifest.json").read_text())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--output", type=Path, default=shipping.MODELS / "bert-reviews")
    arguments.add_argument("--steps", type=int, default=3600)
    arguments.add_argument("--rate", type=float, default=1e-3)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    model = new_model()
    train(model, options.steps, options.rate)
    ship(model, options.output, options.steps)


if __name__ == "__main__":
    main()
