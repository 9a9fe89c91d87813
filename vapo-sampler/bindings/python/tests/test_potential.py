"""Potential, drift, score and energy, against a second program in float64 and against each other."""

from pathlib import Path

import numpy as np
import pytest

import vapo
from conftest import FILES
from graphs import every_layer
from reference import potential


def points(model: vapo.Model, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    generator = np.random.default_rng(5)
    x = generator.standard_normal((count, *model.shape)).astype(np.float32)
    labels = generator.integers(0, model.classes, count) if model.classes else None
    return x, generator.random(count).astype(np.float32), labels


def exact(model: vapo.Model, x: np.ndarray, time: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    pictures = np.float64(x) if x.ndim == 4 else np.float64(x)[:, None]
    labels = np.full(len(x), -1) if labels is None else labels
    return potential(model.architecture, model.matrices(), pictures, np.float64(time), labels)


def slope(model: vapo.Model, x: np.ndarray, time: np.ndarray, labels: np.ndarray | None, way: np.ndarray) -> np.ndarray:
    """The derivative of the exact potential along a way; its error is of the order of 1e-8"""
    step = 1e-4 * way
    high, low = (exact(model, np.float64(x) + sign * step, time, labels) for sign in (1, -1))
    return (high - low) / 2e-4


@pytest.mark.parametrize("name", ["digits-int8", "digits-float32", "every layer", "series"])
def test_floats_are_those_of_the_specification(name: str, series: Path) -> None:
    if name == "every layer":
        model = every_layer()
    else:
        model = vapo.load(series.parent / "run" / "model-int8.vapo" if name == "series" else FILES[name])
    x, time, labels = points(model, 12)
    found, expected = model.potential(x, time, label=labels), exact(model, x, time, labels)
    # Sums of some thousand float32 products, and phases of up to 200 radians.
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()
    generator = np.random.default_rng(6)
    drift = model.drift(x, time, label=labels)
    for _ in range(4):
        way = generator.standard_normal(x.shape)
        along = (drift * way).sum(tuple(range(1, x.ndim)))
        expected = slope(model, x, time, labels, way)
        assert np.abs(along - expected).max() < 2e-5 * np.abs(expected).max()


def test_the_score_is_the_negative_gradient_of_the_energy_and_a_standard_gaussian_s_at_time_0(digits_float: vapo.Model) -> None:
    for model in (digits_float, every_layer("bayes")):
        x, time, labels = points(model, 6)
        time = np.clip(time, 0, 0.9)
        t = np.float64(time)
        bayes = model.homotopy == "bayes"

        def energy(x: np.ndarray) -> np.ndarray:
            half = 0.5 * (x * x).sum((1, 2, 3)) - t * exact(model, x, time, labels)
            return 2 * half / (2 - t) if bayes else half / (1 - t)

        found = model.energy(x, time, label=labels)
        assert np.abs(found - energy(np.float64(x))).max() < 1e-5 * np.abs(found).max()
        way = np.random.default_rng(8).standard_normal(x.shape)
        high, low = (energy(np.float64(x) + sign * 1e-4 * way) for sign in (1, -1))
        along = (model.score(x, time, label=labels) * way).sum((1, 2, 3))
        assert np.abs(along + (high - low) / 2e-4).max() < 2e-5 * np.abs(along).max()
        # By definition −E[ε|x]/σ, where the drift is μ′E[x̄|x] + σ′E[ε|x] and x is μE[x̄|x] + σE[ε|x].
        mean, std, std_rate = t, np.sqrt(1 - t) if bayes else 1 - t, -0.5 / np.sqrt(1 - t) if bayes else -np.ones(6)
        mean, std, std_rate = (value[:, None, None, None] for value in (mean, std, std_rate))
        noise = (mean * model.drift(x, time, label=labels) - x) / (mean * std_rate - std)
        assert np.abs(model.score(x, time, label=labels) + noise / std).max() < 1e-4 * np.abs(noise / std).max()
        assert np.abs(model.score(x, 0.0) + x).max() < 1e-6


def test_one_sample_has_no_axis_of_samples(digits: vapo.Model) -> None:
    x = digits.sample(3)
    whole = digits.drift(x, [0.1, 0.2, 0.3], label=[1, 2, 3])
    for index, time in enumerate([0.1, 0.2, 0.3]):
        alone = digits.drift(x[index], time, label=index + 1)
        assert alone.shape == (8, 8, 1)
        assert alone.tobytes() == whole[index].tobytes()
    assert digits.potential(x[0], 0.5).shape == ()
    assert digits.data_energy(x[0]).shape == ()
    assert digits.class_energies(x[0]).shape == (10,)


def test_the_class_has_the_least_energy_with_its_offset(digits: vapo.Model) -> None:
    assert digits.classifier is not None
    data = digits.sample(40, label="all")
    energies = digits.class_energies(data) + np.float32(digits.classifier.offsets)
    found = digits.classify(data)
    assert (found.classes == energies.argmin(1)).all()
    assert (found.energies == energies.min(1)).all()
    two = np.sort(energies, 1)
    assert (found.margins == two[:, 1] - two[:, 0]).all()


def test_any_layout_and_any_floats_are_the_same_samples(digits: vapo.Model) -> None:
    x = digits.sample(4)
    expected = digits.drift(x, 0.5).tobytes()
    frozen = x.copy()
    frozen.flags.writeable = False
    strided = np.zeros((8, 8, 8, 2), np.float32)
    strided[::2, :, :, :1] = x
    for same in (frozen, strided[::2, :, :, :1], np.asfortranarray(x), x.astype(np.float64), x.tolist(), x.astype(">f4")):
        assert digits.drift(same, 0.5).tobytes() == expected
    assert frozen.tobytes() == x.tobytes()


def test_weights_go_to_a_file_and_back() -> None:
    for name in ("digits-float32", "digits-int8"):
        model = vapo.load(FILES[name])
        copy = vapo.Model.of(model.architecture, dict(model.matrices()))
        assert copy.encoding == "float32"
        assert copy.architecture == model.architecture
        assert all((copy.matrices()[name] == value).all() for name, value in model.matrices().items())
        x, time, labels = points(model, 3)
        assert copy.potential(x, time, label=labels) == pytest.approx(model.potential(x, time, label=labels), rel=1e-5)


def test_integers_stand_for_the_weights_that_they_were_made_of() -> None:
    integers, floats = (vapo.load(FILES[name]).matrices() for name in ("digits", "digits-int8"))
    assert integers.keys() == floats.keys()
    for name, value in floats.items():
        # Half of a unit of a multiplier of 14 bits or more, or of a bias, which has its node's exponent.
        unit = 2.0**-14 if name.endswith("weight") else 2.0**-6
        assert np.abs(integers[name] - value).max() <= unit * max(np.abs(value).max(), 1 if name.endswith("bias") else 0), name
