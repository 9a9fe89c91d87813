"""What all tests share: models, and the command line that the package must give the bytes of."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import vapo

ROOT = Path(__file__).resolve().parents[4]
MODELS = ROOT / "vapo-sampler" / "firmware" / "models"
FILES = {
    "digits": MODELS / "digits.vapo",
    "digits-int8": MODELS / "digits-int8.vapo",
    "digits-float32": ROOT / "tests" / "golden" / "digits-float32.vapo",
    "fashion": MODELS / "fashion.vapo",
}

Command = Callable[..., str]


@pytest.fixture(scope="session")
def program() -> str:
    """`vapo-train`. Without it nothing here is tested, and that is no success."""
    found = os.environ.get("VAPO_TRAIN")
    if not found or not os.access(found, os.X_OK):
        pytest.fail(f"VAPO_TRAIN: expected the program vapo-train, found {found}: ../test sets it")
    return found


@pytest.fixture(scope="session")
def run_command(program: str) -> Command:
    """Runs the command line in a folder, and gives what it prints."""

    def run(folder: Path, *words: object) -> str:
        done = subprocess.run([program, *map(str, words)], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def digits() -> vapo.Model:
    return vapo.load(FILES["digits"])


@pytest.fixture(scope="session")
def digits_float() -> vapo.Model:
    return vapo.load(FILES["digits-float32"])


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, run_command: Command) -> Path:
    """The folder of a training: not to be written to."""
    root = tmp_path_factory.mktemp("run")
    run_command(root, "--preset", "tiny", "--steps", 60, "--threads", 1, "--out", "tiny")
    return root / "tiny"


def machine(readings: int) -> np.ndarray:
    """Two channels of a machine that turns."""
    turn = np.arange(readings) * 0.3
    return np.stack([3 * np.sin(turn), 500 + 20 * np.cos(turn)], 1).astype(np.float32)


@pytest.fixture(scope="session")
def series(tmp_path_factory: pytest.TempPathFactory, run_command: Command) -> Path:
    """A model of a series, with a threshold."""
    root = tmp_path_factory.mktemp("series")
    np.save(root / "machine.npy", machine(400))
    data = ["--dataset", "series", "--data-dir", "machine.npy"]
    run_command(
        root, *data, "--preset", "series-tiny", "--window", 32, "--batch", 8, "--threads", 1, "--steps", 30, "--out", "run"
    )
    run_command(root, "score", *data, "--model", "run/model.vapo", "--out", "s.json", "--write-threshold", "judging.vapo")
    return root / "judging.vapo"
