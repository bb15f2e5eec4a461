"""Writes small random-weight Transformers of many families, exporters and opsets, each with ONNX Runtime's answer.

FAMILY-EXPORTER-OPSET.onnx, where EXPORTER is `script` (TorchScript) or `dynamo` and FAMILY ends in `sdpa` where the model calls
PyTorch's scaled_dot_product_attention, in `past` where keys and values come in and go out. Beside it FAMILY-EXPORTER-OPSET.npz
holds one array per graph input and output, under its ONNX name.
"""

from __future__ import annotations

import argparse
import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from transformers.cache_utils import DynamicCache

import shipping

SEED = 20240303
VOCABULARY, WIDTH, LAYERS, HEADS, INNER, POSITIONS = 50, 24, 2, 3, 40, 16  # no multiple of 16 among the widths
BATCH, LENGTH, PADDED, PAST = 2, 8, 3, 4
SCRIPT_OPSETS, DYNAMO_OPSETS = (11, 14, 17), (18, 20)
COMMITTED = ("bert-script-11", "bert-dynamo-18", "bert-sdpa-script-14", "roberta-script-14", "distilbert-script-17",
             "albert-script-14", "electra-dynamo-20", "gpt2-script-11", "gpt2-sdpa-dynamo-20", "gpt2-past-script-14",
             "opt-script-17", "gptneo-script-14")

ENCODER_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


@dataclass(frozen=True)
class Family:
    """How to build a model, and which inputs it is exported with."""

    name: str
    model: Callable[[], torch.nn.Module]
    inputs: tuple[str, ...]
    output: str
    output_axes: dict[int, str]
    past: bool


def family(name: str, model: str, config: str, inputs: tuple[str, ...] = ("input_ids", "attention_mask"),
           attention: str = "eager", past: bool = False, **sizes) -> Family:
    def build() -> torch.nn.Module:
        settings = getattr(transformers, config)(
            vocab_size=VOCABULARY, bos_token_id=2, eos_token_id=3, pad_token_id=1, use_cache=past, **sizes)
        settings._attn_implementation = attention
        built = getattr(transformers, model)(settings)
        with torch.no_grad():  # biases of zero and gammas of one would hide mistakes
            for vector in (parameter for parameter in built.parameters() if parameter.dim() == 1):
                vector.add_(0.2 * torch.randn_like(vector))
        return built

    output = "last_hidden_state" if model == "BertModel" else "logits"
    axes = {0: "batch"} if "SequenceClassification" in model else {0: "batch", 1: "sequence"}
    return Family(name, build, inputs, output, axes, past)


BERT_SIZES = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
              "intermediate_size": INNER, "max_position_embeddings": POSITIONS, "initializer_range": 0.2}
GPT2_SIZES = {"n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS, "n_inner": INNER, "n_positions": POSITIONS,
              "initializer_range": 0.2}

FAMILIES = (
    family("bert", "BertForSequenceClassification", "BertConfig", ENCODER_INPUTS, **BERT_SIZES),
    family("bert-sdpa", "BertModel", "BertConfig", ENCODER_INPUTS, attention="sdpa", **BERT_SIZES),
    family("roberta", "RobertaForTokenClassification", "RobertaConfig", **BERT_SIZES),
    family("distilbert", "DistilBertForSequenceClassification", "DistilBertConfig", dim=WIDTH, n_layers=LAYERS,
           n_heads=HEADS, hidden_dim=INNER, max_position_embeddings=POSITIONS, initializer_range=0.2),
    family("albert", "AlbertForSequenceClassification", "AlbertConfig", ENCODER_INPUTS, embedding_size=16, **BERT_SIZES),
    family("electra", "ElectraForSequenceClassification", "ElectraConfig", ENCODER_INPUTS, embedding_size=16,
           **BERT_SIZES),
    family("gpt2", "GPT2LMHeadModel", "GPT2Config", **GPT2_SIZES),
    family("gpt2-sdpa", "GPT2LMHeadModel", "GPT2Config", attention="sdpa", **GPT2_SIZES),
    family("gpt2-past", "GPT2LMHeadModel", "GPT2Config", past=True, **GPT2_SIZES),
    family("opt", "OPTForCausalLM", "OPTConfig", hidden_size=WIDTH, num_hidden_layers=LAYERS,
           num_attention_heads=HEADS, ffn_dim=INNER, max_position_embeddings=POSITIONS, word_embed_proj_dim=WIDTH,
           init_std=0.2),
    family("gptneo", "GPTNeoForCausalLM", "GPTNeoConfig", hidden_size=WIDTH, num_layers=LAYERS, num_heads=HEADS,
           intermediate_size=INNER, max_position_embeddings=POSITIONS, window_size=4,
           attention_types=[[["global", "local"], 1]], initializer_range=0.2),
)


