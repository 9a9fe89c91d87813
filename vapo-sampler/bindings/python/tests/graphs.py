"""Architectures beyond the presets."""

from typing import Any

import numpy as np

import vapo


def every_layer(homotopy: str = "linear") -> vapo.Model:
    """A model with a layer of every kind, of weights of no meaning."""

    def conv(window: list[int], stride: list[int], channels: int) -> dict[str, Any]:
        return {"conv": {"window": window, "stride": stride, "channels": channels}}

    def linear(channels: int) -> dict[str, Any]:
        return conv([1, 1], [1, 1], channels)

    listed: list[tuple[dict[str, Any], list[int]]] = [
        ({"signal": None}, []),
        ({"time": {"features": 12}}, []),
        ({"class": {"classes": 3}}, []),
        ({"concat": None}, [1, 2]),
        (linear(10), []),
        ({"silu": None}, []),
        ({"space-to-depth": None}, [0]),
        (conv([3, 5], [1, 1], 5), []),
        (linear(10), [5]),
        ({"silu": None}, [7, 8]),
        (conv([2, 3], [2, 3], 4), []),
        ({"up": {"factor": [2, 1]}}, []),
        ({"up": {"factor": [1, 2]}}, []),
        (conv([1, 1], [1, 1], 4), []),
        ({"add": None}, [12, 13]),
        ({"silu": None}, []),
        (linear(6), []),
        (linear(7), [5]),
        ({"readout": None}, [16, 17, 0]),
    ]
    architecture = {
        "signal": {"channels": 2, "height": 8, "width": 12},
        "scaling": [{"offset": 1.0, "scale": 2.0}, {"offset": -3.0, "scale": 0.5}],
        "homotopy": homotopy,
        "classes": 3,
        "nodes": [{"layer": layer, "inputs": inputs} for layer, inputs in listed],
    }
    extents = {4: (15, 10), 7: (15 * 8, 5), 8: (10, 10), 10: (6 * 5, 4), 13: (4, 4), 16: (4, 6), 17: (10, 7)}
    generator = np.random.default_rng(1)
    matrices = {}
    for node, (rows, columns) in extents.items():
        matrices[f"nodes.{node}.weight"] = generator.standard_normal((rows, columns)).astype(np.float32) / rows**0.5
        matrices[f"nodes.{node}.bias"] = generator.standard_normal(columns).astype(np.float32)
    return vapo.Model.of(architecture, dict(matrices))
