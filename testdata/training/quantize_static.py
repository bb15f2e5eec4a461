"""Quantizes a BERT with ONNX Runtime's quantize_static (MinMax) and tells what this process took, to compare with
`lapidary print MODEL.onnx --after quantize --calibrate SAMPLES.npz` on the same file and samples.

Samples that are not there yet are made: random tokens, no padding.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, quantize_static

SEED = 20240302


class Rows(CalibrationDataReader):
    def __init__(self, arrays: dict[str, np.ndarray]):
        count = len(next(iter(arrays.values())))
        self.rows = iter([{name: rows[i : i + 1] for name, rows in arrays.items()} for i in range(count)])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.rows, None)


def made(samples: int, length: int, vocabulary: int) -> dict[str, np.ndarray]:
    ids = np.random.default_rng(SEED).integers(0, vocabulary, (samples, length))
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("samples", type=Path, help="an .npz file, one array [count, length] per input")
    for name, value in (("count", 16), ("length", 128), ("vocabulary", 30522)):
        arguments.add_argument(f"--{name}", type=int, default=value)
    options = arguments.parse_args()
    if not options.samples.exists():
        np.savez(options.samples, **made(options.count, options.length, options.vocabulary))
    start = time.time()
    with np.load(options.samples) as arrays, tempfile.TemporaryDirectory() as scratch:
        rows = Rows(dict(arrays))
        quantize_static(options.model, Path(scratch) / "quantized.onnx", rows, calibrate_method=CalibrationMethod.MinMax)
    used = os.times()
    print(f"quantize_static: {used.user + used.system:.1f} s of CPU, imports included; {time.time() - start:.1f} s")


if __name__ == "__main__":
    main()
