"""Trains the shipped supernet on this repository's own Java, letter by letter, and writes testdata/models/supernet-java
(about ten minutes on one core).

One set of weights for a space of decoders: a sub-network takes the first `layers` layers, the first `hidden` channels
of the residual stream, and of each layer the first `heads` heads and the first `feed_forward` neurons. Every step sums
the gradients of the largest, the smallest and two random sub-networks (the sandwich rule of BigNAS, arXiv 2003.11142).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import shipping

SEED = 20240601
LENGTH = 64
BATCH = 32
LETTERS = "\n" + "".join(map(chr, range(32, 127)))  # the id of a letter is its place
WIDTH = 16  # of a head, in every sub-network
SPACE = {"layers": [2, 3, 4], "hidden": [48, 64, 80, 96], "heads": [2, 3, 4, 5, 6],
         "feed_forward": [64, 96, 128, 160, 192, 224, 256]}


@dataclass(frozen=True)
class Genome:
    """The sizes of one sub-network: channels, and (heads, neurons) of each layer."""

    hidden: int
    layers: tuple[tuple[int, int], ...]

    @staticmethod
    def draw(choose) -> Genome:
        return Genome(choose(SPACE["hidden"]), tuple(
            (choose(SPACE["heads"]), choose(SPACE["feed_forward"])) for _ in range(choose(SPACE["layers"]))))


LARGEST, SMALLEST = Genome.draw(max), Genome.draw(min)


def norm(layer: nn.LayerNorm, x: torch.Tensor) -> torch.Tensor:
    size = x.shape[-1]
    return functional.layer_norm(x, (int(size),), layer.weight[:size], layer.bias[:size], layer.eps)


def linear(layer: nn.Linear, x: torch.Tensor, outputs: int, inputs: int) -> torch.Tensor:
    return functional.linear(x, layer.weight[:outputs, :inputs], layer.bias[:outputs])


class Layer(nn.Module):
    def __init__(self, hidden: int, heads: int, neurons: int) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.query, self.key, self.value = (nn.Linear(hidden, heads * WIDTH) for _ in range(3))
        self.out = nn.Linear(heads * WIDTH, hidden)
        self.up, self.down = nn.Linear(hidden, neurons), nn.Linear(neurons, hidden)

    def forward(self, x: torch.Tensor, mask: torch.Tensor, hidden: int, heads: int, neurons: int) -> torch.Tensor:
        normal = norm(self.norm_1, x)
        query, key, value = (linear(part, normal, heads * WIDTH, hidden).unflatten(-1, (heads, WIDTH)).transpose(1, 2)
                             for part in (self.query, self.key, self.value))
        scores = query @ key.transpose(2, 3) / WIDTH ** 0.5
        weights = torch.softmax(scores.masked_fill(mask, torch.finfo(scores.dtype).min), -1)
        x = x + linear(self.out, (weights @ value).transpose(1, 2).flatten(2), hidden, heads * WIDTH)
        inner = functional.gelu(linear(self.up, norm(self.norm_2, x), neurons, hidden))
        return x + linear(self.down, inner, hidden, neurons)


class Supernet(nn.Module):
    """A decoder with normalization before each block, whose head is its embedding."""

    def __init__(self) -> None:
        super().__init__()
        hidden = LARGEST.hidden
        self.token, self.position = nn.Embedding(len(LETTERS), hidden), nn.Embedding(LENGTH, hidden)
        self.layers = nn.ModuleList(Layer(hidden, *sizes) for sizes in LARGEST.layers)
        self.norm = nn.LayerNorm(hidden)
        self.register_buffer("future", torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1))
        for part in self.modules():
            if isinstance(part, (nn.Linear, nn.Embedding)):
                nn.init.normal_(part.weight, std=0.02)
            if isinstance(part, nn.Linear):
                nn.init.zeros_(part.bias)

    def forward(self, input_ids: torch.Tensor, genome: Genome = LARGEST) -> torch.Tensor:
        length, hidden = input_ids.shape[1], genome.hidden
        mask = self.future[:length, :length]
        x = self.token(input_ids)[..., :hidden] + self.position.weight[:length, :hidden]
        for layer, sizes in zip(self.layers, genome.layers):
            x = layer(x, mask, hidden, *sizes)
        return functional.linear(norm(self.norm, x), self.token.weight[:, :hidden])


class Exported(nn.Module):
    """The largest sub-network; the exporter would make a graph input of the genome."""

    def __init__(self, supernet: Supernet) -> None:
        super().__init__()
        self.supernet = supernet

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.supernet(input_ids)


def corpus(root: Path) -> dict[str, np.ndarray]:
    """The sources as ids, each file in the set that a hash of its path says."""
    code = {letter: index for index, letter in enumerate(LETTERS)}
    sets: dict[str, list[int]] = {"training": [], "search": [], "evaluation": [], "calibration": []}
    for path in sorted(root.glob("*/src/*/java/**/*.java")):
        name = path.relative_to(root).as_posix()
        held_out = {0: "search", 1: "evaluation", 2: "calibration"}.get(zlib.crc32(name.encode()) % 24, "training")
        sets[held_out] += [code.get(letter, code["?"]) for letter in path.read_text()]
    return {name: np.array(ids, np.int64) for name, ids in sets.items()}


def windows(rng: random.Random, text: np.ndarray, count: int) -> np.ndarray:
    """Stretches of the text, one letter longer than the model reads, from anywhere."""
    starts = [rng.randrange(len(text) - LENGTH) for _ in range(count)]
    return np.stack([text[start:start + LENGTH + 1] for start in starts])


def train(model: Supernet, text: np.ndarray, steps: int, rate: float) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps, pct_start=0.05)
    places, choices = random.Random(SEED), random.Random(SEED + 1)
    began, running = time.time(), {"largest": 0.0, "smallest": 0.0}
    for step in range(1, steps + 1):
        rows = torch.from_numpy(windows(places, text, BATCH))
        ids, wanted = rows[:, :-1], rows[:, 1:].flatten()
        optimizer.zero_grad()
        for name, genome in (("largest", LARGEST), ("smallest", SMALLEST),
                             ("", Genome.draw(choices.choice)), ("", Genome.draw(choices.choice))):
            loss = functional.cross_entropy(model(ids, genome).flatten(0, 1), wanted)
            loss.backward()
            if name:
                running[name] += loss.item() / 100
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"step {step} " + " ".join(f"{name} {loss:.4f}" for name, loss in running.items())
                  + f" seconds {time.time() - began:.0f}", flush=True)
            running = dict.fromkeys(running, 0.0)


def perplexity(logits: np.ndarray, wanted: np.ndarray) -> float:
    top = logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp((logits - top).astype(np.float64)).sum(-1)) + top[..., 0]
    return float(np.exp((log_sum - np.take_along_axis(logits, wanted[..., None], -1)[..., 0]).mean()))


def measured(model: Supernet, inputs: np.ndarray, wanted: np.ndarray, genomes: list[Genome]) -> dict[str, float]:
    """Perplexities of sub-networks by PyTorch, for others to compare theirs with."""
    found = {}
    with torch.no_grad():
        for genome in genomes:
            logits = model.eval()(torch.from_numpy(inputs), genome).numpy()
            name = f"{genome.hidden}:" + ",".join(f"{heads}x{neurons}" for heads, neurons in genome.layers)
            found[name] = perplexity(logits, wanted)
    return found


def ship(model: Supernet, text: dict[str, np.ndarray], directory: Path, steps: int) -> None:
    rows = {name: windows(random.Random(SEED + 2 + i), text[name], count)
            for i, (name, count) in enumerate((("evaluation", 256), ("search", 128), ("calibration", 64)))}
    inputs, wanted = rows["evaluation"][:, :-1], rows["evaluation"][:, 1:]
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "model.onnx"
    shipping.export(Exported(model), {"input_ids": inputs}, {0: "batch", 1: "sequence"}, file)
    shipping.save_arrays(directory, {"input_ids": inputs, "labels": wanted})
    shipping.save_arrays(directory / "search", {"input_ids": rows["search"][:, :-1], "labels": rows["search"][:, 1:]})
    shipping.save_arrays(directory / "calibration", {"input_ids": rows["calibration"][:, :-1]})
    logits = shipping.onnxruntime_logits(file, {"input_ids": inputs})
    choices = random.Random(SEED + 5)
    genomes = [LARGEST, SMALLEST, *(Genome.draw(choices.choice) for _ in range(4))]
    with torch.no_grad():
        expected = model.eval()(torch.from_numpy(inputs)).numpy()
    shipping.write_manifest(directory, {
        "name": "supernet-java",
        "task": "lm",
        "origin": "trained here by testdata/training/train_supernet.py on the Java of this repository",
        "seed": SEED,
        "steps": steps,
        "corpus": {name: {"letters": len(ids), "sha256": hashlib.sha256(ids.astype("<i8").tobytes()).hexdigest()}
                   for name, ids in text.items()},
        "dimensions": {"sequence": LENGTH, "layers": len(LARGEST.layers), "hidden": LARGEST.hidden,
                       "heads": LARGEST.layers[0][0], "head_width": WIDTH, "feed_forward": LARGEST.layers[0][1],
                       "vocabulary": len(LETTERS)},
        "space": SPACE,
        "samples": {name: len(ids) for name, ids in rows.items()},
        "metric": {"name": "perplexity", "fp32": perplexity(logits, wanted), "chance": len(LETTERS)},
        "sub_networks": {"windows": 16, "perplexity": measured(model, inputs[:16], wanted[:16], genomes)},
        "largest_difference_from_pytorch": float(np.abs(expected - logits).max()),
    })
    print((directory / "manifest.json").read_text())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--output", type=Path, default=shipping.MODELS / "supernet-java")
    arguments.add_argument("--sources", type=Path, default=Path(__file__).resolve().parents[2],
                           help="a checkout; the manifest has the hash of the text it held")
    arguments.add_argument("--steps", type=int, default=2500)
    arguments.add_argument("--rate", type=float, default=2e-3)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    text = corpus(options.sources)
    model = Supernet()
    train(model, text["training"], options.steps, options.rate)
    ship(model, text, options.output, options.steps)


if __name__ == "__main__":
    main()
