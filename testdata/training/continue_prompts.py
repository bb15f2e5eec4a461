"""Writes sequences to calibrate capp-gpt2 on: prompts that are not scored, continued greedily by ONNX Runtime in fp32.

A prompt is six digits (the design of a part), each with its own tokens, and <SOS>. The scored prompts are every 16th of all
7840; these are the fifth after every 37th of those. The model is not shipped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime

RADICES = (7, 7, 2, 4, 4, 5)
FIRST_TOKENS = (0, 7, 14, 16, 20, 24)
START, END, PADDING = 49, 51, 52
LONGEST = 33


def prompt(number: int) -> list[int]:
    digits = []
    for radix in reversed(RADICES):
        number, digit = divmod(number, radix)
        digits.insert(0, digit)
    return [first + digit for first, digit in zip(FIRST_TOKENS, digits, strict=True)] + [START]


def continued(session: onnxruntime.InferenceSession, ids: list[int]) -> list[int]:
    while ids[-1] != END and len(ids) < LONGEST:
        row = np.array([ids], np.int64)
        feeds = {"input_ids": row, "attention_mask": np.ones_like(row)}
        feeds["position_ids"] = np.arange(len(ids), dtype=np.int64)[None]
        for port in session.get_inputs():
            if port.name.startswith("past_key_values"):
                feeds[port.name] = np.zeros((1, port.shape[1], 0, port.shape[3]), np.float32)
        names = {port.name for port in session.get_inputs()}
        [logits] = session.run(["logits"], {name: array for name, array in feeds.items() if name in names})
        ids = [*ids, int(logits[0, -1].argmax())]
    return ids


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path, help="an .npz of token ids, int32, padded at the end")
    parser.add_argument("--count", type=int, default=64)
    arguments = parser.parse_args()
    session = onnxruntime.InferenceSession(arguments.model)
    total = int(np.prod(RADICES))
    rows = np.full((arguments.count, LONGEST), PADDING, np.int32)
    for i in range(arguments.count):
        ids = continued(session, prompt((16 * 37 * i + 5) % total))
        rows[i, : len(ids)] = ids
    np.savez(arguments.output, tokens=rows)


if __name__ == "__main__":
    main()
