"""The plan of a drift's memory."""

import pytest

import vapo
from conftest import FILES


@pytest.mark.parametrize("name", FILES)
def test_no_two_buffers_that_matter_at_one_time_overlap(name: str) -> None:
    model = vapo.load(FILES[name])
    plan = model.plan()
    assert plan.times == 2 * len(model.architecture["nodes"])
    end = max(buffer.offset + buffer.bytes for buffer in plan.buffers)
    elements = plan.sample // 4
    # What a solver of one buffer takes beside, and guidance.
    beside = 4 * elements * (2 if model.classes else 1)
    assert plan.arena["euler"] == end + beside
    taken = []
    for time in range(plan.times):
        alive = sorted(
            (buffer.offset, buffer.offset + buffer.bytes)
            for buffer in plan.buffers
            if any(first <= time <= last for first, last in buffer.lives)
        )
        assert all(one[1] <= other[0] for one, other in zip(alive, alive[1:], strict=False))
        taken.append(sum(stop - start for start, stop in alive))
    assert max(taken) == plan.least <= end
