"""Writes an ONNX file the size of BERT-base (110 M parameters) with random weights, in seconds and without PyTorch.

The graph is spelled as PyTorch's TorchScript exporter spells Hugging Face's BertForSequenceClassification (LayerNorm and
erf GELU in single operators, weights of linear layers as [in, out], 1 - mask times the lowest float), so that a compiler
meets in it what it meets in the real file. The weights mean nothing; the file measures time and memory.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SEED = 20240302
OPSET = 14


class GraphBuilder:
    """Nodes and initializers in the order in which they are asked for; every node is named after its output."""

    def __init__(self, deviation: float):
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.parameters = 0
        self.random = np.random.default_rng(SEED)
        self.deviation = deviation
        self.scope = ""
        self.uses: Counter[str] = Counter()

    def node(self, op: str, *inputs: str, **attributes) -> str:
        name = f"/{self.scope}/{op}"
        before = self.uses[name]
        self.uses[name] += 1
        name = f"{name}_{before}" if before else name
        output = f"{name}_output_0"
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=name, **attributes))
        return output

    def tensor(self, name: str, array: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def parameter(self, name: str, *shape: int) -> str:
        self.parameters += int(np.prod(shape))
        if name.endswith("LayerNorm.weight"):
            return self.tensor(name, np.ones(shape, np.float32))
        if name.endswith("bias"):
            return self.tensor(name, np.zeros(shape, np.float32))
        weights = self.random.standard_normal(shape, dtype=np.float32)
        return self.tensor(name, weights * np.float32(self.deviation))

    def integers(self, name: str, *values: int) -> str:
        return self.tensor(name, np.array(values, np.int64))

    def number(self, name: str, value: float) -> str:
        return self.tensor(name, np.array(value, np.float32))


def linear(graph: GraphBuilder, scope: str, value: str, inputs: int, outputs: int) -> str:
    graph.scope = scope
    name = scope.replace("/", ".")
    product = graph.node("MatMul", value, graph.parameter(f"{name}.weight", inputs, outputs))
    return graph.node("Add", graph.parameter(f"{name}.bias", outputs), product)


def layer_norm(graph: GraphBuilder, scope: str, value: str, width: int) -> str:
    graph.scope = scope
    name = scope.replace("/", ".")
    mean = graph.node("ReduceMean", value, axes=[-1])
    centred = graph.node("Sub", value, mean)
    variance = graph.node("ReduceMean", graph.node("Pow", centred, "two"), axes=[-1])
    deviation = graph.node("Sqrt", graph.node("Add", variance, "epsilon"))
    scaled = graph.node("Mul", graph.node("Div", centred, deviation), graph.parameter(f"{name}.weight", width))
    return graph.node("Add", scaled, graph.parameter(f"{name}.bias", width))


def attention(graph: GraphBuilder, scope: str, value: str, mask: str, width: int) -> str:
    split = {}
    for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
        projected = linear(graph, f"{scope}/self/{part}", value, width, width)
        graph.scope = f"{scope}/self"
        split[part] = graph.node("Transpose", graph.node("Reshape", projected, "split_heads"), perm=order)
    scores = graph.node("Div", graph.node("MatMul", split["query"], split["key"]), "root_of_head")
    weights = graph.node("Softmax", graph.node("Add", scores, mask), axis=-1)
    context = graph.node("Transpose", graph.node("MatMul", weights, split["value"]), perm=[0, 2, 1, 3])
    joined = graph.node("Reshape", context, "join_heads")
    projected = linear(graph, f"{scope}/output/dense", joined, width, width)
    graph.scope = f"{scope}/output"
    return layer_norm(graph, f"{scope}/output/LayerNorm", graph.node("Add", projected, value), width)


def feed_forward(graph: GraphBuilder, scope: str, value: str, width: int, inner: int) -> str:
    hidden = linear(graph, f"{scope}/intermediate/dense", value, width, inner)
    graph.scope = f"{scope}/intermediate/intermediate_act_fn"
    erf = graph.node("Erf", graph.node("Div", hidden, "root_of_two"))
    hidden = graph.node("Mul", graph.node("Mul", hidden, graph.node("Add", erf, "one")), "half")
    projected = linear(graph, f"{scope}/output/dense", hidden, inner, width)
    graph.scope = f"{scope}/output"
    return layer_norm(graph, f"{scope}/output/LayerNorm", graph.node("Add", projected, value), width)


def embeddings(graph: GraphBuilder, vocabulary: int, positions: int, width: int) -> str:
    graph.scope = "bert/embeddings"
    words = graph.parameter("bert.embeddings.word_embeddings.weight", vocabulary, width)
    types = graph.parameter("bert.embeddings.token_type_embeddings.weight", 2, width)
    places = graph.parameter("bert.embeddings.position_embeddings.weight", positions, width)
    length = graph.node("Gather", graph.node("Shape", "input_ids"), graph.integers("axis_one", 1), axis=0)
    index = graph.node("Slice", graph.tensor("bert.embeddings.position_ids", np.arange(positions)[None]),
                       graph.integers("from", 0), length, "axis_one")
    known = graph.node("Add", graph.node("Gather", words, "input_ids"), graph.node("Gather", types, "token_type_ids"))
    return layer_norm(graph, "bert/embeddings/LayerNorm",
                      graph.node("Add", known, graph.node("Gather", places, index)), width)


def additive_mask(graph: GraphBuilder) -> str:
    graph.scope = "bert"
    mask = graph.node("Unsqueeze", "attention_mask", graph.integers("axes_one_two", 1, 2))
    closed = graph.node("Sub", "one", graph.node("Cast", mask, to=TensorProto.FLOAT))
    return graph.node("Mul", closed, graph.number("lowest", float(np.finfo(np.float32).min)))


def build(layers: int, width: int, heads: int, inner: int, vocabulary: int, positions: int, labels: int) -> GraphBuilder:
    graph = GraphBuilder(deviation=0.02)
    for name, value in (("one", 1.0), ("two", 2.0), ("half", 0.5), ("root_of_two", 2 ** 0.5), ("epsilon", 1e-12),
                        ("root_of_head", (width // heads) ** 0.5)):
        graph.number(name, value)
    graph.integers("split_heads", 0, 0, heads, width // heads)
    graph.integers("join_heads", 0, 0, width)
    value, mask = embeddings(graph, vocabulary, positions, width), additive_mask(graph)
    for layer in range(layers):
        scope = f"bert/encoder/layer.{layer}"
        value = attention(graph, f"{scope}/attention", value, mask, width)
        value = feed_forward(graph, scope, value, width, inner)
    graph.scope = "bert/pooler"
    first = graph.node("Gather", value, graph.tensor("first", np.array(0, np.int64)), axis=1)
    for scope, outputs in (("bert/pooler/dense", width), ("classifier", labels)):
        graph.scope, name = scope, scope.replace("/", ".")
        first = graph.node("Gemm", first, graph.parameter(f"{name}.weight", outputs, width),
                           graph.parameter(f"{name}.bias", outputs), transB=1)
        if outputs == width:
            first = graph.node("Tanh", first)
    graph.nodes[-1].output[0] = "logits"
    return graph


def save(graph: GraphBuilder, labels: int, file: Path, external: bool) -> None:
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
              for name in ("input_ids", "attention_mask", "token_type_ids")]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", labels])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "main_graph", inputs, [logits], graph.initializers),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="make_bert_base")
    file.parent.mkdir(parents=True, exist_ok=True)
    (file.parent / f"{file.name}.data").unlink(missing_ok=True)  # onnx would append to it
    onnx.save(model, file, save_as_external_data=external, location=f"{file.name}.data", size_threshold=1024)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("output", type=Path, help="the .onnx file to write")
    arguments.add_argument("--external-data", action="store_true", help="weights in OUTPUT.data beside the model")
    for name, value in (("layers", 12), ("width", 768), ("heads", 12), ("inner", 3072), ("vocabulary", 30522),
                        ("positions", 512), ("labels", 2)):
        arguments.add_argument(f"--{name}", type=int, default=value)
    options = vars(arguments.parse_args())
    output, external = options.pop("output"), options.pop("external_data")
    graph = build(**options)
    save(graph, options["labels"], output, external)
    print(f"{output}: {graph.parameters} parameters, {len(graph.nodes)} nodes")


if __name__ == "__main__":
    main()
