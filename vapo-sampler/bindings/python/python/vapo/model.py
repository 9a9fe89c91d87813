"""A model file: draws samples from it, and evaluates its potential on samples."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from vapo import _check, _native, pixels
from vapo.plan import Buffer, Plan

if TYPE_CHECKING:
    from vapo.monitor import Monitor

Floats = npt.NDArray[np.float32]
Label = int | Sequence[int] | npt.NDArray[Any]
Solver = Literal["euler", "heun", "ab2", "etd2"]

LARGEST = 1 << 31
"""Bytes of a model file at most."""
IMAGE_TIME, SERIES_TIME = 0.5, 0.9
"""Times at which images and windows are judged where nothing is said, as by `vapo-train score`."""


@dataclass(frozen=True)
class Threshold:
    """The energy above which a sample is an anomaly."""

    energy: float
    time: float
    false_positive_rate: float


@dataclass(frozen=True)
class Classifier:
    """Finds the class by energies: the class with the least energy plus offset; p ∝ exp(−sharpness·(energy +
    offset))."""

    time: float
    sharpness: float
    offsets: tuple[float, ...]


@dataclass(frozen=True)
class Classified:
    """Classes of samples, an entry each."""

    classes: npt.NDArray[np.uint16]
    energies: Floats
    """Of that class, its offset added."""
    margins: Floats
    """The energy of the next best class minus this one: the larger, the surer."""


@dataclass(frozen=True)
class Verdicts:
    """The verdicts of a threshold on samples, an entry each."""

    energies: Floats
    anomalous: npt.NDArray[np.bool_]


def load(source: str | os.PathLike[str] | bytes) -> "Model":
    """The model in a file, or in the bytes of one. A file that is damaged or no model is a `ValueError`."""
    if isinstance(source, bytes | bytearray | memoryview):
        return Model(bytes(source))
    path = Path(source)
    found = path.stat().st_size
    if found > LARGEST:
        raise ValueError(f"{path}: expected a model file, of at most {LARGEST} bytes, found {found}")
    try:
        return Model(path.read_bytes())
    except ValueError as cause:
        raise ValueError(f"{path}: {cause}") from None


class Model:
    """A model of images or of a series. Many threads may use it at once; methods leave Python's lock to others while they compute.

    For images the data are values of about -1 to 1: `to_bytes` and `from_bytes` convert to and from the bytes of
    pictures. For a series they are raw readings. The potential itself works with values, which `to_values` makes.

    `threads` is the number of threads of a method, by default one for each core. No result depends on it.
    """

    def __init__(self, file: bytes) -> None:
        self._native = _native.Model(file)
        self.file: bytes = self._native.file
        """The bytes of the file."""
        self.architecture: dict[str, Any] = json.loads(self._native.architecture)
        """Signal, scaling, homotopy, classes and nodes, as `config.json` of a run has them."""
        self.version: int = self._native.version
        """Version of the file's format."""
        self.arithmetic: str = self._native.arithmetic
        """What the potential is computed in: `float` or `integer`."""
        self.encoding: str = self._native.encoding
        """How weights are stored: `float32`, `int8`, `integer` and others."""
        self.homotopy: str = self.architecture["homotopy"]
        """The path from noise to data: `linear` or `bayes`."""
        self.classes: int = self.architecture["classes"]
        """Classes that a sample may be asked for, from 0; 0 where there are none."""
        signal = self.architecture["signal"]
        self.is_series: bool = signal["height"] == 1
        """Whether it is of a series."""
        extent = (signal["width"], signal["channels"])
        self.shape: tuple[int, ...] = extent if self.is_series else (signal["height"], *extent)
        """Shape of a sample: (height, width, channels), or (readings, channels)."""
        threshold, classifier = self._native.threshold, self._native.classifier
        self.threshold: Threshold | None = Threshold(*threshold) if threshold else None
        """The anomaly threshold, if the file has one."""
        self.classifier: Classifier | None = None
        """How energies tell the class, if the file says so."""
        if classifier:
            time, sharpness, offsets = classifier
            self.classifier = Classifier(time, sharpness, tuple(offsets))

    def __repr__(self) -> str:
        extent = "×".join(map(str, self.shape))
        kind = "windows" if self.is_series else "images"
        return f"<vapo.Model of {kind} of {extent}, {self.classes} classes, {self.encoding}, {len(self.file)} bytes>"

    # Drawing

    def sample(
        self,
        count: int | None = None,
        *,
        label: Label | Literal["all"] | None = None,
        guidance: float = 0.0,
        steps: int = 20,
        temperature: float | None = None,
        solver: Solver = "etd2",
        grading: float = 0.5,
        extrapolation: float = 1.25,
        seed: int = 0,
        threads: int | None = None,
    ) -> Floats:
        """Draws samples (count, *shape): sample i is the one that a device draws with seed + i, and `vapo-train sample` with the same
        options. 64 if no count is given, or 8 of each class for `label="all"`.

        `label` is a class for all samples, or one for each, or `"all"` for as many of each class. `guidance` pushes
        samples towards their class. `temperature` is the amount of noise while sampling, by default 0.3 for `etd2`
        and 0 for the others.
        """
        if isinstance(label, str):
            if label != "all" or not self.classes:
                raise ValueError(f"label: expected a class from 0, or all, of a model with classes, found {label!r}")
            count = _check.whole("count", 8 * self.classes if count is None else count, 1, _check.MAX_COUNT)
            if count % self.classes:
                raise ValueError(f"count: expected as many samples of each of {self.classes} classes, found {count}")
            label = np.repeat(np.arange(self.classes), count // self.classes)
        elif count is None:
            count = 64 if label is None or np.ndim(label) == 0 else np.size(label)
        count = _check.whole("count", count, 1, _check.MAX_COUNT)
        settings = self._settings(guidance, label, steps, temperature, solver, grading, extrapolation, seed, threads)
        drawn = self._native.sample(_check.labels("label", label, count, self.classes), settings)
        return self.to_raw(self._of(drawn, count)) if self.is_series else self._of(drawn, count)

    def images(self, count: int | None = None, **options: Any) -> npt.NDArray[np.uint8]:
        """Draws pictures: the samples of `sample` with the same options, as bytes."""
        if self.is_series:
            raise ValueError("the model is of a series: expected one of images; sample gives readings")
        return pixels.to_bytes(self.sample(count, **options))

    def inpaint(
        self,
        samples: npt.ArrayLike,
        missing: npt.ArrayLike | None = None,
        count: int = 1,
        *,
        label: int | None = None,
        guidance: float = 0.0,
        steps: int = 20,
        temperature: float | None = None,
        solver: Solver = "etd2",
        grading: float = 0.5,
        extrapolation: float = 1.25,
        seed: int = 0,
        threads: int | None = None,
    ) -> Floats:
        """Restores missing parts of data: `count` restorations of a sample, (count, *shape), or of each of several,
        (n, count, *shape). Known numbers stay as they are.

        `missing` marks the missing numbers: booleans in the shape of the samples, of one sample, or of one sample
        without channels. By default NaNs are missing. `temperature` is by default 8 for `etd2` and 0 for the others.
        Restoration j of sample i has seed + i·count + j.
        """
        given, alone = _check.samples("samples", samples, self.shape, missing=True)
        count = _check.whole("count", count, 1, _check.MAX_COUNT // len(given))
        mask = np.isnan(given) if missing is None else self._mask(missing, given.shape)
        _check.finite("samples", np.where(mask, np.float32(0), given))
        if not mask.any():
            raise ValueError("missing: nothing is missing; expected a mask, or numbers that are NaN")
        values = self.to_values(given) if self.is_series else given
        settings = self._settings(guidance, label, steps, temperature, solver, grading, extrapolation, seed, threads)
        labels = _check.labels("label", label, len(given) * count, self.classes)
        known = np.ascontiguousarray(~mask, np.uint8)
        drawn = self._of(self._native.inpaint(np.ascontiguousarray(values), known, labels, settings), len(given) * count)
        if self.is_series:
            # Known readings come back as they were given, whatever scaling to values and back rounds.
            drawn = np.where(np.repeat(mask, count, 0), self.to_raw(drawn), np.repeat(given, count, 0))
        return drawn if alone else drawn.reshape(len(given), count, *self.shape)

    # The potential

    def potential(self, x: npt.ArrayLike, time: npt.ArrayLike, *, label: Label | None = None, threads: int | None = None) -> Floats:
        """Φ(x, time) of values x, (n,); of one sample alone a number, without axes. `time` is 0 for noise to 1 for data, one for
        all or one each."""
        x, times, labels, alone = self._points(x, time, label)
        found = self._floats(self._native.potential(x, times, labels, _check.threads(threads)))
        return self._each(found, alone)

    def drift(self, x: npt.ArrayLike, time: npt.ArrayLike, *, label: Label | None = None, threads: int | None = None) -> Floats:
        """∇Φ(x, time) of values x, in the shape of x."""
        x, times, labels, alone = self._points(x, time, label)
        _, found = self._native.drift(x, times, labels, _check.threads(threads))
        return self._each(self._of(found, len(x)), alone)

    def score(self, x: npt.ArrayLike, time: npt.ArrayLike, *, label: Label | None = None, threads: int | None = None) -> Floats:
        """∇ log ρ(x) at a time, below 1 on the path `linear`, of the shape of x: −E[ε|x]/σ, which the drift holds."""
        x, times, labels, alone = self._points(x, time, label)
        if self.homotopy == "linear" and (times == 1).any():
            raise ValueError("time: expected times from 0 to below 1, where noise is left, found 1")
        _, found = self._native.drift(x, times, labels, _check.threads(threads))
        drift, t = self._of(found, len(x)), times.reshape(-1, *[1] * len(self.shape))
        if self.homotopy == "linear":
            score = (t * drift - x) / (1 - t)
        else:
            score = 2 * (t * drift - x) / (2 - t)
        return self._each(score, alone)

    def energy(self, x: npt.ArrayLike, time: npt.ArrayLike, *, label: Label | None = None, threads: int | None = None) -> Floats:
        """−log ρ(x) at a time, up to a constant of that time, of values x: (n,). The negative of its gradient is `score`."""
        x, times, labels, alone = self._points(x, time, label)
        found = self._native.energy(x, times, labels, False, _check.threads(threads))
        return self._each(self._floats(found), alone)

    # Judging data

    def data_energy(
        self, data: npt.ArrayLike, time: npt.ArrayLike | None = None, *, label: Label | None = None, threads: int | None = None
    ) -> Floats:
        """How unusual data are, (n,): the energy of mean(time)·data, as `vapo-train score` writes it. The time is by
        default that of the threshold, or else 0.5, and 0.9 for a series."""
        values, alone = self._data(data)
        usual = self.threshold.time if self.threshold else SERIES_TIME if self.is_series else IMAGE_TIME
        return self._each(self._data_energy(values, usual if time is None else time, label, threads), alone)

    def class_energies(self, data: npt.ArrayLike, time: npt.ArrayLike | None = None, *, threads: int | None = None) -> Floats:
        """The energies of data as those of each class, (n, classes), without offsets. The time is the classifier's, or else 0.6."""
        if not self.classes:
            raise ValueError("the model has no classes: train with --classes")
        values, alone = self._data(data)
        usual = self.classifier.time if self.classifier else 0.6
        found = [self._data_energy(values, usual if time is None else time, label, threads) for label in range(self.classes)]
        return self._each(np.stack(found, 1), alone)

    def classify(self, data: npt.ArrayLike, *, threads: int | None = None) -> Classified:
        """The class of data, by their energies and the file's classifier."""
        values, _ = self._data(data)
        found = self._native.classify(values, _check.threads(threads))
        if found is None:
            raise ValueError("the model has no classifier: vapo-train classify --write-classifier gives it one")
        classes, energies, margins = found
        return Classified(np.array(classes, np.uint16), self._floats(energies), self._floats(margins))

    def verdict(self, data: npt.ArrayLike, *, threads: int | None = None) -> Verdicts:
        """Whether data are anomalies, by the file's threshold."""
        values, _ = self._data(data)
        found = self._native.verdict(values, _check.threads(threads))
        if found is None:
            raise ValueError("the model has no anomaly threshold: vapo-train score --write-threshold gives it one")
        energies, anomalous = found
        return Verdicts(self._floats(energies), np.array(anomalous, np.bool_))

    # Series

    def windows(self, readings: npt.ArrayLike, stride: int = 1) -> Floats:
        """The windows of readings (time, channels) of a series, (n, *shape), one every `stride` readings. Windows with a number that
        is not finite are left out."""
        self._expect_series()
        given = _check.floats("readings", readings)
        width, channels = self.shape
        if given.ndim != 2 or given.shape[1] != channels:
            raise ValueError(f"readings: expected shape (n, {channels}), found {given.shape}")
        stride = _check.whole("stride", stride, 1, 1 << 31)
        if len(given) < width:
            raise ValueError(f"readings: expected {width} or more, a window, found {len(given)}")
        all_windows = np.lib.stride_tricks.sliding_window_view(given, width, 0)[::stride].swapaxes(1, 2)
        return np.ascontiguousarray(all_windows[np.isfinite(all_windows).all((1, 2))])

    def monitor(self, stride: int = 1) -> "Monitor":
        """A monitor that watches a series, and judges every `stride` readings."""
        from vapo.monitor import Monitor

        return Monitor(self, stride)

    # Units

    def to_values(self, raw: npt.ArrayLike) -> Floats:
        """Converts raw numbers to the values that the potential works with. Raw numbers are bytes from 0 to 255 for
        images, and readings for a series."""
        offset, scale = self._scaling()
        return (np.asarray(raw, np.float32) - offset) / scale

    def to_raw(self, values: npt.ArrayLike) -> Floats:
        """Converts values to raw numbers."""
        offset, scale = self._scaling()
        return offset + scale * np.asarray(values, np.float32)

    # The file

    def plan(self) -> Plan:
        """The flash and RAM that a device needs for the model."""
        model, sample, arenas, monitor = self._native.demands()
        times, least, buffers = self._native.buffers()
        watching, explaining = [arena + window for arena, window in monitor] if monitor else [None, None]
        pieces = tuple(Buffer(*buffer[:4], tuple(buffer[4])) for buffer in buffers)
        return Plan(model, dict(arenas), sample, watching, explaining, times, least, pieces)

    def matrices(self) -> dict[str, Floats]:
        """Weights and biases as floats, by the names that a checkpoint has for them: `nodes.7.weight` (rows, columns), input
        times window by output, and `nodes.7.bias` (columns,). For integer arithmetic they are within 2⁻¹⁵ of the
        weights that the model was made from."""
        found = {}
        for node, rows, columns, weights, biases in self._native.matrices():
            found[f"nodes.{node}.weight"] = self._floats(weights).reshape(rows, columns)
            found[f"nodes.{node}.bias"] = self._floats(biases)
        return found

    @staticmethod
    def of(architecture: dict[str, Any], matrices: Mapping[str, npt.ArrayLike]) -> "Model":
        """A model of float arithmetic and float32 weights, without threshold and classifier. Its `file` is what to write.

        `matrices` have the names and shapes that `Model.matrices` gives them.
        """
        found = list(_check.matrices(shapes(architecture), matrices).values())
        pairs = list(zip(found[::2], found[1::2], strict=True))
        return Model(_native.write(_check.to_json("the architecture", architecture), pairs))

    def save(self, path: str | os.PathLike[str], *, replace: bool = False) -> None:
        """Writes the file. An existing file is only replaced with `replace=True`; otherwise `FileExistsError`."""
        with open(path, "wb" if replace else "xb") as file:
            file.write(self.file)

    # What all of these share

    def _settings(
        self,
        guidance: float,
        label: object,
        steps: int,
        temperature: float | None,
        solver: str,
        grading: float,
        extrapolation: float,
        seed: int,
        threads: int | None,
    ) -> _native.Settings:
        if temperature is not None:
            temperature = _check.number("temperature", temperature)
            if not 0 <= temperature < float("inf"):
                raise ValueError(f"temperature: expected a finite number of at least 0, found {temperature}")
        guidance = _check.number("guidance", guidance)
        if not np.isfinite(guidance) or (guidance != 0 and label is None):
            raise ValueError(f"guidance: expected a finite number, and a label that it leads to, found {guidance}")
        if not isinstance(solver, str):
            raise TypeError(f"solver: expected a name, found {solver!r}")
        return _native.Settings(
            solver=solver,
            steps=_check.whole("steps", steps, 1, 0xFFFF),
            grading=_check.number("grading", grading),
            extrapolation=_check.number("extrapolation", extrapolation),
            temperature=temperature,
            guidance=guidance,
            seed=_check.whole("seed", seed, 0, (1 << 64) - 1),
            threads=_check.threads(threads),
        )

    def _points(
        self, x: npt.ArrayLike, time: npt.ArrayLike, label: Label | None
    ) -> tuple[Floats, Floats, npt.NDArray[np.int32], bool]:
        """Samples with a time and a class each, and whether there is one alone."""
        found, alone = _check.samples("x", x, self.shape)
        return found, _check.times("time", time, len(found)), _check.labels("label", label, len(found), self.classes), alone

    def _data(self, data: npt.ArrayLike) -> tuple[Floats, bool]:
        """The values of data."""
        given, alone = _check.samples("data", data, self.shape)
        return (np.ascontiguousarray(self.to_values(given)), alone) if self.is_series else (given, alone)

    def _data_energy(self, values: Floats, time: npt.ArrayLike, label: Label | None, threads: int | None) -> Floats:
        times = _check.times("time", time, len(values))
        labels = _check.labels("label", label, len(values), self.classes)
        return self._floats(self._native.energy(values, times, labels, True, _check.threads(threads)))

    def _mask(self, missing: npt.ArrayLike, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
        mask = np.asarray(missing)
        if mask.dtype != np.bool_:
            raise TypeError(f"missing: expected booleans, True where numbers are missing, found {mask.dtype}")
        if mask.shape in (shape[:-1], shape[1:-1]):
            mask = mask[..., np.newaxis]
        elif mask.shape not in (shape, shape[1:]):
            raise ValueError(f"missing: expected shape {shape[1:]}, {shape[1:-1]} or {shape}, found {mask.shape}")
        return np.broadcast_to(mask, shape)

    def _expect_series(self) -> None:
        if not self.is_series:
            raise ValueError(f"expected a model of a series, of height 1, found one of images of shape {self.shape}")

    def _scaling(self) -> tuple[Floats, Floats]:
        scaling = self.architecture["scaling"]
        offset, scale = (np.array([channel[part] for channel in scaling], np.float32) for part in ("offset", "scale"))
        return offset, scale

    def _of(self, found: bytearray, count: int) -> Floats:
        return self._floats(found).reshape(count, *self.shape)

    @staticmethod
    def _floats(found: bytearray) -> Floats:
        return np.frombuffer(found, np.float32)

    @staticmethod
    def _each(found: Floats, alone: bool) -> Floats:
        return found[0] if alone else found


def shapes(architecture: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """The shape of each matrix of a network: weights and biases in the order of their nodes."""
    found: dict[str, tuple[int, ...]] = {}
    for node, rows, columns in _native.shapes(_check.to_json("the architecture", architecture)):
        found |= {f"nodes.{node}.weight": (rows, columns), f"nodes.{node}.bias": (columns,)}
    return found
