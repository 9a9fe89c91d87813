"""This project's side of `compare_detection.py`: potentials that `vapo-train` trains, and the energies of windows."""
import csv, re, shutil, subprocess
import numpy as np
from detection_data import STRIDE

# Arithmetic, and the model of a run folder that has it.
MODELS = {"float": "model-int8.vapo", "integer": "model.vapo"}

# Steps of training where none are chosen.
SERIES_STEPS, CASES_STEPS = 2000, 500


class Trainer:
    def __init__(self, a, folder):
        self.train, self.time, self.steps, self.folder = a.train, a.time, a.steps, folder

    def judge(self, problem, preset, arithmetic):
        """Energies of each segment's windows, bytes of the model file and of the memory that a monitor works in"""
        model, energies = self.scored(problem, preset, arithmetic)
        told = self.call("inspect", model)
        memory = int(re.search(r"monitor\D*([\d,]+) bytes", told)[1].replace(",", ""))
        return energies, model.stat().st_size, memory

    def scored(self, problem, preset, arithmetic):
        """The model, and energies of each segment's windows"""
        folder = self.folder / "-".join(filter(None, [re.sub(r"\W+", "-", problem.name), problem.normal]))
        if not (folder / "data").exists():
            write(problem, folder / "data")
        options = ["--dataset", "series", "--data-dir", folder / "data", "--window", problem.window]
        options += ["--normal", problem.normal] if problem.normal else ["--labels", "is_anomaly"]
        run = folder / preset
        if not (run / MODELS["integer"]).exists():
            steps = self.steps or (CASES_STEPS if problem.normal else SERIES_STEPS)
            self.call(*options, "--preset", preset, "--steps", steps, "--threads", 1, "--out", run)
        model, out = run / MODELS[arithmetic], run / f"{arithmetic}.csv"
        options += ["--split", "test", "--stride", STRIDE, "--time", self.time]
        self.call("score", "--model", model, *options, "--out", out, "--force")
        with open(out, newline="") as file:
            energies = np.array([float(window["energy"]) for window in csv.DictReader(file)])
        ends = np.cumsum([len(problem.starts(segment)) for segment in problem.test])
        if len(energies) != ends[-1]:
            raise SystemExit(f"{out}: expected the energies of {ends[-1]} windows, found {len(energies)}")
        return model, np.split(energies, ends[:-1])

    def call(self, *words):
        done = subprocess.run([str(word) for word in (self.train, *words)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, words))}\n{done.stderr}")
        return done.stdout


def write(problem, folder):
    """The files of a problem, as `--data-dir` takes them"""
    folder.mkdir(parents=True)
    for file in problem.files:
        shutil.copy(file, folder)
    if problem.files:
        return
    for split, segments in (("train", problem.train), ("valid", problem.valid), ("test", problem.test)):
        for index, segment in enumerate(segments):
            with open(folder / f"{index:03}-{split}.csv", "w", newline="") as file:
                table = csv.writer(file)
                table.writerow([*problem.channels, "is_anomaly"])
                table.writerows([*readings, label] for readings, label in zip(segment.readings.tolist(), segment.labels.tolist()))
