"""The network of a model in PyTorch, to fine-tune it or to check it: `pip install torch`.

```python
import torch, vapo, vapo.torch

run = vapo.Run("runs/digits")
network = vapo.torch.Potential(run.trained())
optimiser = torch.optim.Adam(network.parameters(), 1e-4)
data, noise, time = images, torch.randn_like(images), torch.rand(len(images))
t = time[:, None, None, None]
loss = (network.drift(t * data + (1 - t) * noise, time, create_graph=True) - (data - noise)).square().mean()
loss.backward()
optimiser.step()
network.model().save("tuned.vapo")  # then: vapo-train calibrate --model tuned.vapo --dataset digits --out device.vapo
```
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vapo.model import Model

FREQUENCIES = np.float32(2 * 100.0 ** (np.arange(16) / 15))
"""Of the features of time, in radians per unit of time."""
SQUARES = 0.05
"""Weight of the sum of squares in the read-out."""


class Potential(nn.Module):
    """Φ(x, time) of a model: the same graph and the same weights, in floats. For a model of integer arithmetic the
    weights are the floats that its integers stand for.

    Samples have the shapes that `Model` has: (n, height, width, channels), of a series (n, readings, channels), in the potential's
    values. Parameters are named after nodes: `nodes.7.weight`, laid out as those of `torch.nn.Conv2d`.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.architecture: dict[str, Any] = model.architecture
        self.shape, self.classes, self.homotopy = model.shape, model.classes, model.homotopy
        self.layers = [_kind(node["layer"]) for node in model.architecture["nodes"]]
        self.inputs = [
            node["inputs"] or ([] if kind in ("signal", "time", "class") else [index - 1])
            for index, (node, (kind, _)) in enumerate(zip(model.architecture["nodes"], self.layers, strict=True))
        ]
        matrices = model.matrices()
        self.nodes = nn.ModuleDict()
        for index, (kind, attributes) in enumerate(self.layers):
            if kind == "conv":
                weight, bias = matrices[f"nodes.{index}.weight"], matrices[f"nodes.{index}.bias"]
                self.nodes[str(index)] = _conv(attributes, weight, bias)
        self.register_buffer("frequencies", torch.from_numpy(FREQUENCIES.copy()), persistent=False)

    def forward(self, x: Tensor, time: Tensor | float, label: Tensor | int | None = None) -> Tensor:
        """Φ, (n,), of values x (n, *shape) at a time from 0 to 1, one for all or one each. `label` is a class, or one
        for each sample, with -1 for any class."""
        if x.shape[1:] != self.shape:
            raise ValueError(f"x: expected shape (n, {', '.join(map(str, self.shape))}), found {tuple(x.shape)}")
        signal = (x if len(self.shape) == 3 else x[:, None]).permute(0, 3, 1, 2)
        times = torch.as_tensor(time, dtype=x.dtype, device=x.device).expand(len(x))
        outputs: list[Tensor] = []
        for index, (kind, attributes) in enumerate(self.layers):
            read = [outputs[node] for node in self.inputs[index]]
            if kind == "signal":
                found = signal
            elif kind == "time":
                phase = times[:, None] * self.frequencies[: attributes["features"] // 2]  # type: ignore[index]
                found = torch.cat([phase.sin(), phase.cos()], 1)[:, :, None, None]
            elif kind == "class":
                found = self._one_hot(label, x)[:, :, None, None]
            elif kind == "readout":
                found = _readout(*read)
            elif kind == "conv":
                found = self.nodes[str(index)](read[0])
            else:
                found = _layer(kind, attributes, read)
            outputs.append(found)
        return outputs[-1]

    def drift(
        self, x: Tensor, time: Tensor | float, label: Tensor | int | None = None, *, create_graph: bool = False
    ) -> Tensor:
        """∇Φ, in the shape of x, by autograd. With `create_graph` you can compute gradients of a loss of it."""
        with torch.enable_grad():
            x = x if x.requires_grad else x.detach().requires_grad_(True)
            (found,) = torch.autograd.grad(self(x, time, label).sum(), x, create_graph=create_graph)
        return found

    def matrices(self) -> dict[str, npt.NDArray[np.float32]]:
        """Weights and biases as `Model.matrices` and checkpoints have them."""
        found = {}
        for index, conv in self.nodes.items():
            assert isinstance(conv, nn.Conv2d) and conv.bias is not None  # as _conv makes them
            weight = conv.weight.detach().cpu().permute(2, 3, 1, 0)
            found[f"nodes.{index}.weight"] = weight.reshape(-1, weight.shape[-1]).to(torch.float32).contiguous().numpy()
            found[f"nodes.{index}.bias"] = conv.bias.detach().cpu().to(torch.float32).numpy().copy()
        return found

    def model(self) -> Model:
        """A model of float arithmetic with these weights, for sampling and for files."""
        return Model.of(self.architecture, self.matrices())

    def _one_hot(self, label: Tensor | int | None, x: Tensor) -> Tensor:
        labels = torch.as_tensor(-1 if label is None else label, device=x.device).expand(len(x))
        if ((labels < -1) | (labels >= self.classes)).any():
            raise ValueError(f"label: expected classes from 0 to {self.classes - 1}, or -1, found {labels.tolist()}")
        return (labels[:, None] == torch.arange(self.classes, device=x.device)).to(x.dtype)


def _kind(layer: Any) -> tuple[str, dict[str, Any]]:
    """The name of a layer kind, and its attributes."""
    ((kind, attributes),) = layer.items()
    return kind, attributes or {}


def _conv(attributes: dict[str, Any], weight: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> nn.Conv2d:
    window, stride = tuple(attributes["window"]), tuple(attributes["stride"])
    channels = weight.shape[0] // (window[0] * window[1])
    padding = tuple(extent // 2 for extent in window) if stride == (1, 1) else (0, 0)
    conv = nn.Conv2d(channels, len(bias), window, stride, padding)
    values = torch.from_numpy(weight.copy()).reshape(*window, channels, len(bias)).permute(3, 2, 0, 1)
    with torch.no_grad():
        conv.weight.copy_(values)
        conv.bias.copy_(torch.from_numpy(bias.copy()))  # type: ignore[union-attr]
    return conv


def _readout(o: Tensor, q: Tensor, x: Tensor) -> Tensor:
    linear = (o * q[:, 1:]).sum((1, 2, 3))
    squares = SQUARES * o.square().mean(1).sum((1, 2))
    return linear + squares + 0.5 * q[:, 0, 0, 0] * x.square().sum((1, 2, 3))


def _layer(kind: str, attributes: dict[str, Any], read: list[Tensor]) -> Tensor:
    """A kind without weights, which depends on nothing but what it reads."""
    if kind == "silu" and len(read) == 2:
        scale, shift = read[1].chunk(2, 1)
        return F.silu(read[0] * (1 + scale) + shift)
    if kind == "silu":
        return F.silu(read[0])
    if kind == "add":
        return read[0] + read[1]
    if kind == "concat":
        return torch.cat(read, 1)
    if kind == "up":
        rows, columns = attributes["factor"]
        return read[0].repeat_interleave(rows, 2).repeat_interleave(columns, 3)
    if kind == "space-to-depth":
        n, channels, height, width = read[0].shape
        # An axis of extent 1 stays as it is.
        rows, columns = min(height, 2), min(width, 2)
        blocks = read[0].reshape(n, channels, height // rows, rows, width // columns, columns)
        return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, -1, height // rows, width // columns)
    raise ValueError(f"this version has no layer {kind}: install a newer one")
