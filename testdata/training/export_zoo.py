"""Writes small random-weight Transformers of many families, exporters and opsets, each with ONNX Runtime's answer.

With --variants also what ONNX Runtime's tools make of them: optimized, in half precision, with external data, quantized in
several ways (`qdq`, `qoperator`, `dynamic`, `4bit`).

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
from onnxruntime import quantization
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.transformers import float16, optimizer
from transformers.cache_utils import DynamicCache

import shipping

SEED = 20240303
VOCABULARY, WIDTH, LAYERS, HEADS, INNER, POSITIONS = 50, 24, 2, 3, 40, 16  # no multiple of 16 among the widths
BATCH, LENGTH, PADDED, PAST = 2, 8, 3, 4
SCRIPT_OPSETS, DYNAMO_OPSETS = (11, 13, 14, 17), (18, 20, 23)
COMMITTED = ("bert-script-11", "bert-dynamo-18", "bert-sdpa-script-14", "roberta-script-14", "distilbert-script-17",
             "albert-script-14", "electra-dynamo-20", "gpt2-script-11", "gpt2-sdpa-dynamo-20", "gpt2-past-script-14",
             "opt-script-17", "gptneo-script-14")
COMMITTED_VARIANTS = ("bert-script-11-qdq",)

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

    output = "last_hidden_state" if model in ("BertModel", "T5EncoderModel") else "logits"
    axes = {0: "batch"} if "SequenceClassification" in model else {0: "batch", 1: "sequence"}
    return Family(name, build, inputs, output, axes, past)


BERT_SIZES = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
              "intermediate_size": INNER, "max_position_embeddings": POSITIONS, "initializer_range": 0.2}
GPT2_SIZES = {"n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS, "n_inner": INNER, "n_positions": POSITIONS,
              "initializer_range": 0.2}

OPT_SIZES = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "ffn_dim": INNER,
             "max_position_embeddings": POSITIONS, "word_embed_proj_dim": WIDTH, "init_std": 0.2}
NEO_SIZES = {"hidden_size": WIDTH, "num_layers": LAYERS, "num_heads": HEADS, "intermediate_size": INNER,
             "max_position_embeddings": POSITIONS, "window_size": 4, "attention_types": [[["global", "local"], 1]],
             "initializer_range": 0.2}
DISTIL_SIZES = {"dim": WIDTH, "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": INNER,
                "max_position_embeddings": POSITIONS, "initializer_range": 0.2}
ROBERTA_SIZES = BERT_SIZES | {"max_position_embeddings": POSITIONS + 2}
MOBILE_SIZES = BERT_SIZES | {"num_attention_heads": 4, "embedding_size": 16, "intra_bottleneck_size": 16,
                             "num_feedforward_networks": 2}
LLAMA_SIZES = BERT_SIZES | {"num_key_value_heads": HEADS}

BERT = family("bert-sdpa", "BertModel", "BertConfig", ENCODER_INPUTS, attention="sdpa", **BERT_SIZES)
FAMILIES = (
    family("bert", "BertForSequenceClassification", "BertConfig", ENCODER_INPUTS, **BERT_SIZES),
    BERT,
    family("bert-mlm", "BertForMaskedLM", "BertConfig", ENCODER_INPUTS, **BERT_SIZES),
    family("bert-tokens", "BertForTokenClassification", "BertConfig", ENCODER_INPUTS, attention="sdpa", **BERT_SIZES),
    family("bert-relu", "BertForSequenceClassification", "BertConfig", ENCODER_INPUTS,
           **(BERT_SIZES | {"hidden_act": "relu"})),
    family("bert-gelu-new", "BertForSequenceClassification", "BertConfig", ENCODER_INPUTS, attention="sdpa",
           **(BERT_SIZES | {"hidden_act": "gelu_new"})),
    family("bert-gelu-fast", "BertForSequenceClassification", "BertConfig", ENCODER_INPUTS,
           **(BERT_SIZES | {"hidden_act": "gelu_fast"})),
    family("bert-quick-gelu", "BertForSequenceClassification", "BertConfig", ENCODER_INPUTS,
           **(BERT_SIZES | {"hidden_act": "quick_gelu"})),
    family("roberta", "RobertaForTokenClassification", "RobertaConfig", **BERT_SIZES),
    family("roberta-sdpa", "RobertaForSequenceClassification", "RobertaConfig", attention="sdpa", **ROBERTA_SIZES),
    family("xlm-roberta-mlm", "XLMRobertaForMaskedLM", "XLMRobertaConfig", **ROBERTA_SIZES),
    family("mpnet", "MPNetForSequenceClassification", "MPNetConfig", **ROBERTA_SIZES),
    family("distilbert", "DistilBertForSequenceClassification", "DistilBertConfig", **DISTIL_SIZES),
    family("distilbert-sdpa", "DistilBertForTokenClassification", "DistilBertConfig", attention="sdpa", **DISTIL_SIZES),
    family("albert", "AlbertForSequenceClassification", "AlbertConfig", ENCODER_INPUTS, embedding_size=16, **BERT_SIZES),
    family("albert-sdpa", "AlbertForTokenClassification", "AlbertConfig", ENCODER_INPUTS, attention="sdpa",
           embedding_size=16, **BERT_SIZES),
    family("electra", "ElectraForSequenceClassification", "ElectraConfig", ENCODER_INPUTS, embedding_size=16,
           **BERT_SIZES),
    family("electra-sdpa", "ElectraForTokenClassification", "ElectraConfig", ENCODER_INPUTS, attention="sdpa",
           embedding_size=16, **BERT_SIZES),
    family("mobilebert", "MobileBertForSequenceClassification", "MobileBertConfig", ENCODER_INPUTS, **MOBILE_SIZES),
    family("mobilebert-layernorm", "MobileBertForTokenClassification", "MobileBertConfig", ENCODER_INPUTS,
           normalization_type="layer_norm", **MOBILE_SIZES),
    family("gpt2", "GPT2LMHeadModel", "GPT2Config", **GPT2_SIZES),
    family("gpt2-sdpa", "GPT2LMHeadModel", "GPT2Config", attention="sdpa", **GPT2_SIZES),
    family("gpt2-past", "GPT2LMHeadModel", "GPT2Config", past=True, **GPT2_SIZES),
    family("gpt2-sdpa-past", "GPT2LMHeadModel", "GPT2Config", attention="sdpa", past=True, **GPT2_SIZES),
    family("opt", "OPTForCausalLM", "OPTConfig", **OPT_SIZES),
    family("opt-sdpa", "OPTForCausalLM", "OPTConfig", attention="sdpa", **OPT_SIZES),
    family("opt-past", "OPTForCausalLM", "OPTConfig", past=True, do_layer_norm_before=False, **OPT_SIZES),
    family("xglm", "XGLMForCausalLM", "XGLMConfig", d_model=WIDTH, num_layers=LAYERS, attention_heads=HEADS,
           ffn_dim=INNER, max_position_embeddings=POSITIONS, init_std=0.2),
    family("gptneo", "GPTNeoForCausalLM", "GPTNeoConfig", **NEO_SIZES),
    family("gptneo-past", "GPTNeoForCausalLM", "GPTNeoConfig", past=True, **NEO_SIZES),
    family("bloom", "BloomForCausalLM", "BloomConfig", hidden_size=WIDTH, n_layer=LAYERS, n_head=HEADS,
           initializer_range=0.2),
    family("biogpt", "BioGptForCausalLM", "BioGptConfig", **BERT_SIZES),
    # Outside, to be refused in words: RMS normalization, rotary positions, gated activations, experts.
    family("llama", "LlamaForCausalLM", "LlamaConfig", **LLAMA_SIZES),
    family("llama-sdpa-past", "LlamaForCausalLM", "LlamaConfig", attention="sdpa", past=True, **LLAMA_SIZES),
    family("mistral", "MistralForCausalLM", "MistralConfig", **(LLAMA_SIZES | {"num_key_value_heads": 1})),
    family("mixtral", "MixtralForCausalLM", "MixtralConfig", num_local_experts=2, **LLAMA_SIZES),
    family("qwen2", "Qwen2ForCausalLM", "Qwen2Config", attention="sdpa", **LLAMA_SIZES),
    family("gemma", "GemmaForCausalLM", "GemmaConfig", head_dim=8, **LLAMA_SIZES),
    family("gptneox", "GPTNeoXForCausalLM", "GPTNeoXConfig", **BERT_SIZES),
    family("t5-encoder", "T5EncoderModel", "T5Config", d_model=WIDTH, num_layers=LAYERS, num_heads=HEADS, d_ff=INNER,
           d_kv=8),
)


class Pooled(torch.nn.Module):
    """A sentence encoder as sentence-transformers exports it: mean over the tokens that are none of padding, length 1."""

    def __init__(self, model: torch.nn.Module):
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor,
                token_type_ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
        tokens = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        kept = attention_mask.unsqueeze(-1).expand(tokens.size()).float()
        mean = torch.sum(tokens * kept, 1) / torch.clamp(kept.sum(1), min=1e-9)
        return (torch.nn.functional.normalize(mean, p=2, dim=1),)


SENTENCES = Family("minilm", lambda: Pooled(BERT.model()), ENCODER_INPUTS, "sentence_embedding", {0: "batch"},
                   past=False)


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


class Sample(quantization.CalibrationDataReader):
    """The one example as a calibration set."""

    def __init__(self, inputs: dict[str, np.ndarray]):
        self.left = [inputs]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return self.left.pop() if self.left else None


def variants(source: Path, inputs: dict[str, np.ndarray]) -> dict[str, Callable[[Path], None]]:
    """How to make each variant of a model from its file."""
    model = functools.partial(onnx.load, source)
    products = ["MatMul", "Gemm"]  # a mask of -3e38 leaves nothing of scores that are quantized with it
    kind = "gpt2" if source.name.startswith(("gpt", "opt", "xglm", "bloom", "biogpt")) else "bert"

    def optimized(file: Path, level: int) -> None:
        optimizer.optimize_model(str(source), kind, HEADS, WIDTH, opt_level=level).save_model_to_file(str(file))

    def four_bits(file: Path) -> None:
        quantizer = MatMulNBitsQuantizer(model(), block_size=16, is_symmetric=True)
        quantizer.process()
        quantizer.model.save_model_to_file(str(file))

    def static(file: Path, layout: quantization.QuantFormat) -> None:
        quantization.quantize_static(source, file, Sample(inputs), quant_format=layout, op_types_to_quantize=products)

    return {
        "optimized0": lambda file: optimized(file, 0),
        "optimized2": lambda file: optimized(file, 2),
        "fp16": lambda file: onnx.save(float16.convert_float_to_float16(model(), keep_io_types=True), file),
        "external": lambda file: onnx.save(model(), file, save_as_external_data=True, location=file.stem + ".data",
                                           size_threshold=64),
        "qdq": lambda file: static(file, quantization.QuantFormat.QDQ),
        "qoperator": lambda file: static(file, quantization.QuantFormat.QOperator),
        "dynamic": lambda file: quantization.quantize_dynamic(source, file, per_channel=True,
                                                              weight_type=quantization.QuantType.QInt8),
        "4bit": four_bits,
    }


def write_variants(name: str, directory: Path, inputs: dict[str, np.ndarray], committed: bool) -> None:
    source = directory / f"{name}.onnx"
    if not source.exists():
        return
    wanted = {value.name for value in onnx.load(source).graph.input}
    given = {key: array for key, array in inputs.items() if key in wanted}
    for kind, make in variants(source, given).items():
        file = directory / f"{name}-{kind}.onnx"
        if committed and file.stem not in COMMITTED_VARIANTS:
            continue
        try:
            make(file)
            np.savez(file.with_suffix(".npz"), **answer(file, given))
        except Exception as failure:  # as above
            file.unlink(missing_ok=True)
            print(f"{file.stem}: not made: {type(failure).__name__}: {str(failure).splitlines()[0][:150]}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("--committed", action="store_true", help="only those in testdata/models/zoo")
    arguments.add_argument("--variants", action="store_true", help="also what ONNX Runtime's tools make of each")
    options = arguments.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for entry in (*FAMILIES, SENTENCES):
        for exporter, opset in exports(entry):
            name = f"{entry.name}-{exporter}-{opset}"
            if not options.committed or name in COMMITTED:
                print(write(entry, exporter, opset, options.directory), flush=True)
                if options.committed or options.variants:
                    write_variants(name, options.directory, example(entry), options.committed)
    shipping.write_manifest(options.directory, {
        "name": "zoo", "origin": "random weights, made here by testdata/training/export_zoo.py", "seed": SEED},
        exporter="torch.onnx.export, TorchScript and dynamo")


if __name__ == "__main__":
    main()
