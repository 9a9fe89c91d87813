"""The folder of a training of `vapo-train`: reads it, and writes folders that a training can continue."""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from vapo import _check
from vapo.model import Model, load, shapes

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

CONFIG, METRICS, CHECKPOINT = "config.json", "metrics.jsonl", "checkpoint.safetensors"
MODELS = ("model.vapo", "model-int8.vapo", "model-int6.vapo", "model-int4.vapo", "model-float32.vapo")
OTHERS = ("loss.png", "samples.png", "samples-integer.png", "samples-int8.png", "model.json", "pairs.f16")
LOCK = ".vapo-train.lock"
"""The file that whoever writes to the folder holds locked."""
VECTORS = ("parameters", "ema", "first_moment", "second_moment")
BEFORE_REST, RUN, SEAL = "before_rest.", "run", "sha256"

Matrices = dict[str, npt.NDArray[np.float32]]
"""Weights and biases by name, as `Model.matrices` has them."""


@dataclass(frozen=True)
class Snapshot:
    """A training between two steps."""

    step: int
    """Steps done."""
    generator: npt.NDArray[np.uint32]
    """State of the random generator, (4,)."""
    parameters: Matrices
    """Weights and biases."""
    ema: Matrices
    """Their exponential moving average: what samples are drawn with."""
    first_moment: Matrices
    """The optimiser's mean of the gradient."""
    second_moment: Matrices
    """The optimiser's mean of the squared gradient."""


@dataclass(frozen=True)
class Checkpoint:
    """The state from which a training continues: `checkpoint.safetensors`."""

    now: Snapshot
    """The last one."""
    before_rest: Snapshot | None = None
    """The state just before weights were fixed at values of the model file; none while they train."""
    run: bytes | None = None
    """Digest of the settings of its run. A training that continues compares it, if there is one."""

    @staticmethod
    def from_bytes(file: bytes) -> "Checkpoint":
        """The checkpoint in the bytes of a file. A damaged one is a `ValueError`."""
        try:
            tensors = safetensors.numpy.load(file)
        except safetensors.SafetensorError as cause:
            raise ValueError(f"expected a checkpoint, a file of safetensors: {cause}") from None
        seal = tensors.pop(SEAL, None)
        if seal is not None and hashlib.sha256(file[: -seal.nbytes]).digest() != file[-seal.nbytes :]:
            raise ValueError("expected the bytes to have the SHA-256 at their end: the file was damaged after it was written")
        run = tensors.pop(RUN, None)
        rested = {name.removeprefix(BEFORE_REST): tensors.pop(name) for name in list(tensors) if name.startswith(BEFORE_REST)}
        before = _snapshot(rested) if rested else None
        return Checkpoint(_snapshot(tensors), before, None if run is None else run.tobytes())

    def to_bytes(self) -> bytes:
        """The bytes of the file: those that `vapo-train` writes for this state."""
        tensors = _tensors(self.now, "")
        if self.before_rest is not None:
            tensors |= _tensors(self.before_rest, BEFORE_REST)
        if self.run is not None:
            tensors[RUN] = np.frombuffer(self.run, np.uint8)
        # Tensors of small types come last, in the order of their names: the seal is the last of all.
        tensors[SEAL] = np.zeros(32, np.uint8)
        file = safetensors.numpy.save(tensors)[:-32]
        return file + hashlib.sha256(file).digest()

    def with_weights(self, matrices: Mapping[str, npt.ArrayLike]) -> "Checkpoint":
        """The same training with other weights, as those of `vapo.torch.Potential.matrices`: they become its
        parameters and their moving average."""
        moving = self.before_rest or self.now
        found = _check.matrices({name: value.shape for name, value in moving.ema.items()}, matrices)
        return replace(self, now=replace(moving, parameters=found, ema=found), before_rest=None)


