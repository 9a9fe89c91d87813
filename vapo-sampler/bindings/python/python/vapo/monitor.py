"""A series watched reading by reading, and a threshold learned, as a device does both."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vapo import _check, _native
from vapo.model import Model

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Verdict:
    """The verdict of a monitor on the window that ends with a reading."""

    reading: int
    """The reading, from 0, among those of the same call."""
    energy: float
    """The higher, the more unusual."""
    anomalous: bool
    """Whether it is above the threshold, or not a number."""


@dataclass(frozen=True)
class Explanation:
    """Which eighth of which channel of a window the potential would change most."""

    channel: int
    """From 0."""
    start: int
    """First of the readings, from 0, the window's oldest."""
    stop: int
    """The reading after the last."""
    change: float
    """What the potential would add to these readings, on average, raw."""
    share: float
    """Their share of the squared correction of the whole window, from 0 to 1."""
    correction: Floats
    """What it would add to each number of the window, raw, (readings, channels)."""


class Monitor:
    """Judges a series by a model of one: raw readings in, a verdict out with the first whole window and every `stride` readings
    from then on. A reading that is not finite is a gap: a new window begins after it."""

    def __init__(self, model: Model, stride: int = 1) -> None:
        model._expect_series()
        self._shape = model.shape
        self._native = _native.Monitor(model._native, _check.whole("stride", stride, 1, 0xFFFF))

    def push(self, readings: npt.ArrayLike) -> list[Verdict]:
        """Takes a reading (channels,), or several (n, channels), and gives the verdicts that were due."""
        given = _check.floats("readings", readings)
        channels = self._shape[1]
        if given.ndim not in (1, 2) or given.shape[-1] != channels:
            raise ValueError(f"readings: expected shape ({channels},) or (n, {channels}), found {given.shape}")
        return [Verdict(*verdict) for verdict in self._native.push(given)]

    def explain(self) -> Explanation | None:
        """Why the last window is an anomaly; none unless the last reading made a verdict."""
        found = self._native.explain()
        if found is None:
            return None
        channel, start, stop, change, share, correction = found
        numbers = np.frombuffer(correction, np.float32).reshape(self._shape)
        return Explanation(channel, start, stop, change, share, numbers)

    @property
    def threshold(self) -> float | None:
        """The energy above which a window is an anomaly: the model's, unless it is replaced."""
        return self._native.threshold

    @threshold.setter
    def threshold(self, energy: float | None) -> None:
        self._native.set_threshold(None if energy is None else _check.number("threshold", energy))

    @property
    def time(self) -> float:
        """Time of the energies."""
        return self._native.time

    @property
    def gaps(self) -> int:
        """Number of readings that were gaps."""
        return self._native.gaps


class ThresholdLearner:
    """Learns a threshold from the energies of normal windows: the lowest that at most a share of `rate` exceeds. Of
    up to `count` energies it keeps only the largest, as a device does."""

    def __init__(self, rate: float, count: int) -> None:
        self._native = _native.Learner(_check.number("rate", rate), _check.whole("count", count, 1, 1 << 31))

    def push(self, energies: npt.ArrayLike) -> None:
        """Takes energies of normal windows. Energies that are not finite are left out."""
        self._native.push(_check.floats("energies", energies).reshape(-1))

    @property
    def threshold(self) -> float | None:
        """The threshold from the energies until now; none before the first."""
        return self._native.threshold

    @property
    def count(self) -> int:
        """Number of energies until now."""
        return self._native.count