class Exported(torch.nn.Module):
    """A model that takes tensors in the order of their ONNX names and answers with tensors alone."""

    def __init__(self, model: torch.nn.Module, names: tuple[str, ...], past: bool):
        super().__init__()
        self.model, self.names, self.past = model, names, past

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        plain = dict(zip(self.names, tensors, strict=False))
        if not self.past:
            answer = self.model(**plain)
            return (answer[0],)
        caches = tensors[len(self.names):]
        answer = self.model(**plain, past_key_values=DynamicCache(list(zip(caches[::2], caches[1::2], strict=True))))
        present = [tensor for layer in answer.past_key_values.layers for tensor in (layer.keys, layer.values)]
        return (answer.logits, *present)


def example(entry: Family) -> dict[str, np.ndarray]:
    random = np.random.default_rng(SEED)
    mask = np.ones((BATCH, LENGTH), np.int64)
    mask[1, LENGTH - PADDED:] = 0
    ids = np.where(mask == 1, random.integers(4, VOCABULARY, mask.shape), 1)
    types = np.zeros_like(ids)
    types[:, LENGTH // 2:] = 1
    arrays = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types * mask}
    chosen = {name: arrays[name] for name in entry.inputs}
    if entry.past:
        chosen["attention_mask"] = np.concatenate([np.ones((BATCH, PAST), np.int64), mask], axis=1)
        for name in cache_names("past_key_values"):
            chosen[name] = random.standard_normal((BATCH, HEADS, PAST, WIDTH // HEADS)).astype(np.float32)
    return chosen


def cache_names(prefix: str) -> list[str]:
    return [f"{prefix}.{layer}.{part}" for layer in range(LAYERS) for part in ("key", "value")]


def input_axes(entry: Family) -> dict[str, dict[int, str]]:
    axes = {name: {0: "batch", 1: "sequence"} for name in entry.inputs}
    if entry.past:
        axes["attention_mask"] = {0: "batch", 1: "past_and_sequence"}
        axes |= {name: {0: "batch", 2: "past"} for name in cache_names("past_key_values")}
    return axes


def export(entry: Family, exporter: str, opset: int, file: Path) -> None:
    torch.manual_seed(SEED)
    inputs = example(entry)
    module = Exported(entry.model().eval(), entry.inputs, entry.past).eval()
    tensors = tuple(torch.from_numpy(array) for array in inputs.values())
    outputs = [entry.output, *(cache_names("present") if entry.past else [])]
    call = functools.partial(torch.onnx.export, module, tensors, file, input_names=list(inputs), output_names=outputs,
                             opset_version=opset)
    axes = input_axes(entry)
    if exporter == "script":
        call(dynamo=False, dynamic_axes=axes | {entry.output: entry.output_axes})
    else:
        call(dynamo=True, external_data=False, dynamic_shapes=(tuple(axes[name] for name in inputs),), verbose=False)
    strip(file)


def strip(file: Path) -> None:
    """Takes out stack traces: they name paths of the machine that exported."""
    model = onnx.load(file)
    graphs = [model.graph, *model.functions]
    for holder in (*graphs, *(node for graph in graphs for node in graph.node), *model.graph.input,
                   *model.graph.output, *model.graph.value_info, *model.graph.initializer):
        holder.ClearField("metadata_props")
        holder.ClearField("doc_string")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, file)


def answer(file: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    wanted = {value.name for value in session.get_inputs()}
    given = {name: array for name, array in inputs.items() if name in wanted}
    names = [value.name for value in session.get_outputs()]
    return given | dict(zip(names, session.run(names, given), strict=True))


def exports(entry: Family) -> list[tuple[str, int]]:
    """TorchScript knows scaled_dot_product_attention from opset 14 on."""
    least = 14 if "sdpa" in entry.name else 0
    return [("script", opset) for opset in SCRIPT_OPSETS if opset >= least] + [
        ("dynamo", opset) for opset in DYNAMO_OPSETS]


def write(entry: Family, exporter: str, opset: int, directory: Path) -> str:
    """One model with its answer; says how it went."""
    name = f"{entry.name}-{exporter}-{opset}"
    file = directory / f"{name}.onnx"
    try:
        export(entry, exporter, opset, file)
        np.savez(directory / f"{name}.npz", **answer(file, example(entry)))
    except Exception as failure:  # an exporter that cannot do a family is a fact of the zoo, not a reason to stop
        file.unlink(missing_ok=True)
        return f"{name}: not exported: {type(failure).__name__}: {str(failure).splitlines()[0][:150]}"
    return f"{name}: {len(onnx.load(file).graph.node)} nodes, {file.stat().st_size} bytes"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("--committed", action="store_true", help="only those in testdata/models/zoo")
    options = arguments.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for entry in FAMILIES:
        for exporter, opset in exports(entry):
            if not options.committed or f"{entry.name}-{exporter}-{opset}" in COMMITTED:
                print(write(entry, exporter, opset, options.directory), flush=True)
    shipping.write_manifest(options.directory, {
        "name": "zoo", "origin": "random weights, made here by testdata/training/export_zoo.py", "seed": SEED},
        exporter="torch.onnx.export, TorchScript and dynamo")


if __name__ == "__main__":
    main()
