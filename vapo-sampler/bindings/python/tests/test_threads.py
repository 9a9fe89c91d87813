"""Threads: results do not depend on them, Python's lock is left to others, and Ctrl-C is heard."""

import concurrent.futures
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import vapo
from conftest import FILES


@pytest.mark.parametrize("threads", [1, 2, 3, 7, None])
def test_no_result_depends_on_threads(threads: int | None, digits: vapo.Model) -> None:
    one = digits.sample(9, steps=4, seed=1, threads=1)
    assert digits.sample(9, steps=4, seed=1, threads=threads).tobytes() == one.tobytes()
    for method in (digits.drift, digits.potential, digits.energy, digits.score):
        assert method(one, 0.3, threads=threads).tobytes() == method(one, 0.3, threads=1).tobytes()
    half = one.copy()
    half[:, :4] = np.nan
    assert digits.inpaint(half, steps=3, threads=threads).tobytes() == digits.inpaint(half, steps=3, threads=1).tobytes()
    assert digits.classify(one, threads=threads).energies.tobytes() == digits.classify(one, threads=1).energies.tobytes()


def test_many_threads_of_python_share_a_model(digits: vapo.Model) -> None:
    expected = [digits.sample(2, seed=seed, steps=3).tobytes() for seed in range(24)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda seed: digits.sample(2, seed=seed, steps=3).tobytes(), range(24)))
    assert found == expected


@pytest.mark.parametrize("threads", [1, 2])
def test_others_run_while_samples_are_drawn(threads: int, digits: vapo.Model) -> None:
    turns, drawing = 0, threading.Event()

    def draw() -> None:
        digits.sample(400, steps=50, threads=threads)
        drawing.set()

    thread = threading.Thread(target=draw)
    thread.start()
    while not drawing.is_set():
        turns += 1
        time.sleep(0.001)
    thread.join()
    # With the lock held there would be one turn or two.
    assert turns > 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_process_draws_too(digits: vapo.Model) -> None:
    expected = digits.sample(3, steps=3, threads=2).tobytes()
    child = os.fork()
    if not child:
        os._exit(digits.sample(3, steps=3, threads=2).tobytes() != expected)
    assert os.waitpid(child, 0)[1] == 0


LONG = ["100000, threads=1", "100000, threads=2", "1, steps=65535, solver='heun'", "2, steps=65535, solver='heun', threads=2"]


@pytest.mark.parametrize("options", LONG)
def test_an_interrupt_is_heard(options: str) -> None:
    # A shell's program in the background ignores interrupts, and what it starts would too.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{heard}; import vapo; print(1, flush=True); vapo.load({str(FILES['fashion'])!r}).sample({options})"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        try:
            _, told = child.communicate(timeout=20)
        finally:
            child.kill()  # of one that does not hear, nothing is left
    assert b"KeyboardInterrupt" in told, told
