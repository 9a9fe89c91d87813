#!/usr/bin/env python3
"""Detection of anomalies in series by this project and by what people use now: one table a data set.

    cargo build --release -p vapo-train
    pip install numpy scikit-learn torch
    pip download --no-deps aeon==1.6.0 && unzip aeon-1.6.0-*.whl 'aeon/datasets/data/*'
    python3 compare_detection.py --data aeon/datasets/data [--only ECG ...] [--work DIR]

All learn from the same windows, one from each training reading on, and score the same windows, 8 readings apart. The score
of a reading is the mean of the windows that cover it; that of a case, where a class is normal, the mean of its windows. AUROC
and AUPRC are of readings, or of cases. `top` is UCR's rule: whether the middle of the window of the largest score is within 100
readings of an anomaly. Flash and RAM are bytes: of our model file and monitor; of others' plain implementations, the
window's readings as f32 included (`detectors.py` says how they are counted).
"""
import argparse, pathlib, re, tempfile
import numpy as np
import torch
from sklearn.metrics import average_precision_score, roc_auc_score
import detection_data, detectors, potential_detector

BUILT = pathlib.Path(__file__).resolve().parent / "../../target/release/vapo-train"
SLACK = 100


def of_readings(problem, segment, scores):
    """Score and label of each reading that a window covers"""
    total, count = np.zeros(len(segment.readings)), np.zeros(len(segment.readings))
    for start, score in zip(problem.starts(segment), scores):
        total[start:start + problem.window] += score
        count[start:start + problem.window] += 1
    covered = count > 0
    return total[covered] / count[covered], segment.labels[covered]


def rank(problem, scores, kind=""):
    """AUROC and AUPRC of readings or cases, of one kind of fault or of all"""
    pairs = [(segment, own) for segment, own in zip(problem.test, scores) if kind in ("", segment.kind)]
    if problem.normal:
        found, labels = [own.mean() for _, own in pairs], [segment.labels[0] for segment, _ in pairs]
    else:
        of_all = [of_readings(problem, *pair) for pair in pairs]
        found, labels = (np.concatenate(parts) for parts in zip(*of_all))
    return roc_auc_score(labels, found), average_precision_score(labels, found)


def top(problem, scores):
    """Whether the largest score lies within an anomaly, or near it; none where a segment is one of several"""
    if len(problem.test) > 1:
        return None
    centre = problem.starts(problem.test[0])[int(np.argmax(scores[0]))] + problem.window // 2
    return bool(np.abs(np.flatnonzero(problem.test[0].labels) - centre).min() <= SLACK)


def scores_of(problem, detector):
    """Scores of each segment's windows, and bytes of flash and RAM"""
    learned = problem.learned()
    mean, deviation = (f(learned.reshape(-1, learned.shape[2]), 0) for f in (np.mean, np.std))
    found = detector((learned - mean) / deviation)
    scored = [problem.scored(segment) for segment in problem.test]
    ends = np.cumsum([len(windows) for windows in scored])[:-1]
    scores = np.split(found.score((np.concatenate(scored) - mean) / deviation), ends)
    # Mean and deviation a channel are kept too.
    return scores, found.flash + 8 * learned.shape[2], found.work + 4 * problem.window * learned.shape[2]


def row(name, problems, judge):
    """A line of the table, and that of faults"""
    found = [judge(problem) for problem in problems]
    ranks = [rank(problem, scores) for problem, (scores, _, _) in zip(problems, found)]
    auroc, auprc = np.mean(ranks, 0)
    tops = [top(problem, scores) for problem, (scores, _, _) in zip(problems, found)]
    hit = {None: "–", True: "yes", False: "no"}[tops[0]]
    flash, memory = (round(np.mean([sizes[which] for sizes in found])) for which in (1, 2))
    print(f"| {name} | {auroc:.3f} | {auprc:.3f} | {hit} | {flash:,} | {memory:,} |", flush=True)
    kinds = [kind for kind in detection_data.FAULTS if any(segment.kind == kind for segment in problems[0].test)]
    return name, [rank(problems[0], found[0][0], kind)[0] for kind in kinds]


def compare(name, problems, a, folder):
    count = f", mean over the {len(problems)} classes, each normal in turn" if len(problems) > 1 else ""
    first = problems[0]
    channels = "one channel" if len(first.channels) == 1 else f"{len(first.channels)} channels"
    print(f"\n**{name}**: windows of {first.window} readings of {channels}{count}\n")
    print("| detector | AUROC | AUPRC | top | flash | RAM |\n|---|---|---|---|---|---|")
    faults = [row(detector.name, problems, lambda problem: scores_of(problem, detector)) for detector in detectors.ALL]
    ours = potential_detector.Trainer(a, folder)
    for preset in a.presets:
        for arithmetic in ("float", "integer"):
            judge = lambda problem: ours.judge(problem, preset, arithmetic)
            faults.append(row(f"`{preset}`, {arithmetic}", problems, judge))
    if faults[0][1]:
        print(f"\nAUROC of each kind of fault:\n\n| detector | {' | '.join(detection_data.FAULTS)} |")
        print("|---" * (1 + len(detection_data.FAULTS)) + "|")
        for name, ranks in faults:
            print(f"| {name} | {' | '.join(f'{rank:.3f}' for rank in ranks)} |")


def main():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--data", type=pathlib.Path, required=True, help="the folder aeon/datasets/data")
    top.add_argument("--only", nargs="+", help="names of data sets")
    top.add_argument("--train", type=pathlib.Path, default=BUILT)
    top.add_argument("--time", type=float, default=0.9, help="of the energies")
    top.add_argument("--steps", type=int, help="of training [default: 2000, or 500 on cases]")
    top.add_argument("--presets", nargs="*", default=["series-tiny"])
    top.add_argument("--work", type=pathlib.Path, help="where series, runs and scores stay")
    a = top.parse_args()
    torch.set_num_threads(1)
    named = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(named[1] if named else "processor unknown", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, problems in detection_data.problems(a.data):
            if not a.only or name in a.only:
                compare(name, problems, a, a.work or pathlib.Path(folder))


if __name__ == "__main__":
    main()
