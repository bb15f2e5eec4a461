"""What both training scripts do after training: export by PyTorch, score by ONNX Runtime, write files and manifest."""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import transformers

MODELS = Path(__file__).resolve().parent.parent / "models"
OPSET = 14
EXPORTER = f"torch.onnx.export, TorchScript, opset {OPSET}"


def export(model: torch.nn.Module, inputs: dict[str, np.ndarray], logit_axes: dict[int, str], file: Path) -> None:
    """The TorchScript exporter with dynamic batch and sequence; an example of two rows keeps both axes symbolic."""
    axes = {name: {0: "batch", 1: "sequence"} for name in inputs} | {"logits": logit_axes}
    torch.onnx.export(
        model.eval(), (), file, kwargs={name: torch.from_numpy(array[:2]) for name, array in inputs.items()},
        input_names=list(inputs), output_names=["logits"], dynamic_axes=axes, opset_version=OPSET, dynamo=False)
    onnx.checker.check_model(str(file))


def save_arrays(directory: Path, arrays: dict[str, np.ndarray]) -> None:
    """Plain .npy files: int64, little-endian, C order."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(directory / f"{name}.npy", np.ascontiguousarray(array, dtype="<i8"))


def onnxruntime_logits(file: Path, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Rows one by one, as the compiled program runs them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    rows = len(next(iter(inputs.values())))
    return np.concatenate([
        session.run(["logits"], {name: array[row:row + 1] for name, array in inputs.items()})[0]
        for row in range(rows)])


def disagreement(model: torch.nn.Module, inputs: dict[str, np.ndarray], logits: np.ndarray) -> float:
    """The largest difference between PyTorch's logits and the exported file's."""
    with torch.no_grad():
        expected = model.eval()(**{name: torch.from_numpy(array) for name, array in inputs.items()}).logits
    return float(np.abs(expected.numpy() - logits).max())


def write_manifest(directory: Path, facts: dict, exporter: str = EXPORTER) -> None:
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != "manifest.json")
    manifest = facts | {
        "licence": "Apache-2.0",
        "exporter": exporter,
        "versions": {
            "python": platform.python_version(), "torch": torch.__version__, "transformers": transformers.__version__,
            "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "numpy": np.__version__},
        "files": {
            path.relative_to(directory).as_posix(): {
                "bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in files},
    }
    (directory / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
