"""A series, watched reading by reading."""

from pathlib import Path

import numpy as np
import pytest

import vapo
from conftest import machine


@pytest.fixture(scope="session")
def model(series: Path) -> vapo.Model:
    return vapo.load(series)


def test_a_monitor_judges_windows_as_they_are_judged_at_once(model: vapo.Model) -> None:
    readings = machine(120)
    readings[90:96, 1] += 80
    monitor = model.monitor(3)
    verdicts = monitor.push(readings)
    windows = model.windows(readings, 3)
    assert [verdict.reading for verdict in verdicts] == list(range(31, 120, 3))
    judged = model.verdict(windows)
    assert np.float32([verdict.energy for verdict in verdicts]).tobytes() == judged.energies.tobytes()
    assert [verdict.anomalous for verdict in verdicts] == judged.anomalous.tolist()
    assert 0 < judged.anomalous.sum() < len(windows)
    assert judged.energies.tobytes() == model.data_energy(windows).tobytes()
    # One reading after the other is the same.
    again = model.monitor(3)
    one_by_one = [verdict.energy for reading in readings for verdict in again.push(reading)]
    assert one_by_one == [verdict.energy for verdict in verdicts]


def test_a_gap_begins_the_window_anew(model: vapo.Model) -> None:
    readings = machine(100)
    readings[40, 1] = np.nan
    monitor = model.monitor()
    assert [verdict.reading for verdict in monitor.push(readings)] == [*range(31, 40), *range(72, 100)]
    assert monitor.gaps == 1
    assert len(model.windows(readings)) == 9 + 28


def test_an_anomaly_is_explained(model: vapo.Model) -> None:
    readings = machine(64)
    readings[40:44, 1] += 200
    monitor = model.monitor(32)
    assert monitor.explain() is None
    verdict = monitor.push(readings)[-1]
    found = monitor.explain()
    assert verdict.anomalous and found is not None
    assert found.channel == 1
    assert found.start <= 40 - 32 + 3 and found.stop >= 40 - 32 + 1 and found.stop - found.start == 4
    assert found.change < 0
    assert 0.2 < found.share <= 1
    assert found.correction.shape == (32, 2)
    part = found.correction[found.start : found.stop, 1]
    assert found.change == pytest.approx(part.mean(), rel=1e-5)
    monitor.push(readings[0])
    assert monitor.explain() is None


def test_a_threshold_is_the_model_s_until_it_is_replaced(model: vapo.Model) -> None:
    assert model.threshold is not None
    monitor = model.monitor(32)
    assert (monitor.threshold, monitor.time) == (model.threshold.energy, model.threshold.time)
    monitor.threshold = -1e30
    assert monitor.push(machine(32))[0].anomalous
    monitor.threshold = None
    assert monitor.threshold is None
    assert not monitor.push(machine(32))[0].anomalous


def test_a_learner_keeps_the_threshold_of_all_energies() -> None:
    energies = np.random.default_rng(3).standard_normal(500).astype(np.float32)
    learner = vapo.ThresholdLearner(0.05, 500)
    assert learner.threshold is None
    for count in (1, 20, 333, 500):
        learner.push(energies[learner.count : count])
        assert learner.count == count
        assert learner.threshold == np.sort(energies[:count])[::-1][int(np.float32(0.05) * count)]
    with pytest.raises(ValueError, match="learn from fewer windows"):
        learner.push(np.zeros(500, np.float32))
    learner.push([np.nan, np.inf])


def test_units_are_those_of_the_model(model: vapo.Model) -> None:
    readings = machine(64)
    values = model.to_values(readings)
    # The training's scaling: deviations of the readings become 1.
    assert np.abs(values).max() < 2
    assert model.to_raw(values) == pytest.approx(readings, rel=1e-6, abs=1e-5)
    assert model.shape == (32, 2)
    assert model.plan().monitor < model.plan().explaining_monitor


def test_gaps_of_a_series_are_filled_and_all_else_stays(model: vapo.Model) -> None:
    window = machine(32)
    window[10:14, 0] = np.nan
    filled = model.inpaint(window, count=3, steps=5)
    assert filled.shape == (3, 32, 2)
    known = ~np.isnan(window)
    assert (filled[:, known] == window[known]).all()
    assert np.isfinite(filled).all() and len({part.tobytes() for part in filled}) == 3


def test_what_a_monitor_refuses(model: vapo.Model) -> None:
    with pytest.raises(ValueError, match="stride: .* found 0"):
        model.monitor(0)
    monitor = model.monitor()
    for wrong in (machine(5)[:, :1], machine(5)[0, 0], machine(5)[np.newaxis]):
        with pytest.raises(ValueError, match=r"readings: expected shape \(2,\) or \(n, 2\), found"):
            monitor.push(wrong)
    with pytest.raises(ValueError, match="threshold: expected a number that float32 has"):
        monitor.threshold = 10**400
    with pytest.raises(ValueError, match="expected 32 or more, a window, found 5"):
        model.windows(machine(5))
    with pytest.raises(ValueError, match="the model is of a series"):
        model.images(2)
    assert monitor.push(machine(0)) == []
