#!/usr/bin/env python3
"""Ordinary classifiers of the size of this project's models, to compare `vapo-train classify` with.

    pip install torch numpy
    python3 compare_classifier.py digits
    python3 compare_classifier.py DIR             # the four IDX files of Fashion-MNIST

Prints parameters and accuracy on the images that `--split test` has. Three seeds of the digits, half a minute; one of the garments,
five epochs, three minutes of a core.
"""
import gzip, pathlib, sys
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

DIGITS = pathlib.Path(__file__).parents[2] / "vapo-train/data/digits.csv.gz"


class Network(nn.Module):
    """(B, 1, H, W) in [-1, 1] -> (B, 10): space to depth if asked for, two convolutions at full and four at half the extent."""

    def __init__(self, narrow, wide, space_to_depth):
        super().__init__()
        self.space_to_depth = space_to_depth
        self.layers = nn.ModuleList([
            nn.Conv2d(4 if space_to_depth else 1, narrow, 3, padding=1),
            nn.Conv2d(narrow, narrow, 3, padding=1),
            nn.Conv2d(narrow, wide, 2, stride=2),
            nn.Conv2d(wide, wide, 3, padding=1),
            nn.Conv2d(wide, wide, 3, padding=1),
        ])
        self.out = nn.Linear(wide, 10)

    def forward(self, x):
        if self.space_to_depth:
            x = F.pixel_unshuffle(x, 2)
        for layer in self.layers:
            x = F.silu(layer(x))
        return self.out(x.mean((2, 3)))


def run(network, train, test, epochs, batch):
    (x, y), rate = train, 2e-3
    optimiser = torch.optim.Adam(network.parameters(), rate)
    steps = epochs * -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps + 1)
    for _ in range(epochs):
        for part in torch.randperm(len(x)).split(batch):
            optimiser.zero_grad()
            F.cross_entropy(network(x[part]), y[part]).backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        right = (network(test[0]).argmax(1) == test[1]).double().mean()
    print(f"{sum(p.numel() for p in network.parameters())} parameters, accuracy {right:.4f}")


def digits():
    rows = np.loadtxt(gzip.open(DIGITS), delimiter=",")
    x, y = torch.tensor(rows[:, :64] / 8 - 1).float().view(-1, 1, 8, 8), torch.tensor(rows[:, 64]).long()
    tested = torch.arange(len(x)) % 6 == 5
    return (x[~tested], y[~tested]), (x[tested], y[tested])


def garments(folder):
    def split(name):
        read = lambda what, offset: np.frombuffer(gzip.open(folder / f"{name}-{what}-ubyte.gz").read(), np.uint8, offset=offset)
        x = read("images-idx3", 16).reshape(-1, 1, 28, 28).astype(np.float32) / 127.5 - 1
        return torch.tensor(x), torch.tensor(read("labels-idx1", 8).astype(np.int64))

    return split("train"), split("t10k")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    if sys.argv[1] == "digits":
        for seed in range(3):
            torch.manual_seed(seed)
            run(Network(16, 32, False), *digits(), epochs=60, batch=64)
    else:
        torch.manual_seed(0)
        run(Network(32, 64, True), *garments(pathlib.Path(sys.argv[1])), epochs=5, batch=128)


main()
