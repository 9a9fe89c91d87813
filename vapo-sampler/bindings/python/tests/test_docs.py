"""What the README says and shows."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from conftest import FILES

HERE = Path(__file__).resolve().parents[1]


def test_the_first_example_of_the_readme_runs() -> None:
    code = (HERE / "README.md").read_text().split("```python\n")[1].split("```")[0]
    names: dict = {}
    exec(code.replace("runs/digits/model.vapo", str(FILES["digits"])), names)
    assert names["digits"].shape == (64, 8, 8, 1)
    assert names["restored"].shape == (6, 8, 8, 1)
    assert names["bytes_"].shape == (100, 8, 8, 1)


def test_the_pictures_are_those_that_their_script_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(HERE / "docs" / "pictures.py"), str(tmp_path)], check=True, stdout=subprocess.DEVNULL)
    made = sorted(tmp_path.iterdir())
    assert [path.name for path in made] == sorted(path.name for path in (HERE / "docs").iterdir() if path.suffix in {".png", ".gif"})
    for path in made:
        assert (np.asarray(Image.open(path)) == np.asarray(Image.open(HERE / "docs" / path.name))).all(), path.name
