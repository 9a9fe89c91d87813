"""A potential in float64 of NumPy, written from section 11 of the format's specification alone."""

from typing import Any

import numpy as np

Array = np.ndarray


def silu(u: Array) -> Array:
    return u / (1 + np.exp(-u))


def conv(u: Array, attributes: dict[str, Any], weight: Array, bias: Array) -> Array:
    """(n, h, w, c) by a window of rows × columns"""
    (rows, columns), stride = attributes["window"], attributes["stride"]
    if stride == [1, 1]:
        u = np.pad(u, [(0, 0), (rows // 2,) * 2, (columns // 2,) * 2, (0, 0)])
    n, height, width, _ = u.shape
    out = [(height - rows) // stride[0] + 1, (width - columns) // stride[1] + 1]
    found = np.empty((n, *out, len(bias)))
    for row in range(out[0]):
        for column in range(out[1]):
            window = u[:, row * stride[0] :, column * stride[1] :][:, :rows, :columns]
            found[:, row, column] = window.reshape(n, -1) @ weight + bias
    return found


def space_to_depth(u: Array) -> Array:
    rows, columns = min(u.shape[1], 2), min(u.shape[2], 2)
    parts = [u[:, dy::rows, dx::columns] for dy in range(rows) for dx in range(columns)]
    return np.concatenate(parts, 3)


def readout(o: Array, q: Array, x: Array) -> Array:
    q = q[:, 0, 0]
    linear = (o * q[:, None, None, 1:]).sum((1, 2, 3))
    return linear + 0.05 * (o * o).mean(3).sum((1, 2)) + 0.5 * q[:, 0] * (x * x).sum((1, 2, 3))


def potential(architecture: dict[str, Any], matrices: dict[str, Array], x: Array, time: Array, label: Array) -> Array:
    """Φ of (n, h, w, c), in float64; a label of -1 is no class"""
    outputs: list[Array] = []
    for index, node in enumerate(architecture["nodes"]):
        ((kind, attributes),) = node["layer"].items()
        u = [outputs[i] for i in node["inputs"]] or outputs[-1:]
        if kind == "signal":
            found = x
        elif kind == "time":
            frequencies = np.float32(2 * 100 ** (np.arange(attributes["features"] // 2) / 15))
            phase = time[:, None] * frequencies
            found = np.concatenate([np.sin(phase), np.cos(phase)], 1)[:, None, None]
        elif kind == "class":
            found = (label[:, None] == np.arange(attributes["classes"])).astype(float)[:, None, None]
        elif kind == "conv":
            found = conv(u[0], attributes, *(np.float64(matrices[f"nodes.{index}.{part}"]) for part in ("weight", "bias")))
        elif kind == "silu" and len(u) == 2:
            scale, shift = np.split(u[1], 2, 3)
            found = silu(u[0] * (1 + scale) + shift)
        elif kind == "silu":
            found = silu(u[0])
        elif kind == "add":
            found = u[0] + u[1]
        elif kind == "space-to-depth":
            found = space_to_depth(u[0])
        elif kind == "up":
            found = u[0].repeat(attributes["factor"][0], 1).repeat(attributes["factor"][1], 2)
        elif kind == "concat":
            found = np.concatenate(u, 3)
        else:
            found = readout(*u)
        outputs.append(found)
    return outputs[-1]
