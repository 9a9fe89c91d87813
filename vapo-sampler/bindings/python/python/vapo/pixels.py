"""Values and the bytes of pictures: -1 is black, 0; 1 is white, 255."""

from typing import Any

import numpy as np
import numpy.typing as npt

from vapo import _check


def to_bytes(values: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Values about -1 to 1 as bytes, rounded to nearest; what lies beyond is clamped. The bytes that `vapo-train` writes."""
    levels = _check.floats("values", values) * np.float32(127.5) + np.float32(128)
    bytes_: npt.NDArray[np.uint8] = np.clip(np.nan_to_num(levels, nan=0, posinf=255, neginf=0), 0, 255).astype(np.uint8)
    return bytes_


def from_bytes(levels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Bytes as values from -1 to 1. `to_bytes` gives the same bytes back."""
    found = np.asarray(levels)
    if found.dtype != np.uint8:
        raise TypeError(f"levels: expected an array of uint8, found {found.dtype}")
    return found.astype(np.float32) / np.float32(127.5) - np.float32(1)
