#!/usr/bin/env python3
"""Scores samples of Fashion-MNIST by a classifier that shares nothing with this project.

    pip install torch numpy
    vapo-train sample --model MODEL --count 2000 --out samples.npz
    python3 score.py --data DIR [--classifier FILE] [--each] samples.npz ...

Prints the Frechet distance to the 10,000 test images in the 128 penultimate features of a small convolutional network, and how
many samples it takes for each class. With --each, samples are those of `sample --class all`: it also prints the share that it
takes for the class that was asked for. Without samples: the distances of training images and of noise. DIR holds the four IDX
files; FILE keeps the classifier, which trains for two minutes.
"""
import argparse, gzip, pathlib
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class Classifier(nn.Module):
    """(B, 1, 28, 28) in [-1, 1] -> (B, 10)"""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.dense1 = nn.Linear(64 * 7 * 7, 128)
        self.dense2 = nn.Linear(128, 10)

    def features(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return F.relu(self.dense1(x.flatten(1)))

    def forward(self, x):
        return self.dense2(self.features(x))


def images(folder, split):
    raw = gzip.open(folder / f"{split}-images-idx3-ubyte.gz").read()
    return np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28)


def labels(folder, split):
    raw = gzip.open(folder / f"{split}-labels-idx1-ubyte.gz").read()
    return torch.tensor(np.frombuffer(raw, np.uint8, offset=8).astype(np.int64))


def tensor(bytes_):
    return torch.tensor(bytes_.reshape(-1, 1, 28, 28).astype(np.float32)) / 127.5 - 1


def train(folder):
    torch.manual_seed(0)
    net, x, y = Classifier(), tensor(images(folder, "train")), labels(folder, "train")
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(3):
        for batch in torch.randperm(len(x)).split(128):
            optimiser.zero_grad()
            F.cross_entropy(net(x[batch]), y[batch]).backward()
            optimiser.step()
    return net


def classifier(folder, file):
    """That of a file; a new one, kept there, where there is none"""
    if file and file.exists():
        net = Classifier()
        net.load_state_dict(torch.load(file))
        return net
    with torch.enable_grad():
        net = train(folder)
    if file:
        torch.save(net.state_dict(), file)
    return net


@torch.no_grad()
def features(net, bytes_):
    return torch.cat([net.features(part) for part in tensor(bytes_).split(500)]).double().numpy()


def frechet(a, b):
    """Between the normal distributions of two sets of features, (N, 128) each"""
    difference, cov_a, cov_b = a.mean(0) - b.mean(0), np.cov(a.T), np.cov(b.T)
    # The trace of a root is the sum of its eigenvalues; features that are always zero make the product singular.
    roots = np.sqrt(np.clip(np.linalg.eigvals(cov_a @ cov_b).real, 0, None))
    return difference @ difference + np.trace(cov_a + cov_b) - 2 * roots.sum()


@torch.no_grad()
def main():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--data", type=pathlib.Path, required=True)
    top.add_argument("--classifier", type=pathlib.Path)
    top.add_argument("--each", action="store_true")
    top.add_argument("samples", nargs="*", type=pathlib.Path)
    a = top.parse_args()
    net = classifier(a.data, a.classifier)
    test = images(a.data, "t10k")
    accuracy = (net(tensor(test)).argmax(1) == labels(a.data, "t10k")).double().mean()
    print(f"accuracy on the test images: {accuracy:.4f}")
    reference = features(net, test)
    sets = {str(path): np.load(path)["arr_0"] for path in a.samples}
    if not sets:
        noise = np.clip(np.random.default_rng(0).normal(127.5, 127.5, (2000, 28, 28)), 0, 255).astype(np.uint8)
        real = images(a.data, "train")
        sets = {"1,000 training images": real[:1000], "2,000 training images": real[:2000], "noise": noise}
    for name, bytes_ in sets.items():
        found = net(tensor(bytes_)).argmax(1).numpy()
        asked = np.arange(len(found)) * 10 // len(found)
        right = f", as asked for {(found == asked).mean():.4f}" if a.each else ""
        classes = np.bincount(found, minlength=10).tolist()
        print(f"{name}: Frechet distance {frechet(features(net, bytes_), reference):.2f}{right}, classes {classes}")


if __name__ == "__main__":
    main()
