"""What a caller gives, checked: an error says what was expected and what was found."""

import json
import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any, SupportsIndex, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Array = npt.ArrayLike
Number = TypeVar("Number", np.float32, np.int32)

MAX_COUNT = 1_000_000
"""Samples of a call at most, as on the command line."""


def whole(name: str, value: SupportsIndex, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    try:
        found = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: expected a whole number, found {value!r}") from None
    if not least <= found <= most:
        raise ValueError(f"{name}: expected a whole number from {least} to {most}, found {found}")
    return found


def number(name: str, value: float) -> float:
    """A number as float32 has it; whether it is in range, the sampler says."""
    try:
        found = float(value)
    except OverflowError:
        raise ValueError(f"{name}: expected a number that float32 has, found one beyond float64") from None
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a number, found {value!r}") from None
    if math.isfinite(found) and abs(found) > float(np.finfo(np.float32).max):
        raise ValueError(f"{name}: expected a number that float32 has, found {found}")
    return found


def of_json(name: str, text: str | bytes) -> Any:
    """What a text of JSON says."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise ValueError(f"{name}: {cause}") from None


def to_json(name: str, value: object, **style: Any) -> str:
    """A text of JSON. Numbers that are not finite are refused: JSON has none."""
    try:
        return json.dumps(value, allow_nan=False, **style)
    except (ValueError, RecursionError) as cause:
        raise ValueError(f"{name}: {cause}") from None
    except TypeError as cause:
        raise TypeError(f"{name}: {cause}") from None


def lent(values: Array, kind: type[Number]) -> npt.NDArray[Number]:
    """An array as Rust reads it: of a type, contiguous and aligned. It is copied where it is not so."""
    with np.errstate(over="ignore"):  # what float32 does not hold becomes infinite, and is refused as such
        found = np.asarray(values, kind, order="C")
    # NumPy calls an array without numbers aligned wherever it lies.
    return found if found.flags.aligned and found.size else found.copy()


def floats(name: str, values: Array) -> Floats:
    """Floats as float32. Whole numbers are refused: they are mostly the bytes of a picture, and those are no values."""
    found = np.asarray(values)
    if found.dtype.kind == "f":
        return lent(found, np.float32)
    if found.dtype == np.uint8:
        raise TypeError(f"{name}: expected floats, found uint8: vapo.from_bytes makes values of the bytes of a picture")
    raise TypeError(f"{name}: expected an array of floats, found {found.dtype}: give {name}.astype(numpy.float32)")


def samples(name: str, values: Array, shape: tuple[int, ...], missing: bool = False) -> tuple[Floats, bool]:
    """Samples (N, ...) of a shape, and whether one alone was given. Numbers that are not finite are refused, unless some may be
    missing."""
    found = floats(name, values)
    alone = found.shape == shape
    if not alone and (found.ndim != 1 + len(shape) or found.shape[1:] != shape):
        several = f"(n, {', '.join(map(str, shape))})"
        raise ValueError(
            f"{name}: expected one sample, of shape {shape}, or several, of shape {several}, found shape {found.shape}"
        )
    found = found[np.newaxis] if alone else found
    if not len(found):
        raise ValueError(f"{name}: expected 1 sample or more, found none")
    if not missing:
        finite(name, found)
    return found, alone


def finite(name: str, values: Floats) -> None:
    """Refuses numbers that are infinite or no numbers."""
    if not np.isfinite(values).all():
        place = tuple(int(axis[0]) for axis in np.nonzero(~np.isfinite(values)))
        raise ValueError(f"{name}: expected finite numbers, found {values[place]} at {place}")


def matrices(shapes: Mapping[str, tuple[int, ...]], given: Mapping[str, Array], what: str = "matrices") -> dict[str, Floats]:
    """Weights and biases of these names and shapes, in this order."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{what}: expected weights and biases by name, found {type(given).__name__}")
    for name in given:
        if not isinstance(name, str):
            raise TypeError(f"{what}: expected names as nodes.7.weight, found {name!r}")
    others = [name for name in given if name not in shapes]
    found = {}
    for name, shape in shapes.items():
        if name not in given:
            instead = f", but {others[0]!r}" if others else ""
            raise ValueError(f"{what}: {name}: expected shape {shape}, found no matrix of this name{instead}")
        matrix = floats(f"{what}: {name}", given[name])
        if matrix.shape != shape:
            raise ValueError(f"{what}: {name}: expected shape {shape}, found {matrix.shape}")
        finite(f"{what}: {name}", matrix)
        found[name] = matrix
    if others:
        raise ValueError(f"{what}: expected those of the network alone, found {others[0]!r} too")
    return found


def times(name: str, values: Array, count: int) -> Floats:
    """A time from 0 to 1 for each of `count` samples."""
    found = np.asarray(values)
    if found.dtype.kind not in "fiu":
        raise TypeError(f"{name}: expected a number or an array of numbers, found {found.dtype}")
    found = lent(found, np.float32)
    if found.shape not in ((), (count,)):
        raise ValueError(f"{name}: expected one time, or one for each of {count} samples, found shape {found.shape}")
    found = lent(np.broadcast_to(found, (count,)), np.float32)
    for time in found[~((found >= 0) & (found <= 1))][:1]:
        raise ValueError(f"{name}: expected times from 0 to 1, found {time}")
    return found


def labels(name: str, values: int | Sequence[int] | npt.NDArray[Any] | None, count: int, classes: int) -> npt.NDArray[np.int32]:
    """A class for each of `count` samples, -1 where whatever class is meant."""
    if values is None:
        return np.full(count, -1, np.int32)
    found = np.asarray(values)
    if found.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected the number of a class, or one for each sample, found {values!r}")
    if found.shape not in ((), (count,)):
        raise ValueError(f"{name}: expected one class, or one for each of {count} samples, found shape {found.shape}")
    for wrong in found.reshape(-1)[~((found >= 0) & (found < classes)).reshape(-1)][:1]:
        what = f"the classes 0 to {classes - 1}" if classes else "no classes"
        raise ValueError(f"{name}: the model has {what}, found class {wrong}")
    return lent(np.broadcast_to(found, (count,)), np.int32)


def threads(value: int | None) -> int:
    """Threads; 0 for one a core."""
    return 0 if value is None else whole("threads", value, 1, 1024)
