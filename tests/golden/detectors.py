"""Detectors of unusual windows that people use now.

Each learns from standardised windows (N, W, C), and gives others a score that is larger the more unusual they are.
`flash` and `work` are bytes of a plain implementation: what it keeps, and its memory beside the window's readings.
"""
import warnings
import numpy as np
import torch
import torch.nn as nn
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.svm import OneClassSVM

FLOAT = 4


def flat(windows):
    return windows.reshape(len(windows), -1)


class Forest:
    name = "isolation forest"

    def __init__(self, windows):
        self.model = IsolationForest(n_estimators=100, random_state=0).fit(flat(windows))
        trees = [tree.tree_ for tree in self.model.estimators_]
        inner = sum(int((tree.children_left >= 0).sum()) for tree in trees)
        # An inner node: a threshold f32, the reading and the node on the right u16; the left one follows. A leaf: f32.
        self.flash = 8 * inner + FLOAT * (sum(tree.node_count for tree in trees) - inner)
        self.work = FLOAT

    def score(self, windows):
        return -self.model.score_samples(flat(windows))


class Svm:
    """Radial kernel, one window in twenty left outside"""
    name = "one-class SVM"

    def __init__(self, windows):
        self.model = OneClassSVM(nu=0.05, gamma="scale").fit(flat(windows))
        vectors = self.model.support_vectors_
        self.flash, self.work = FLOAT * (vectors.size + len(vectors)), FLOAT

    def score(self, windows):
        return -self.model.score_samples(flat(windows))


class Components:
    """Squared error of the principal components that hold 95 % of the variance"""
    name = "PCA reconstruction"

    def __init__(self, windows):
        self.model = PCA(n_components=0.95, svd_solver="full").fit(flat(windows))
        count, width = self.model.components_.shape
        self.flash, self.work = FLOAT * (count + 1) * width, FLOAT * count

    def score(self, windows):
        x = flat(windows)
        return ((x - self.model.inverse_transform(self.model.transform(x))) ** 2).mean(1)


class Centres:
    """As Edge Impulse has it: 32 centres, and the least distance to one, less the largest of its own training windows"""
    name = "k-means distance"

    def __init__(self, windows):
        count = min(32, max(1, len(windows) // 2))
        self.model = KMeans(n_clusters=count, n_init=10, random_state=0).fit(flat(windows))
        least = self.model.transform(flat(windows)).min(1)
        self.radius = np.array([least[self.model.labels_ == centre].max() for centre in range(count)])
        self.flash, self.work = FLOAT * (self.model.cluster_centers_.size + count), FLOAT

    def score(self, windows):
        return (self.model.transform(flat(windows)) - self.radius).min(1)


class Mixture:
    """Number of components and kind of covariance by the likelihood of each fifth window, which the others are fitted without"""
    name = "Gaussian mixture"

    def __init__(self, windows):
        x = flat(windows)
        held_out = np.arange(len(x)) // max(1, len(x) // 25) % 5 == 4
        fitted, held_out = x[~held_out], x[held_out]
        choices = [(count, kind) for kind in ("full", "diag") for count in (1, 2, 4, 8, 16) if 2 * count <= len(fitted)]
        # Full covariances of long windows take hundreds of kilobytes each.
        choices = [(count, kind) for count, kind in choices if kind == "diag" or count * x.shape[1] ** 2 <= 2**20]
        count, kind = max(choices, key=lambda choice: self.of(*choice, fitted).score(held_out))
        self.chosen, self.model, width = f"{count} {kind}", self.of(count, kind, x), x.shape[1]
        each = 1 + width + (width * (width + 1) // 2 if kind == "full" else width)
        self.flash, self.work = FLOAT * count * each, FLOAT * count

    @staticmethod
    def of(count, kind, x):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return GaussianMixture(n_components=count, covariance_type=kind, reg_covar=1e-2, random_state=0).fit(x)

    def score(self, windows):
        return -self.model.score_samples(flat(windows))


class Autoencoder:
    """Dense, of MLPerf Tiny's kind, layers no wider than the window: int8 weights, a scale a row; int8 activations, their
    ranges those of the training windows; batch normalisation folded in"""
    name = "autoencoder, int8"
    steps = 2000

    def __init__(self, windows):
        torch.manual_seed(0)
        torch.set_flush_denormal(True)
        data = torch.tensor(flat(windows), dtype=torch.float32)
        width = data.shape[1]
        hidden = min(128, max(16, width))
        sizes = [width, hidden, hidden, hidden, 8, hidden, hidden, hidden, width]
        self.layers = quantised(trained(data, sizes, self.steps))
        self.ranges = None
        self.ranges = self.run(data)[1]
        # Bias i32 and scale f32 a row; two buffers of activations.
        self.flash = sum(weight.numel() + 8 * len(bias) for weight, bias in self.layers)
        self.work = 2 * max(sizes)

    @torch.no_grad()
    def run(self, x):
        """Outputs, and the least and greatest of each layer's"""
        seen = []

        def rounded(x):
            seen.append((min(0.0, x.min().item()), max(0.0, x.max().item())))
            if self.ranges is None:
                return x
            low, high = self.ranges[len(seen) - 1]
            step = max(high - low, 1e-8) / 255
            return ((x - low) / step).round().clamp(0, 255) * step + low

        x = rounded(x)
        for weight, bias in self.layers[:-1]:
            x = rounded((x @ weight.T + bias).relu())
        weight, bias = self.layers[-1]
        return rounded(x @ weight.T + bias), seen

    def score(self, windows):
        x = torch.tensor(flat(windows), dtype=torch.float32)
        return ((self.run(x)[0] - x) ** 2).mean(1).numpy()


def trained(data, sizes, steps):
    """Weight and bias of each layer of an autoencoder"""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:-1]):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(*sizes[-2:]))
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        batch = data[torch.randint(len(data), (128,))]
        optimiser.zero_grad()
        ((net(batch) - batch) ** 2).mean().backward()
        optimiser.step()
        schedule.step()
    net.eval()
    folded = []
    for dense, norm in zip(net[:-1:3], net[1:-1:3]):
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        folded.append((dense.weight * scale[:, None], (dense.bias - norm.running_mean) * scale + norm.bias))
    return [*folded, (net[-1].weight, net[-1].bias)]


@torch.no_grad()
def quantised(layers):
    """Weights rounded to int8, with a scale a row"""
    out = []
    for weight, bias in layers:
        scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
        out.append(((weight / scale).round() * scale, bias.detach()))
    return out


class Profile:
    """Matrix profile: distance to the nearest training window at any reading, channel by channel, each window normalised.
    It is of the windows' starts, whichever are scored."""
    name = "matrix profile"

    def __init__(self, windows):
        self.train = windows
        # The training series itself: windows that follow each other share all readings but one.
        self.flash, self.work = FLOAT * (len(windows) + windows.shape[1]) * windows.shape[2], 3 * FLOAT

    def score(self, windows):
        channels = range(windows.shape[2])
        return sum(nearest(windows[:, :, channel], self.train[:, :, channel]) for channel in channels)


def nearest(windows, train):
    """As stumpy's join of two series, for some windows: stumpy takes series whole"""
    width = windows.shape[1]
    cosine = (normalised(windows) @ normalised(train).T).max(1) / width
    return np.sqrt(np.maximum(2 * width * (1 - cosine), 0))


def normalised(windows):
    centred = windows - windows.mean(1, keepdims=True)
    deviation = centred.std(1, keepdims=True)
    return np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 1e-9)


ALL = [Forest, Svm, Components, Centres, Mixture, Autoencoder, Profile]
