"""Arrays of every layout are taken: what is computed does not depend on where numbers lie."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import vapo
from conftest import machine

X = np.random.default_rng(3).standard_normal((2, 8, 8, 1)).astype(np.float32)
Layout = Callable[[np.ndarray], np.ndarray]


def after_a_byte(values: np.ndarray) -> np.ndarray:
    """The same numbers behind one byte of something else."""
    return np.frombuffer(b"h" + values.tobytes(), values.dtype, offset=1).reshape(values.shape)


def in_a_packed_record(values: np.ndarray) -> np.ndarray:
    record = np.zeros(3, [("kind", np.uint8), ("values", values.dtype, values.shape)])
    record["values"][1] = values
    return record["values"][1]


LAYOUTS: list[Layout] = [
    after_a_byte,
    in_a_packed_record,
    lambda values: np.repeat(values, 2, -1)[..., ::2],
    np.asfortranarray,
    lambda values: values.astype(values.dtype.newbyteorder()),
]
NAMES = ["after a byte", "in a packed record", "strided", "by columns", "of the other byte order"]


@pytest.mark.parametrize("layout", LAYOUTS, ids=NAMES)
def test_every_method_takes_every_layout(layout: Layout, digits: vapo.Model) -> None:
    x, times, labels = layout(X), layout(np.float32([0.2, 0.6])), layout(np.int32([3, 7]))
    for method in (digits.potential, digits.drift, digits.score, digits.energy, digits.data_energy):
        assert method(x, times, label=labels).tobytes() == method(X, [0.2, 0.6], label=[3, 7]).tobytes()
        assert method(layout(X[0]), 0.5).tobytes() == method(X[0], 0.5).tobytes()
    assert digits.classify(x).energies.tobytes() == digits.classify(X).energies.tobytes()
    assert digits.sample(2, label=labels, steps=2).tobytes() == digits.sample(2, label=[3, 7], steps=2).tobytes()
    missing = np.arange(8) < 4
    holes = np.where(missing[:, np.newaxis], np.float32(np.nan), X)
    assert digits.inpaint(layout(holes), steps=2).tobytes() == digits.inpaint(holes, steps=2).tobytes()
    matrices = digits.matrices()
    laid = {name: layout(value) for name, value in matrices.items()}
    assert vapo.Model.of(digits.architecture, laid).file == vapo.Model.of(digits.architecture, dict(matrices)).file
    assert vapo.to_bytes(x).tobytes() == vapo.to_bytes(X).tobytes()


@pytest.mark.parametrize("layout", LAYOUTS, ids=NAMES)
def test_a_series_has_every_layout(layout: Layout, series: Path) -> None:
    model, readings = vapo.load(series), machine(40)
    assert model.monitor().push(layout(readings)) == model.monitor().push(readings)
    # Without a number there is nothing to be aligned.
    assert model.monitor().push(layout(readings)[:0]) == []
    windows = model.windows(readings)
    assert model.windows(layout(readings)).tobytes() == windows.tobytes()
    assert model.verdict(layout(windows)).energies.tobytes() == model.verdict(windows).energies.tobytes()
    learner = vapo.ThresholdLearner(0.5, 40)
    learner.push(layout(readings[:, 0]))
    assert learner.count == 40
