"""The memory that a device needs for a model, as `vapo-train inspect` prints it. All sizes are in bytes."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Buffer:
    """A piece of the memory that a drift is computed in."""

    role: str
    """What it holds: value, cotangent, scratch, kept, forward, reverse."""
    node: int
    """The node that it belongs to."""
    offset: int
    """Its offset in the memory."""
    bytes: int
    """Its length."""
    lives: tuple[tuple[int, int], ...]
    """First and last times at which it is needed: node i works at time i forward, and at 2n − 1 − i in reverse."""


@dataclass(frozen=True)
class Plan:
    """The memory that a device needs for a model, in addition to its program and its stack."""

    model: int
    """Flash: the model file."""
    arena: dict[str, int]
    """RAM that a sampler works in, by its solver."""
    sample: int
    """RAM of one sample."""
    monitor: int | None
    """RAM of a monitor of a series, its window included; none for images."""
    explaining_monitor: int | None
    """The same for a monitor that explains anomalies."""
    times: int
    """Times of a drift: two a node."""
    least: int
    """The least bytes of any plan of a drift: the most that are needed at one time."""
    buffers: tuple[Buffer, ...] = field(repr=False)
    """The place of everything in memory while a drift is computed, and for how long."""

    def ram(self, solver: str = "etd2") -> int:
        """Arena and sample."""
        if solver not in self.arena:
            raise ValueError(f"solver: expected one of {', '.join(self.arena)}, found {solver}")
        return self.arena[solver] + self.sample
