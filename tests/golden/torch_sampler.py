#!/usr/bin/env python3
"""The sampling of a model file in PyTorch: float32, gradients by autograd, whole batches.

    pip install torch numpy
    echo channels_last 256 2 20 10 | python3 torch_sampler.py F.vapo

Each line of the input is a layout, a batch, threads, steps and seconds; the answer is images, seconds and processor
seconds. Layouts are `contiguous`, `channels_last`, and `compiled`, which is `channels_last` by torch.compile.
`compare_sampling.py` asks.
"""
import sys, time
import numpy as np
import torch
import torch.nn.functional as F
import model_file


class Sampler:
    """Draws from the potential of a file's nodes."""

    def __init__(self, nodes, layout="channels_last"):
        self.nodes = nodes
        self.layout = torch.contiguous_format if layout == "contiguous" else torch.channels_last
        self.parameters = [
            node.kind == "conv" and (torch.tensor(node.weight).to(memory_format=self.layout), torch.tensor(node.bias))
            for node in nodes
        ]
        self.of_signal = []
        for node in nodes:
            self.of_signal.append(node.kind == "signal" or any(self.of_signal[i] for i in node.inputs))
        self.encode = torch.compile(self.features, dynamic=False) if layout == "compiled" else self.features

    def layer(self, number, inputs):
        node = self.nodes[number]
        if node.kind == "conv":
            weight, bias = self.parameters[number]
            padding = [n // 2 for n in node.window] if node.stride == (1, 1) else 0
            return F.conv2d(inputs[0], weight, bias, node.stride, padding)
        if node.kind == "silu" and len(inputs) == 2:
            scale, shift = inputs[1].chunk(2, 1)
            return F.silu(torch.addcmul(shift, inputs[0], 1 + scale))
        if node.kind == "silu":
            return F.silu(inputs[0])
        if node.kind == "add":
            return inputs[0] + inputs[1]
        if node.kind == "space-to-depth":
            n, c, h, w = inputs[0].shape
            rows, columns = min(h, 2), min(w, 2)
            blocks = inputs[0].reshape(n, c, h // rows, rows, w // columns, columns)
            return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, rows * columns * c, h // rows, w // columns)
        if node.kind == "up":
            return F.interpolate(inputs[0], scale_factor=node.factor)
        if node.kind == "concat":
            return torch.cat(inputs, 1)
        raise NotImplementedError(node.kind)

    def vectors(self, times):
        """Outputs of the nodes that depend on the time alone, for all times at once"""
        outputs = {}
        for number, node in enumerate(self.nodes):
            if node.kind == "time":
                steps = torch.arange(node.features // 2) / 15
                phase = torch.tensor(times, dtype=torch.float32)[:, None] * (2 * 100.0**steps)
                outputs[number] = torch.cat([phase.sin(), phase.cos()], 1)[:, :, None, None]
            elif node.kind == "class":  # none is asked for
                outputs[number] = torch.zeros(len(times), node.channels, 1, 1)
            elif not self.of_signal[number]:
                outputs[number] = self.layer(number, [outputs[i] for i in node.inputs])
        return outputs

    def features(self, x, vectors):
        """What the read-out reads"""
        outputs = {0: x, **vectors}
        for number, node in enumerate(self.nodes[:-1]):
            if number not in outputs:
                outputs[number] = self.layer(number, [outputs[i] for i in node.inputs])
        return outputs[self.nodes[-1].inputs[0]]

    def drift(self, x, vectors):
        """The potential's gradient: that of the features by autograd, the rest of the read-out is a sum and squares"""
        x = x.detach().requires_grad_(True)
        o = self.encode(x, vectors)
        q = vectors[self.nodes[-1].inputs[1]]
        of_features = torch.add(q[:, 1:], o.detach(), alpha=0.1 / o.shape[1]).contiguous(memory_format=self.layout)
        gradient, = torch.autograd.grad(o, x, of_features)
        return torch.addcmul(gradient, q[:, :1], x.detach())

    def sample(self, x, steps, grading=0.5):
        """Carries noise from time 0 to 1 by two-step Adams-Bashforth, one evaluation of the drift a step"""
        times = [1 - (1 - i / steps) ** grading for i in range(steps + 1)]
        vectors = self.vectors(times)
        before, width_before = None, None
        x = x.contiguous(memory_format=self.layout)
        for step, (start, end) in enumerate(zip(times, times[1:])):
            width = end - start
            g = self.drift(x, {number: vector[step:step + 1] for number, vector in vectors.items()})
            if before is None:
                x = x + width * g
            else:
                r = width / (2 * width_before)
                x = x + width * ((1 + r) * g - r * before)
            before, width_before = g, width
        return x


def noise(seed, count, extent):
    """The noise that images of the seeds from `seed` on begin with: xoshiro128++ and Box-Muller, as the sampler has it"""
    state = np.zeros((4, count), np.uint32)
    mask = (1 << 64) - 1
    for image in range(count):
        x = (seed + image) & mask
        for half in (0, 2):  # SplitMix64
            x = (x + 0x9E3779B97F4A7C15) & mask
            z = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
            z ^= z >> 31
            state[half:half + 2, image] = z & 0xFFFFFFFF, z >> 32

    def rotated(v, bits):
        return (v << np.uint32(bits)) | (v >> np.uint32(32 - bits))

    def draw():
        a, b, c, d = state
        drawn = rotated(a + d, 7) + a
        c, d = c ^ a, d ^ b
        state[:] = np.stack([a ^ d, b ^ c, c ^ (b << np.uint32(9)), rotated(d, 11)])
        return drawn

    elements = int(np.prod(extent))
    values = np.zeros((count, elements + elements % 2), np.float32)
    for i in range(0, elements, 2):
        radius = np.sqrt(-2 * np.log((draw().astype(np.float64) + 1) / 2**32))
        angle = 2 * np.pi * draw().astype(np.float64) / 2**32
        values[:, i], values[:, i + 1] = radius * np.cos(angle), radius * np.sin(angle)
    height, width, channels = extent[1], extent[2], extent[0]
    pictures = values[:, :elements].reshape(count, height, width, channels)
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))


def answer(samplers, nodes, line):
    """Draws batches until the seconds are over"""
    layout, batch, threads, steps, seconds = line.split()
    torch.set_num_threads(int(threads))
    if layout not in samplers:
        samplers[layout] = Sampler(nodes, layout)
    sampler, extent = samplers[layout], nodes[0].extent
    sampler.sample(torch.randn(int(batch), *extent), 2)
    start, processor, images = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - start < float(seconds):
        sampler.sample(torch.randn(int(batch), *extent), int(steps))
        images += int(batch)
    print(images, time.perf_counter() - start, time.process_time() - processor, flush=True)


if __name__ == "__main__":
    read, _ = model_file.read(sys.argv[1])
    made = {}
    for asked in sys.stdin:
        answer(made, read, asked)
