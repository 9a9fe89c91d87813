"""Bad input gets an exception that says what was expected and what was found. Nothing panics."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vapo
from conftest import FILES

X = np.zeros((2, 8, 8, 1), np.float32)
NAN = np.full((8, 8, 1), np.nan, np.float32)
REFUSED: list[tuple[str, type[Exception], str]] = [
    ("model.sample(0)", ValueError, "count: expected a whole number from 1 to 1000000, found 0"),
    ("model.sample(-1)", ValueError, "count: .* found -1"),
    ("model.sample(10**30)", ValueError, "count: .* found 1000000000"),
    ("model.sample(2.5)", TypeError, "count: expected a whole number, found 2.5"),
    ("model.sample('8')", TypeError, "count: expected a whole number, found '8'"),
    ("model.sample(1, steps=0)", ValueError, "steps: expected a whole number from 1 to 65535, found 0"),
    ("model.sample(1, steps=-3)", ValueError, "steps: .* found -3"),
    ("model.sample(1, steps=1 << 16)", ValueError, "steps: .* found 65536"),
    ("model.sample(1, seed=-1)", ValueError, "seed: .* from 0 to 18446744073709551615, found -1"),
    ("model.sample(1, seed=1 << 64)", ValueError, "seed: "),
    ("model.sample(1, threads=0)", ValueError, "threads: .* from 1 to 1024, found 0"),
    ("model.sample(1, solver='rk4')", ValueError, "solver: expected one of euler, heun, ab2, etd2, found rk4"),
    ("model.sample(1, solver=None)", TypeError, "solver: expected a name"),
    ("model.sample(1, temperature=-1)", ValueError, "temperature: expected a finite number of at least 0, found -1"),
    ("model.sample(1, temperature=float('nan'))", ValueError, "temperature: .* found nan"),
    ("model.sample(1, temperature=1e300)", ValueError, "temperature: expected a number that float32 has"),
    ("model.sample(1, temperature=10**400)", ValueError, "temperature: expected a number that float32 has"),
    ("model.sample(1, label=1, guidance=10**400)", ValueError, "guidance: expected a number that float32 has"),
    ("model.sample(1, grading=10**400)", ValueError, "grading: expected a number that float32 has"),
    ("model.sample(1, temperature='hot')", TypeError, "temperature: expected a number, found 'hot'"),
    (
        "model.sample(3, temperature=3e38, solver='euler')",
        ValueError,
        "sample 0 holds numbers that are not finite: .*temperature is too high",
    ),
    ("model.sample(1, grading=0)", ValueError, "grading: an exponent is positive"),
    ("model.sample(1, extrapolation=-1)", ValueError, "extrapolation: an extrapolation is finite and at least 0, found -1"),
    ("model.sample(1, label=10)", ValueError, "label: the model has the classes 0 to 9, found class 10"),
    ("model.sample(1, label=-1)", ValueError, "label: .* found class -1"),
    ("model.sample(1, label=1.0)", TypeError, "label: expected the number of a class"),
    ("model.sample(3, label=[1, 2])", ValueError, "label: expected one class, or one for each of 3 samples, found shape"),
    ("model.sample(label=[])", ValueError, "count: .* found 0"),
    ("model.sample(label='some')", ValueError, "label: expected a class from 0, or all"),
    ("model.sample(11, label='all')", ValueError, "count: expected as many samples of each of 10 classes, found 11"),
    ("model.sample(1, guidance=2)", ValueError, "guidance: .* a label that it leads to, found 2"),
    ("model.sample(1, label=1, guidance=float('inf'))", ValueError, "guidance: expected a finite number"),
    ("plain.sample(1, label=1)", ValueError, "label: the model has no classes, found class 1"),
    ("plain.sample(label='all')", ValueError, "of a model with classes"),
    ("plain.class_energies(np.zeros((28, 28, 1), np.float32))", ValueError, "the model has no classes"),
    ("plain.classify(np.zeros((28, 28, 1), np.float32))", ValueError, "no classifier: vapo-train classify"),
    ("model.verdict(X)", ValueError, "no anomaly threshold: vapo-train score"),
    ("model.drift(X[..., 0], 0.5)", ValueError, r"x: expected one sample, of shape \(8, 8, 1\), or several, of shape \(n, 8, 8, 1\)"),
    ("model.drift(X[:, :7], 0.5)", ValueError, r"found shape \(2, 7, 8, 1\)"),
    ("model.drift(X[:0], 0.5)", ValueError, "x: expected 1 sample or more, found none"),
    ("model.drift([], 0.5)", ValueError, r"found shape \(0,\)"),
    ("model.drift(3.0, 0.5)", ValueError, r"found shape \(\)"),
    ("model.drift(NAN, 0.5)", ValueError, r"x: expected finite numbers, found nan at \(0, 0, 0, 0\)"),
    ("model.drift(X + np.inf, 0.5)", ValueError, "x: expected finite numbers, found inf"),
    ("model.drift(X.astype(float) + 1e300, 0.5)", ValueError, "x: expected finite numbers, found inf"),
    ("model.drift(X.astype(np.uint8), 0.5)", TypeError, "x: expected floats, found uint8: vapo.from_bytes"),
    ("model.drift(X.astype(int), 0.5)", TypeError, "x: expected an array of floats, found int64"),
    ("model.drift(X.astype(complex), 0.5)", TypeError, "found complex128"),
    ("model.drift(X.astype(object), 0.5)", TypeError, "found object"),
    ("model.drift('x', 0.5)", TypeError, "x: expected an array of floats"),
    ("model.drift([[1.0], [1.0, 2.0]], 0.5)", ValueError, "inhomogeneous"),
    ("model.drift(X, 1.5)", ValueError, "time: expected times from 0 to 1, found 1.5"),
    ("model.drift(X, np.nan)", ValueError, "time: expected times from 0 to 1, found nan"),
    ("model.drift(X, [0.1, 0.2, 0.3])", ValueError, "time: expected one time, or one for each of 2 samples"),
    ("model.drift(X, None)", TypeError, "time: expected a number"),
    ("model.score(X, 1)", ValueError, "time: expected times from 0 to below 1"),
    ("model.energy(X, [0.5, 1])", ValueError, "there is no energy at time 1 on this path"),
    ("model.data_energy(X, 1)", ValueError, "there is no energy at time 1"),
    ("model.inpaint(X)", ValueError, "missing: nothing is missing"),
    ("model.inpaint(X, np.zeros((8, 8)))", TypeError, "missing: expected booleans, .* found float64"),
    ("model.inpaint(X, np.ones((7, 8), bool))", ValueError, r"missing: expected shape \(8, 8, 1\), \(8, 8\) or \(2, 8, 8, 1\)"),
    ("model.inpaint(X + np.inf, np.arange(8) < 4)", ValueError, "missing: expected shape"),
    ("model.inpaint(X + np.inf, np.eye(8, dtype=bool))", ValueError, "samples: expected finite numbers, found inf"),
    ("model.inpaint(NAN, count=0)", ValueError, "count: .* found 0"),
    ("model.inpaint(NAN, count=10**9)", ValueError, "count: "),
    ("model.windows(np.zeros((100, 1), np.float32))", ValueError, "expected a model of a series, of height 1"),
    ("model.monitor()", ValueError, "expected a model of a series"),
    ("model.plan().ram('rk4')", ValueError, "solver: expected one of"),
    ("vapo.load(b'')", ValueError, "12"),
    ("vapo.load(file[:-1])", ValueError, "34723"),
    ("vapo.load(file[:900] + b'x' + file[901:])", ValueError, "checksum"),
    ("vapo.load('nowhere.vapo')", FileNotFoundError, "nowhere.vapo"),
    ("vapo.load('.')", OSError, "Is a directory|denied"),
    ("vapo.load(__file__)", ValueError, "test_refusal.py: .*VAPO"),
    ("vapo.to_bytes(X.astype(int))", TypeError, "values: expected an array of floats"),
    ("vapo.from_bytes(X)", TypeError, "levels: expected an array of uint8, found float32"),
    ("vapo.ThresholdLearner(0, 5)", ValueError, "a false-positive rate is above 0 and below 1, found 0"),
    ("vapo.ThresholdLearner(0.5, 0)", ValueError, "count: "),
    ("vapo.Run('nowhere')", FileNotFoundError, "nowhere holds no run: expected a file config.json"),
    ("vapo.Model.of({}, {})", ValueError, "the architecture: missing field"),
    ("vapo.Model.of(model.architecture, {})", ValueError, r"matrices: nodes.2.weight: expected shape \(32, 16\), found no matrix"),
    ("vapo.Model.of(model.architecture, {'a': X})", ValueError, "nodes.2.weight: .* found no matrix of this name, but 'a'"),
    ("vapo.Model.of(model.architecture, matrices | {'a': X})", ValueError, "those of the network alone, found 'a' too"),
    ("vapo.Model.of(model.architecture, {1: 2})", TypeError, "matrices: expected names as nodes.7.weight, found 1"),
    ("vapo.Model.of(model.architecture, [1])", TypeError, "matrices: expected weights and biases by name, found list"),
    ("vapo.Model.of(model.architecture | {'classes': {1}}, matrices)", TypeError, "the architecture: .* not JSON serializable"),
    ("vapo.Model.of(deep(100_000), matrices)", ValueError, "the architecture: "),
    ("vapo.Model.of(model.architecture, renamed)", ValueError, "nodes.2.weight: .* of this name, but 'nodes.1.weight'"),
    ("vapo.Model.of(model.architecture, matrices | {'nodes.2.bias': X})", ValueError, r"nodes.2.bias: .* \(16,\), found \(2, 8, 8, 1\)"),
    (
        "vapo.Model.of(model.architecture, {name: value.T for name, value in matrices.items()})",
        ValueError,
        r"matrices: nodes.2.weight: expected shape \(32, 16\), found \(16, 32\)",
    ),
    (
        "vapo.Model.of(model.architecture, {name: value.ravel() for name, value in matrices.items()})",
        ValueError,
        r"matrices: nodes.2.weight: expected shape \(32, 16\), found \(512,\)",
    ),
    (
        "vapo.Model.of(model.architecture, matrices | {'nodes.2.bias': np.full(16, np.nan)})",
        ValueError,
        r"matrices: nodes.2.bias: expected finite numbers, found nan at \(0,\)",
    ),
]


def deep(levels: int) -> dict[str, Any]:
    """A dictionary in a dictionary, and so on."""
    found: dict[str, Any] = {}
    for _ in range(levels):
        found = {"nodes": found}
    return found


@pytest.mark.parametrize(("call", "kind", "words"), REFUSED, ids=[call for call, _, _ in REFUSED])
def test_what_is_wrong_is_told(call: str, kind: type[Exception], words: str, digits: vapo.Model) -> None:
    matrices = digits.matrices()
    renamed = {name.replace("nodes.2.", "nodes.1."): value for name, value in matrices.items()}
    names: dict[str, Any] = {"model": digits, "plain": vapo.load(FILES["fashion"]), "file": digits.file}
    names |= {"matrices": matrices, "renamed": renamed}
    with pytest.raises(kind, match=words) as told:
        eval(call, globals() | names)
    # An exception of this kind or a kind of it, and no accident in the package.
    assert not isinstance(told.value, UnicodeError | RuntimeError)


def test_no_damaged_byte_of_a_file_is_taken() -> None:
    file = FILES["digits"].read_bytes()
    generator = np.random.default_rng(2)
    for place in [*range(12), *generator.integers(0, len(file), 60)]:
        damaged = bytearray(file)
        damaged[place] ^= 1 << generator.integers(8)
        with pytest.raises(ValueError):
            vapo.load(bytes(damaged))


def test_a_file_is_not_overwritten_unasked(tmp_path: Path, digits: vapo.Model) -> None:
    path = tmp_path / "model.vapo"
    path.write_bytes(b"theirs")
    with pytest.raises(FileExistsError):
        digits.save(path)
    assert path.read_bytes() == b"theirs"
    digits.save(path, replace=True)
    assert vapo.load(path).file == digits.file
    with pytest.raises(TypeError):
        pickle.dumps(digits)