class Run:
    """The folder of a training. Its files are read when you ask for them. A training may write to it meanwhile."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        """The folder."""
        file = self.path / CONFIG
        try:
            text = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(
                f"{self.path} holds no run: expected a file {CONFIG}, found none; give the folder of a training"
            ) from None
        config = _check.of_json(str(file), text)
        if not isinstance(config, dict) or "architecture" not in config:
            raise ValueError(f"{file}: expected the settings of a training, with an architecture")
        self.config: dict[str, Any] = config
        """What was asked for."""

    def __repr__(self) -> str:
        return f"<vapo.Run {self.path}: {self.config.get('preset')} of {self.config.get('dataset')}>"

    @property
    def metrics(self) -> dict[str, npt.NDArray[np.float64]]:
        """The log, an entry for each logged step: step, loss, lr, grad_norm, images_per_s, seconds. Empty if nothing was."""
        file = self.path / METRICS
        # A last line without its end is being written, or was when the training was stopped.
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        rows = []
        for number, line in enumerate((line for line in lines if line.endswith("\n")), 1):
            rows.append(_row(f"{file}, line {number}", line))
        return {name: np.array([row.get(name, np.nan) for row in rows]) for name in (rows[0] if rows else {})}

    @property
    def checkpoint(self) -> Checkpoint:
        """The state from which the training continues."""
        file = self.path / CHECKPOINT
        try:
            return Checkpoint.from_bytes(file.read_bytes())
        except ValueError as cause:
            raise ValueError(f"{file}: {cause}") from None

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the existing model files."""
        return tuple(name for name in MODELS if (self.path / name).exists())

    def model(self, name: str = "model.vapo") -> Model:
        """A model file of the run."""
        if name not in self.models:
            there = ", ".join(self.models) or "none yet"
            raise FileNotFoundError(f"{self.path}: expected a model file {name}, there are: {there}")
        return load(self.path / name)

    def trained(self) -> Model:
        """The float model of the checkpoint: the moving average of the parameters, before weights were fixed.
        Fine-tuning begins with it. It exists as soon as there is a checkpoint."""
        checkpoint = self.checkpoint
        if "nodes" not in self.config["architecture"]:
            raise ValueError(f"{self.path}: an earlier version began the run: train --resume it with this one first")
        return Model.of(self.config["architecture"], (checkpoint.before_rest or checkpoint.now).ema)

    @staticmethod
    def write(
        path: str | os.PathLike[str],
        config: dict[str, Any],
        checkpoint: Checkpoint,
        metrics: Mapping[str, npt.ArrayLike] | None = None,
        *,
        replace: bool = False,
    ) -> "Run":
        """Writes a folder that `vapo-train --resume --out PATH` continues.

        A folder that holds a file of a run is only replaced with `replace=True`; otherwise `FileExistsError`.
        Replacing removes the run's files, and keeps all other files. A folder that a training writes to is never
        touched: `BlockingIOError`.
        """
        folder = Path(path)
        if not isinstance(config, dict) or "architecture" not in config:
            raise ValueError("config: expected the settings of a training, with an architecture, as Run.config")
        if not isinstance(checkpoint, Checkpoint):
            raise TypeError(f"checkpoint: expected a Checkpoint, as Run.checkpoint, found {type(checkpoint).__name__}")
        # Whether weights and network belong together is found out before anything is written.
        _check_weights(checkpoint, shapes(config["architecture"]))
        files = {METRICS: _lines({} if metrics is None else metrics), CHECKPOINT: checkpoint.to_bytes()}
        # The last to be there: it makes the folder a run.
        files[CONFIG] = (_check.to_json("config", config, indent=2, ensure_ascii=False) + "\n").encode()
        with _locked(folder):
            there = [name for name in (CONFIG, METRICS, CHECKPOINT, *MODELS, *OTHERS) if (folder / name).exists()]
            if there and not replace:
                raise FileExistsError(f"{folder} holds a run already, {there[0]}: give another folder, or replace=True")
            for name in there:
                (folder / name).unlink()
            for name, contents in files.items():
                _write_whole(folder / name, contents)
        return Run(folder)


def _check_weights(checkpoint: Checkpoint, expected: dict[str, tuple[int, ...]]) -> None:
    """Refuses what is no state of a network whose matrices have these shapes."""
    for part, snapshot in (("now", checkpoint.now), ("before_rest", checkpoint.before_rest)):
        if snapshot is None and part == "before_rest":
            continue
        if not isinstance(snapshot, Snapshot):
            raise TypeError(f"checkpoint.{part}: expected a Snapshot, found {type(snapshot).__name__}")
        for vector in VECTORS:
            _check.matrices(expected, getattr(snapshot, vector), f"checkpoint.{part}.{vector}")


