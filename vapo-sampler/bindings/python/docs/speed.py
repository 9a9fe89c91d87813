"""Sampling from Python beside the command line, in turn: `python speed.py PATH/TO/vapo-train`.

Prints milliseconds of processor time for each, the least of five, on one thread. The command line's start is taken off: that of
one image in one step.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import vapo

MODELS = Path(__file__).resolve().parents[3] / "firmware" / "models"


def command(model: Path, count: int, steps: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        words = ["sample", "--model", model, "--count", count, "--steps", steps, "--threads", 1, "--out", f"{folder}/o.npy"]
        subprocess.run([sys.argv[1], *map(str, words)], check=True, stdout=subprocess.DEVNULL)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def python(model: Path, count: int) -> float:
    start = time.process_time()
    vapo.load(model).sample(count, steps=10, threads=1)
    return time.process_time() - start


for name, count in (("digits", 256), ("fashion", 64)):
    model = MODELS / f"{name}.vapo"
    found = [(python(model, count), command(model, count, 10), command(model, 1, 1)) for _ in range(5)]
    here, there, start = (1000 * min(each) for each in zip(*found, strict=True))
    print(f"{name}, {count} images of 10 steps: Python {here:.0f} ms, command line {there - start:.0f} ms")
