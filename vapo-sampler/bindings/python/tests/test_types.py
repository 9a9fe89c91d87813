"""What type checkers are told is what is there."""

import subprocess
import sys
from pathlib import Path

import vapo

PACKAGE = Path(vapo.__file__).parent


def run(folder: Path, *words: str) -> None:
    done = subprocess.run([sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_are_those_of_the_module(tmp_path: Path) -> None:
    run(tmp_path, "mypy.stubtest", "vapo._native")


def test_the_package_is_typed(tmp_path: Path) -> None:
    assert (PACKAGE / "py.typed").exists()
    # PyTorch need not be there.
    modules = [f"vapo.{path.stem}" for path in PACKAGE.glob("*.py") if path.stem not in ("torch", "__init__")]
    assert len(modules) > 4
    run(tmp_path, "mypy", "--strict", *(word for module in modules for word in ("-m", module)))