def _snapshot(tensors: dict[str, npt.NDArray[Any]]) -> Snapshot:
    def take(name: str) -> npt.NDArray[Any]:
        if name not in tensors:
            raise ValueError(f"expected a tensor {name}, found none: this is no checkpoint of vapo-train")
        return tensors.pop(name)

    step, generator = int(take("step")), take("generator")
    vectors: dict[str, Matrices] = {vector: {} for vector in VECTORS}
    for name in sorted(tensors, key=_place):
        vector, _, matrix = name.partition(".")
        if vector not in vectors or tensors[name].dtype != np.float32:
            raise ValueError(f"found a tensor {name} of {tensors[name].dtype}: this is no checkpoint of vapo-train")
        vectors[vector][matrix] = tensors[name]
    return Snapshot(step, generator, **vectors)


def _place(name: str) -> tuple[list[int], bool]:
    """Nodes in their order, and weights before biases."""
    return [int(part) for part in name.split(".") if part.isdigit()], name.endswith("bias")


def _tensors(snapshot: Snapshot, prefix: str) -> dict[str, npt.NDArray[Any]]:
    found: dict[str, npt.NDArray[Any]] = {
        f"{prefix}step": np.array(_step("step", snapshot.step), np.uint64),
        f"{prefix}generator": np.ascontiguousarray(snapshot.generator, np.uint32),
    }
    for vector in VECTORS:
        matrices: Matrices = getattr(snapshot, vector)
        found |= {f"{prefix}{vector}.{name}": np.ascontiguousarray(value, np.float32) for name, value in matrices.items()}
    return found


def _row(place: str, line: str) -> dict[str, float]:
    """The numbers of a line of metrics. One that is not finite is null."""
    row = _check.of_json(place, line)
    try:
        return {name: np.nan if value is None else float(value) for name, value in row.items()}
    except (ValueError, TypeError, AttributeError, OverflowError) as cause:
        raise ValueError(f"{place}: {cause}") from None


def _lines(metrics: Mapping[str, npt.ArrayLike]) -> bytes:
    """A line of JSON for each logged step."""
    if not isinstance(metrics, Mapping):
        raise TypeError(f"metrics: expected numbers by name, as Run.metrics, found {type(metrics).__name__}")
    columns = {name: np.asarray(values) for name, values in metrics.items()}
    for name, column in columns.items():
        if column.ndim != 1 or column.dtype.kind not in "fiu":
            raise TypeError(f"metrics: {name}: expected numbers, one a logged step, found {column.dtype} of shape {column.shape}")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return "".join(_check.to_json("metrics", _logged(row)) + "\n" for row in rows).encode()


def _logged(row: dict[str, Any]) -> dict[str, int | float | None]:
    """The numbers of a line as JSON has them."""
    return {
        name: _step("metrics: step", value) if name == "step" else float(value) if np.isfinite(value) else None
        for name, value in row.items()
    }


def _step(name: str, value: float) -> int:
    """Steps done, which may come as a float."""
    found = _check.number(name, value)
    if not (found.is_integer() and 0 <= found < 1 << 64):
        raise ValueError(f"{name}: expected a whole number from 0 to {(1 << 64) - 1}, found {found}")
    return int(value)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The right to write to a folder, made if need be, as trainings take it."""
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK
    try:
        if fcntl is None and path.exists():
            raise BlockingIOError(f"{folder} is in use, or was when a training was killed: remove {path} if none is running")
        with open(path, "a+b") as file:
            if fcntl is not None:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise BlockingIOError(
                        f"{folder} is in use: a training writes to it; wait for its end, stop it, or give another folder"
                    ) from None
            try:
                file.truncate(0)
                file.write(f"{os.getpid()} {int(time.time())}\n".encode())
                file.flush()
                yield
            finally:
                path.unlink(missing_ok=True)
    finally:
        for parent in made:
            with contextlib.suppress(OSError):
                parent.rmdir()  # if it is still empty


def _write_whole(path: Path, contents: bytes) -> None:
    """Writes a file whole or not at all."""
    descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(contents)
        # As files that are made without being kept from others.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(part, 0o666 & ~umask)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
