"""Series and labelled windows for `compare_detection.py`, from the data that the package `aeon` 1.6.0 ships."""
import csv, dataclasses
import numpy as np

WINDOW, STRIDE = 64, 8
FAULTS = ["stuck", "spike", "drift", "dropout", "swapped"]


@dataclasses.dataclass
class Segment:
    """Readings (T, C), their labels (0 is normal), and the kind of fault in them"""
    readings: np.ndarray
    labels: np.ndarray
    kind: str = ""


@dataclasses.dataclass
class Problem:
    """What is normal, in `train` and `valid`, and what is to be told apart, in `test`"""
    name: str
    channels: list
    window: int
    train: list
    valid: list
    test: list
    # The class that is normal, where each segment is a case of a class, and the files of all cases.
    normal: str = ""
    files: list = dataclasses.field(default_factory=list)

    def starts(self, segment):
        """Where the windows that are scored start"""
        return np.arange(0, len(segment.readings) - self.window + 1, STRIDE)

    def scored(self, segment):
        """(N, W, C) windows to score"""
        return windows(segment.readings, self.window, STRIDE)

    def learned(self):
        """(N, W, C) windows to learn from: one starts at each reading"""
        return np.concatenate([windows(segment.readings, self.window, 1) for segment in self.train])


def windows(readings, window, stride):
    """(N, W, C) windows of readings (T, C)"""
    return np.lib.stride_tricks.sliding_window_view(readings, window, 0)[::stride].transpose(0, 2, 1)


def table(path):
    """Channels, readings (T, C) and labels of a CSV: a header, times in the first column, labels in the last"""
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    values = np.array([[float(value) for value in row[1:]] for row in rows])
    return header[1:-1], values[:, :-1], (values[:, -1] != 0).astype(int)


def parts(readings, labels, *ends):
    """Consecutive segments that end at these tenths"""
    at = [0, *(len(readings) * end // 10 for end in ends)]
    return [Segment(readings[a:b], labels[a:b]) for a, b in zip(at, at[1:])]


def series(name, folder, train, test):
    """A series whose training part has a file of its own: nine tenths to learn from, one for thresholds"""
    channels, *normal = table(folder / train)
    own, held_out = parts(*normal, 9, 10)
    return Problem(name, channels, WINDOW, [own], [held_out], [Segment(*table(folder / test)[1:])])


def daphnet(folder, copies=4, seed=0):
    """70 % to learn from, 10 % for thresholds; copies of the last 20 % with faults, two of a kind in each"""
    channels, *all_of_it = table(folder / "Daphnet_S06R02E0/S06R02E0.csv")
    train, valid, test = parts(*all_of_it, 7, 8, 10)
    rng, spread = np.random.default_rng(seed), train.readings.std(0)
    tests = [faulty(test.readings, kind, spread, rng) for kind in FAULTS for _ in range(copies)]
    return Problem("Daphnet, faults put in", channels, WINDOW, [train], [valid], tests)


def faulty(readings, kind, spread, rng):
    """A copy with a fault in each half. Sensors have three axes, one beside the other."""
    x, labels = readings.copy(), np.zeros(len(readings), int)
    half = len(x) // 2
    for first in (0, half):
        length = {"spike": 2, "dropout": int(rng.integers(16, 33))}.get(kind, int(rng.integers(64, 129)))
        at = first + int(rng.integers(WINDOW, half - WINDOW - length))
        part, channel, sensor = slice(at, at + length), int(rng.integers(x.shape[1])), 3 * int(rng.integers(x.shape[1] // 3))
        if kind == "stuck":
            x[part, channel] = x[at, channel]
        elif kind == "spike":
            x[part, channel] += rng.choice([-4, 4]) * spread[channel]
        elif kind == "drift":
            x[part, channel] += rng.choice([-3, 3]) * spread[channel] * np.linspace(0, 1, length)
        elif kind == "dropout":
            x[part, sensor:sensor + 3] = 0
        else:
            one, other = sensor + rng.permutation(3)[:2]
            x[part, [one, other]] = x[part, [other, one]]
        labels[part] = 1
    return Segment(x, labels, kind)


def cases(path):
    """Readings (T, C) and class of each case of a `.ts` file"""
    lines = [line.strip() for line in path.read_text().splitlines()]
    for line in lines:
        if line and line[0] not in "#@":
            *channels, label = line.split(":")
            yield np.array([[float(value) for value in channel.split(",")] for channel in channels]).T, label


def labelled(name, folder, file, window):
    """A problem a class, which is normal in it. No training case is held out: there are 12 to 53."""
    files = [folder / f"{file}_{part}.ts" for part in ("TRAIN", "TEST")]
    train, test = (list(cases(file)) for file in files)
    channels = [str(number + 1) for number in range(train[0][0].shape[1])]
    for normal in sorted({label for _, label in train}):
        own = [Segment(x, np.zeros(len(x), int)) for x, label in train if label == normal]
        others = [Segment(x, np.full(len(x), int(label != normal))) for x, label in test]
        yield Problem(name, channels, window, own, own, others, normal, files)


def problems(folder):
    """Each data set's name, and its problems"""
    bleeding = "KDD-TSAD_135/135_UCR_Anomaly_InternalBleeding16"
    yield "ECG", [series("ECG", folder, "UnitTest/ecg-diff-count-3_TRAIN_NA.csv", "UnitTest/ecg-diff-count-3_TEST.csv")]
    yield "InternalBleeding16", [series("InternalBleeding16", folder, f"{bleeding}_TRAIN.csv", f"{bleeding}_TEST.csv")]
    yield "Daphnet", [daphnet(folder)]
    # Whole cases, but for the last readings that are no multiple of 8; of JapaneseVowels those of equal length.
    sets = [("ItalyPowerDemand", "", 24), ("JapaneseVowels", "_eq", 24), ("ArrowHead", "", 248), ("OSULeaf", "", 424)]
    for name, suffix, window in sets:
        yield name, list(labelled(name, folder / name, name + suffix, window))
