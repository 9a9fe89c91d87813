"""What type checkers are told is what is there."""

import subprocess
import sys
from pathlib import Path

import vapo

PACKAGE = Path(vapo.__file__).parent


def run(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_are_those_of_the_module() -> None:
    run("mypy.stubtest", "vapo._native")


def test_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").exists()
    # PyTorch need not be there.
    files = [str(path) for path in PACKAGE.glob("*.py") if path.name != "torch.py"]
    run("mypy", "--strict", *files)
