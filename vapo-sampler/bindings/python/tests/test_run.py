"""Run folders: read, and written so that a training goes on from them."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vapo
from conftest import Command


@pytest.fixture
def copy(run_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(run_folder, tmp_path / "copy")


def test_a_run_is_read(run_folder: Path) -> None:
    run = vapo.Run(run_folder)
    assert (run.config["preset"], run.config["budget"]) == ("tiny", {"steps": 60})
    assert run.metrics["step"].tolist() == [50, 60]
    assert run.metrics["loss"][1] == json.loads((run_folder / "metrics.jsonl").read_text().splitlines()[1])["loss"]
    assert run.models == ("model.vapo", "model-int8.vapo", "model-float32.vapo")
    checkpoint = run.checkpoint
    # Weights rest in the last tenth.
    assert checkpoint.now.step == 60 and checkpoint.before_rest is not None and checkpoint.before_rest.step == 54
    # The float model is the moving average before they did, but for its classifier.
    of_file, trained = run.model("model-float32.vapo"), run.trained()
    assert trained.architecture == of_file.architecture == run.config["architecture"]
    assert all((trained.matrices()[name] == value).all() for name, value in of_file.matrices().items())
    rest = vapo.Model.of(run.config["architecture"], dict(checkpoint.now.ema)).matrices()
    # Half a step of 8 bits at most, since rounding is where the last part began.
    assert any((rest[name] != value).any() for name, value in trained.matrices().items())


def test_a_checkpoint_is_written_to_the_same_bytes(run_folder: Path) -> None:
    file = (run_folder / "checkpoint.safetensors").read_bytes()
    assert vapo.Checkpoint.from_bytes(file).to_bytes() == file


def test_a_run_that_was_written_goes_on_as_the_one_that_was_read(copy: Path, tmp_path: Path, run_command: Command) -> None:
    run = vapo.Run(copy)
    written = vapo.Run.write(tmp_path / "deep" / "written", run.config, run.checkpoint, run.metrics)
    assert written.config == run.config
    assert {name: value.tolist() for name, value in written.metrics.items()} == {
        name: value.tolist() for name, value in run.metrics.items()
    }
    assert sorted(path.name for path in written.path.iterdir()) == ["checkpoint.safetensors", "config.json", "metrics.jsonl"]
    for folder in (copy, written.path):
        run_command(tmp_path, "--resume", "--out", folder, "--steps", 80)
    for name in ("model.vapo", "model-float32.vapo", "checkpoint.safetensors"):
        assert (written.path / name).read_bytes() == (copy / name).read_bytes(), name


def test_tuned_weights_are_evaluated_calibrated_and_trained_on(run_folder: Path, tmp_path: Path, run_command: Command) -> None:
    run = vapo.Run(run_folder)
    tuned = {name: value * np.float32(1.01) for name, value in run.trained().matrices().items()}
    checkpoint = run.checkpoint.with_weights(tuned)
    written = vapo.Run.write(tmp_path / "tuned", run.config, checkpoint, run.metrics)
    assert all((written.trained().matrices()[name] == value).all() for name, value in tuned.items())
    run_command(tmp_path, "--resume", "--out", written.path, "--steps", 70)
    assert written.checkpoint.now.step == 70
    # Seven steps of a learning rate that still rises move nothing far.
    moved = written.trained().matrices()
    assert all(np.abs(moved[name] - value).max() < 0.02 for name, value in tuned.items())
    assert any((moved[name] != value).any() for name, value in tuned.items())
    vapo.Model.of(run.config["architecture"], dict(tuned)).save(tmp_path / "tuned.vapo")
    words = ["--model", "tuned.vapo", "--dataset", "digits", "--out", "device.vapo"]
    run_command(tmp_path, "calibrate", *words)
    device = vapo.load(tmp_path / "device.vapo")
    assert device.arithmetic == "integer"
    words = ["--dataset", "digits", "--distil", "tuned.vapo", "--evaluations", 2, "--steps", 2]
    run_command(tmp_path, *words, "--threads", 1, "--out", "distilled")
    assert vapo.Run(tmp_path / "distilled").config["distillation"]["evaluations"] == 2


def test_a_run_is_not_overwritten_unasked(copy: Path) -> None:
    run, before = vapo.Run(copy), {path.name: path.read_bytes() for path in copy.iterdir()}
    (copy / "notes.md").write_text("theirs")
    with pytest.raises(FileExistsError, match=r"holds a run already, config.json: give another folder, or replace=True"):
        vapo.Run.write(copy, run.config, run.checkpoint)
    (copy / "config.json").rename(copy / "config.old")
    with pytest.raises(FileExistsError, match="metrics.jsonl"):
        vapo.Run.write(copy, run.config, run.checkpoint)
    (copy / "config.old").rename(copy / "config.json")
    assert {name: (copy / name).read_bytes() for name in before} == before
    vapo.Run.write(copy, run.config, run.checkpoint, replace=True)
    left = ["checkpoint.safetensors", "config.json", "metrics.jsonl", "notes.md"]
    assert sorted(path.name for path in copy.iterdir()) == left
    assert vapo.Run(copy).metrics == {}


@pytest.mark.skipif(os.name != "posix", reason="locks of this system are others")
def test_a_run_that_is_written_to_is_left_alone(copy: Path) -> None:
    import fcntl

    run = vapo.Run(copy)
    with open(copy / ".vapo-train.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError, match="is in use: a training writes to it"):
            vapo.Run.write(copy, run.config, run.checkpoint, replace=True)
    assert len(vapo.Run(copy).models) == 3


def test_what_does_not_belong_together_is_refused_before_anything_is_written(run_folder: Path, tmp_path: Path) -> None:
    run = vapo.Run(run_folder)
    weights = run.trained().matrices()
    with pytest.raises(ValueError, match=r"nodes.2.bias: expected shape \(8,\), found no matrix"):
        run.checkpoint.with_weights({name: value for name, value in weights.items() if name != "nodes.2.bias"})
    with pytest.raises(ValueError, match="nodes.2.bias: expected finite numbers"):
        run.checkpoint.with_weights(weights | {"nodes.2.bias": np.full(8, np.nan, np.float32)})
    for vector in ("parameters", "ema", "first_moment", "second_moment"):
        flat = {name: value.ravel() for name, value in weights.items()}
        renamed = {name.replace("nodes.2.", "nodes.3."): value for name, value in weights.items()}
        for wrong in (flat, renamed):
            checkpoint = replace(run.checkpoint, now=replace(run.checkpoint.now, **{vector: wrong}))
            with pytest.raises(ValueError, match=rf"checkpoint.now.{vector}: nodes.2.weight: expected shape .* found"):
                vapo.Run.write(tmp_path / "new", run.config, checkpoint)
    larger = run.config | {"architecture": run.config["architecture"] | {"classes": 11}}
    for config in (larger, {}, None):
        with pytest.raises(ValueError, match="lasses|settings of a training"):
            vapo.Run.write(tmp_path / "new", config, run.checkpoint)
    assert not (tmp_path / "new").exists()


def test_what_no_file_holds_is_refused_before_anything_is_written(run_folder: Path, tmp_path: Path) -> None:
    run, new = vapo.Run(run_folder), tmp_path / "new"
    whole = run.checkpoint
    for number in (np.nan, np.inf, -np.inf):
        # JSON has no such numbers.
        with pytest.raises(ValueError, match="config: "):
            vapo.Run.write(new, run.config | {"rate": [number]}, whole)
        with pytest.raises(ValueError, match="metrics: step: expected a whole number"):
            vapo.Run.write(new, run.config, whole, {"step": np.array([number])})
    for step in (np.inf, -1, 0.5, 10**400):
        with pytest.raises(ValueError, match="step: expected a"):
            vapo.Run.write(new, run.config, replace(whole, now=replace(whole.now, step=step)))
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="config: "):
        vapo.Run.write(new, run.config | {"deep": deep}, whole)
    with pytest.raises(TypeError, match="checkpoint: expected a Checkpoint, .* found NoneType"):
        vapo.Run.write(new, run.config, None)
    with pytest.raises(TypeError, match="checkpoint.now: expected a Snapshot, found NoneType"):
        vapo.Run.write(new, run.config, vapo.Checkpoint(None))
    with pytest.raises(TypeError, match="checkpoint.now.ema: expected weights and biases by name, found list"):
        vapo.Run.write(new, run.config, replace(whole, now=replace(whole.now, ema=[1])))
    with pytest.raises(TypeError, match="matrices: expected weights and biases by name, found list"):
        whole.with_weights([1])
    for metrics in ([1], {"loss": ["low"]}, {"loss": 1.0}, {"loss": [10**400]}):
        with pytest.raises(TypeError, match="metrics: .*expected numbers"):
            vapo.Run.write(new, run.config, whole, metrics)
    assert not new.exists()
    # Of a loss that is not finite, a training writes null.
    written = vapo.Run.write(new, run.config, whole, {"step": [1], "loss": [np.inf]})
    assert (new / "metrics.jsonl").read_text() == '{"step": 1, "loss": null}\n'
    assert np.isnan(written.metrics["loss"]).all()


def test_damaged_files_are_named(copy: Path) -> None:
    run = vapo.Run(copy)
    checkpoint = copy / "checkpoint.safetensors"
    whole = bytearray(checkpoint.read_bytes())
    for place in (9, 5000, len(whole) - 1):
        damaged = whole.copy()
        damaged[place] ^= 1
        checkpoint.write_bytes(damaged)
        with pytest.raises(ValueError, match="checkpoint.safetensors: expected"):
            _ = run.checkpoint
    checkpoint.unlink()
    with pytest.raises(FileNotFoundError):
        _ = run.checkpoint
    (copy / "metrics.jsonl").write_text('{"step":1,"loss":null}\n{"step"\n')
    with pytest.raises(ValueError, match="metrics.jsonl, line 2"):
        _ = run.metrics
    for line in (f'{{"step":1{"0" * 400}}}', "[" * 100_000, "[]"):
        (copy / "metrics.jsonl").write_text(f"{line}\n")
        with pytest.raises(ValueError, match="metrics.jsonl, line 1: "):
            _ = run.metrics
    # A line without its end is being written.
    (copy / "metrics.jsonl").write_text('{"step":1,"loss":null}\n{"step"')
    assert np.isnan(run.metrics["loss"]).tolist() == [True]
    (copy / "model.vapo").unlink()
    with pytest.raises(FileNotFoundError, match="expected a model file model.vapo, there are: model-int8.vapo"):
        run.model()
    for text in ("{", "[" * 100_000):
        (copy / "config.json").write_text(text)
        with pytest.raises(ValueError, match="config.json: "):
            vapo.Run(copy)
    (copy / "config.json").write_text("[]")
    with pytest.raises(ValueError, match="config.json: expected the settings of a training"):
        vapo.Run(copy)
