"""The same bytes as the command line, for the same seed."""

from pathlib import Path

import numpy as np
import pytest

import vapo
from conftest import FILES, Command, machine

DRAWN = [
    ("digits", {}, []),
    ("digits", {"count": 5, "seed": 7, "steps": 10}, ["--count", 5, "--seed", 7, "--steps", 10]),
    ("digits", {"count": 3, "seed": 2**64 - 2}, ["--count", 3, "--seed", 2**64 - 2]),
    ("digits", {"count": 4, "label": 3, "guidance": 1.5}, ["--count", 4, "--class", 3, "--guidance", 1.5]),
    ("digits", {"label": "all", "steps": 4}, ["--class", "all", "--steps", 4]),
    ("digits", {"count": 20, "label": "all", "steps": 4}, ["--count", 20, "--class", "all", "--steps", 4]),
    (
        "digits-int8",
        {"count": 3, "temperature": 1.1, "grading": 0.8, "extrapolation": 1.0},
        ["--count", 3, "--temperature", 1.1, "--grading", 0.8, "--extrapolation", 1],
    ),
    ("digits-float32", {"count": 3, "steps": 5}, ["--count", 3, "--steps", 5]),
    ("fashion", {"count": 3, "steps": 3}, ["--count", 3, "--steps", 3]),
]
DRAWN += [
    (model, {"count": 3, "steps": 4, "solver": solver}, ["--count", 3, "--steps", 4, "--solver", solver])
    for model in ("digits", "digits-float32")
    for solver in ("euler", "heun", "ab2", "etd2")
]


@pytest.mark.parametrize(("model", "options", "words"), DRAWN)
def test_samples_are_those_of_the_command_line(
    tmp_path: Path, run_command: Command, model: str, options: dict, words: list
) -> None:
    run_command(tmp_path, "sample", "--model", FILES[model], *words, "--out", "s.npy")
    expected = np.load(tmp_path / "s.npy")
    found = vapo.load(FILES[model]).sample(**options)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()


def test_pictures_are_those_of_the_command_line(tmp_path: Path, run_command: Command, digits: vapo.Model) -> None:
    # So hot that many values lie beyond black and white.
    run_command(tmp_path, "sample", "--model", FILES["digits"], "--temperature", 30, "--steps", 5, "--out", "s.npz")
    found = digits.images(temperature=30, steps=5)
    assert found.tobytes() == np.load(tmp_path / "s.npz")["arr_0"].tobytes()
    assert len(np.unique(found)) == 256


def test_windows_of_a_series_are_those_of_the_command_line(tmp_path: Path, run_command: Command, series: Path) -> None:
    run_command(tmp_path, "sample", "--model", series, "--count", 5, "--steps", 6, "--seed", 3, "--out", "s.npy")
    expected = np.load(tmp_path / "s.npy")
    found = vapo.load(series).sample(5, steps=6, seed=3)
    assert found.shape == expected.shape == (5, 32, 2)
    assert found.tobytes() == expected.tobytes()


def test_restorations_are_those_of_the_command_line(tmp_path: Path, run_command: Command, digits: vapo.Model) -> None:
    given = digits.sample(2, seed=40)
    np.save(tmp_path / "given.npy", given)
    options = ["--box", "0,4,8,3", "--index", 0, "--index", 1, "--count", 3, "--seed", 11, "--steps", 7]
    run_command(tmp_path, "inpaint", "--model", FILES["digits"], "--images", "given.npy", *options, "--out", "r.npy")
    expected = np.load(tmp_path / "r.npy")
    missing = np.zeros((8, 8), bool)
    missing[4:7] = True
    found = digits.inpaint(given, missing, 3, seed=11, steps=7)
    assert found.shape == (2, 3, 8, 8, 1)
    assert found.tobytes() == expected.tobytes()
    # What is missing may be anything, and be said by the numbers themselves.
    given[:, 4:7] = np.nan
    assert digits.inpaint(given, count=3, seed=11, steps=7).tobytes() == expected.tobytes()
    # The second image alone begins where the first one's restorations end.
    assert digits.inpaint(given[1], count=3, seed=14, steps=7).tobytes() == expected[3:].tobytes()
    known = np.repeat(given, 3, 0)[:, :4]
    assert (found.reshape(-1, 8, 8, 1)[:, :4] == known).all()


def test_energies_and_classes_are_those_of_the_command_line(tmp_path: Path, run_command: Command, digits: vapo.Model) -> None:
    images, labels = digits.images(60, label="all", temperature=3), np.repeat(np.arange(10), 6)
    np.savez(tmp_path / "d.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    data = ["--model", FILES["digits"], "--dataset", "npy", "--data-dir", "d.npz", "--split", "test"]
    values = vapo.from_bytes(images)
    for time in (None, 0.25):
        run_command(tmp_path, "score", *data, *(["--time", time] if time else []), "--out", "e.npy", "--force")
        assert digits.data_energy(values, time).tobytes() == np.load(tmp_path / "e.npy")[:, 0].tobytes()
    told = run_command(tmp_path, "classify", *data, "--out", "c.png")
    right = int((digits.classify(values).classes == labels).sum())
    assert f"{right} of 60 images" in told
    assert 30 < right < 60


def test_a_series_is_judged_as_by_the_command_line(tmp_path: Path, run_command: Command, series: Path) -> None:
    readings = machine(200)
    readings[150:160, 0] += 9
    np.save(tmp_path / "m.npy", readings)
    # The test split of a file is its last fifth.
    run_command(
        tmp_path, "score", "--model", series, "--dataset", "series", "--data-dir", "m.npy", "--stride", 2, "--out", "e.csv"
    )
    table = np.genfromtxt(tmp_path / "e.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    model = vapo.load(series)
    energies = model.data_energy(model.windows(readings[160:], 2))
    assert energies.tobytes() == table["energy"].astype(np.float32).tobytes()


def test_a_plan_is_what_inspect_says(tmp_path: Path, run_command: Command, series: Path) -> None:
    for file in [*FILES.values(), series]:
        told, plan = run_command(tmp_path, "inspect", file), vapo.load(file).plan()
        assert f"flash            {plan.model} bytes of model" in told
        for solver, arena in plan.arena.items():
            of = "window" if plan.monitor else "image"
            line = next(line for line in told.splitlines() if line.startswith(f"RAM, {solver} "))
            assert f"{plan.ram(solver)} bytes: arena {arena}, {of} {plan.sample};" in line, told
        if plan.monitor is not None:
            line = next(line for line in told.splitlines() if "monitor" in line)
            assert f"{plan.monitor} bytes" in line, told
