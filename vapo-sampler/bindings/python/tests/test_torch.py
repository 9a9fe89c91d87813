"""The network in PyTorch. Where there is none, ../test says that this was not run."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import vapo
import vapo.torch
from conftest import FILES
from graphs import every_layer

# What is computed here is small: threads would wait for each other.
torch.set_num_threads(1)


def points(model: vapo.Model, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(9)
    x = generator.standard_normal((count, *model.shape)).astype(np.float32)
    return x, generator.random(count).astype(np.float32), generator.integers(0, max(model.classes, 1), count)


def apart(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("name", ["digits-float32", "digits-int8", "fashion-int8", "series", "every layer"])
def test_potential_and_drift_are_the_sampler_s_to_1e_5(name: str, request: pytest.FixtureRequest) -> None:
    if name == "every layer":
        model = every_layer()
    elif name == "series":
        model = vapo.load(request.getfixturevalue("series").parent / "run" / "model-int8.vapo")
    else:
        model = vapo.load(FILES.get(name, FILES["fashion"].with_name(f"{name}.vapo")))
    assert model.arithmetic == "float"
    network = vapo.torch.Potential(model)
    x, time, labels = points(model, 16)
    for label in (None, labels) if model.classes else (None,):
        given = None if label is None else torch.from_numpy(label)
        found = network(torch.from_numpy(x), torch.from_numpy(time), given).detach().numpy()
        assert apart(found, model.potential(x, time, label=label)) < 1e-5
        found = network.drift(torch.from_numpy(x), torch.from_numpy(time), given).numpy()
        assert apart(found, model.drift(x, time, label=label)) < 1e-5


def test_of_integers_it_is_the_network_that_they_stand_for(digits: vapo.Model) -> None:
    network = vapo.torch.Potential(digits)
    x, time, labels = points(digits, 32)
    found = network.drift(torch.from_numpy(x), torch.from_numpy(time), torch.from_numpy(labels)).numpy().reshape(32, -1)
    expected = digits.drift(x, time, label=labels).reshape(32, -1)
    cosines = (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.999


def test_frequencies_are_those_of_the_format() -> None:
    source = (FILES["digits"].parents[3] / "vapo-format" / "src" / "layer" / "time.rs").read_text()
    listed = source.split("FREQUENCIES: [f32; 16] = [")[1].split("]")[0].replace("_", "").split(",")
    assert np.float32([number for number in listed if number.strip()]).tobytes() == vapo.torch.FREQUENCIES.tobytes()


def test_a_network_is_tuned_and_drawn_from(digits_float: vapo.Model, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = vapo.torch.Potential(digits_float)
    data = torch.from_numpy(digits_float.sample(64, label=8, seed=3))

    def loss() -> torch.Tensor:
        generator = torch.Generator().manual_seed(2)
        noise, time = torch.randn(data.shape, generator=generator), torch.rand(len(data), generator=generator)
        t = time[:, None, None, None]
        return (network.drift(t * data + (1 - t) * noise, time, create_graph=True) - (data - noise)).square().mean()

    # Whatever class becomes eights.
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    before = loss().item()
    for _ in range(25):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
    assert loss().item() < 0.9 * before
    tuned = network.model()
    tuned.save(tmp_path / "tuned.vapo")
    x, time, _ = points(tuned, 8)
    drift = vapo.load(tmp_path / "tuned.vapo").drift(x, time)
    assert apart(network.drift(torch.from_numpy(x), torch.from_numpy(time)).numpy(), drift) < 1e-5

    def eights(model: vapo.Model) -> int:
        return int((vapo.load(FILES["digits"]).classify(model.sample(40)).classes == 8).sum())

    assert eights(tuned) > eights(digits_float) + 10


def test_the_second_example_of_the_readme_runs(run_folder: Path, tmp_path: Path) -> None:
    code = (Path(__file__).resolve().parents[1] / "README.md").read_text().split("```python\n")[2].split("```")[0]
    shutil.copytree(run_folder, tmp_path / "runs" / "digits")
    # In a process that has imported nothing.
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert vapo.load(tmp_path / "tuned.vapo").encoding == "float32"
    assert vapo.Run(tmp_path / "runs" / "tuned").checkpoint.now.step == vapo.Run(run_folder).checkpoint.before_rest.step


def test_weights_are_the_model_s_to_the_bit(digits_float: vapo.Model) -> None:
    found, expected = vapo.torch.Potential(digits_float).matrices(), digits_float.matrices()
    assert list(found) == list(expected)
    assert all((found[name] == value).all() for name, value in expected.items())
    names = vapo.torch.Potential(digits_float).state_dict()
    assert {"nodes.2.weight", "nodes.2.bias"} <= names.keys()
    assert "frequencies" not in names


def test_what_a_network_refuses(digits_float: vapo.Model) -> None:
    network = vapo.torch.Potential(digits_float)
    with pytest.raises(ValueError, match=r"x: expected shape \(n, 8, 8, 1\), found \(2, 1, 8, 8\)"):
        network(torch.zeros(2, 1, 8, 8), 0.5)
    with pytest.raises(ValueError, match="label: expected classes from 0 to 9, or -1"):
        network(torch.zeros(2, 8, 8, 1), 0.5, 10)
