#!/usr/bin/env python3
"""The published U-Net in PyTorch, written after guided diffusion's (arXiv:2105.05233), and its potential ½‖x − f(x, t)‖².

count: prints the number of parameters of the published arrangement.
dump:  writes a small one of random weights in float64: its potential, drift, rate in time, and the gradient by double backward.
"""

import argparse
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def timestep_embedding(time, features):
    """Cosines, then sines. (N,) -> (N, features)."""
    half = features // 2
    frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=time.dtype) / half)
    angles = time[:, None] * frequencies[None]
    return torch.cat([torch.cos(angles), torch.sin(angles)], dim=-1)


class Residual(nn.Module):
    """Scale-shift norm; the shortcut is a linear map where the number of channels changes."""

    def __init__(self, channels, out, embedding, groups):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, channels)
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1)
        self.film = nn.Linear(embedding, 2 * out)
        self.norm2 = nn.GroupNorm(groups, out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        self.shortcut = nn.Conv2d(channels, out, 1) if channels != out else nn.Identity()

    def forward(self, x, embedding):
        hidden = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.film(F.silu(embedding))[:, :, None, None].chunk(2, dim=1)
        hidden = self.norm2(hidden) * (1 + scale) + shift
        return self.shortcut(x) + self.conv2(F.silu(hidden))


class Attention(nn.Module):
    """Over all pixels, with a residual connection."""

    def __init__(self, channels, heads, groups):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.projection = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        n, channels, height, width = x.shape
        flat = x.reshape(n, channels, -1)
        parts = self.qkv(self.norm(flat)).reshape(n, 3, self.heads, channels // self.heads, -1)
        q, k, v = parts.unbind(dim=1)
        weights = torch.softmax(torch.einsum("nhct,nhcs->nhts", q, k) / math.sqrt(channels // self.heads), dim=-1)
        y = torch.einsum("nhts,nhcs->nhct", weights, v).reshape(n, channels, -1)
        return x + self.projection(y).reshape(x.shape)


class Unet(nn.Module):
    def __init__(self, signal, features, embedding, levels, blocks, attention, heads, groups):
        super().__init__()
        self.features = features
        self.embed = nn.Sequential(nn.Linear(features, embedding), nn.SiLU(), nn.Linear(embedding, embedding))
        self.first = nn.Conv2d(signal, levels[0], 3, padding=1)

        def block(channels, out, level):
            layers = [Residual(channels, out, embedding, groups)]
            return nn.ModuleList(layers + [Attention(out, heads, groups)] * (level == attention))

        channels, kept = levels[0], [levels[0]]
        self.down = nn.ModuleList()
        for level, out in enumerate(levels):
            if level > 0:
                self.down.append(nn.AvgPool2d(2))
                kept.append(channels)
            for _ in range(blocks):
                self.down.append(block(channels, out, level))
                channels = out
                kept.append(channels)
        residual = lambda: Residual(channels, channels, embedding, groups)
        self.middle = nn.ModuleList([residual(), Attention(channels, heads, groups), residual()])
        self.up = nn.ModuleList()
        for level, out in reversed(list(enumerate(levels))):
            for _ in range(blocks + 1):
                self.up.append(block(channels + kept.pop(), out, level))
                channels = out
            if level > 0:
                self.up.append(nn.Upsample(scale_factor=2, mode="nearest"))
        self.norm = nn.GroupNorm(groups, channels)
        self.last = nn.Conv2d(channels, signal, 3, padding=1)

    def forward(self, x, time):
        embedding = self.embed(timestep_embedding(time, self.features))

        def through(block, x):
            for layer in block:
                x = layer(x, embedding) if isinstance(layer, Residual) else layer(x)
            return x

        x = self.first(x)
        kept = [x]
        for block in self.down:
            x = through(block, x) if isinstance(block, nn.ModuleList) else block(x)
            kept.append(x)
        x = through(self.middle, x)
        for block in self.up:
            if isinstance(block, nn.ModuleList):
                x = through(block, torch.cat([x, kept.pop()], dim=1))
            else:
                x = block(x)
        return self.last(F.silu(self.norm(x)))


def flat(unet, of):
    """All parameters, or their gradients, as one vector: rows are taps, then input channels; columns are output channels."""
    parts = []
    for module in unet.modules():
        if isinstance(module, nn.GroupNorm):
            parts += [of(module.weight), of(module.bias)]
        elif isinstance(module, nn.Linear):
            parts += [of(module.weight).T, of(module.bias)]
        elif isinstance(module, nn.Conv1d):
            parts += [of(module.weight)[:, :, 0].T, of(module.bias)]
        elif isinstance(module, nn.Conv2d):
            parts += [of(module.weight).permute(2, 3, 1, 0), of(module.bias)]
    return np.concatenate([part.detach().numpy().reshape(-1) for part in parts])


def dump(path):
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    unet = Unet(signal=2, features=6, embedding=5, levels=[4, 6], blocks=1, attention=1, heads=2, groups=2)
    for parameter in unet.parameters():
        nn.init.uniform_(parameter, -0.5, 0.5)
    n = 3
    x = torch.randn(n, 2, 6, 4, requires_grad=True)
    time = torch.tensor([0.1, 0.5, 0.9], requires_grad=True)
    potential = 0.5 * ((x - unet(x, time)) ** 2).sum(dim=(1, 2, 3))
    drift, time_rate = torch.autograd.grad(potential.sum(), [x, time], create_graph=True)
    seeds = [torch.randn_like(value) for value in (potential, drift, time_rate)]
    loss = sum((seed * value).sum() for seed, value in zip(seeds, (potential, drift, time_rate)))
    loss.backward()
    pixels = lambda value: value.detach().permute(0, 2, 3, 1).numpy()
    np.savez_compressed(
        path,
        parameters=flat(unet, lambda parameter: parameter),
        gradient=flat(unet, lambda parameter: parameter.grad),
        images=pixels(x),
        times=time.detach().numpy(),
        potential=potential.detach().numpy(),
        drift=pixels(drift),
        time_rate=time_rate.detach().numpy(),
        seed_potential=seeds[0].numpy(),
        seed_drift=pixels(seeds[1]),
        seed_time_rate=seeds[2].numpy(),
    )


def count():
    unet = Unet(
        signal=3, features=128, embedding=512, levels=[256, 256, 256], blocks=4, attention=1, heads=1, groups=32
    )
    print(sum(parameter.numel() for parameter in unet.parameters()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("count")
    commands.add_parser("dump").add_argument("--out", required=True)
    arguments = parser.parse_args()
    count() if arguments.command == "count" else dump(arguments.out)


if __name__ == "__main__":
    main()
