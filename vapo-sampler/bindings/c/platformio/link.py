"""Links the prebuilt library of a board's processor: of `prebuilt`, the folder that `archives prebuilt` makes."""

import os

TARGETS = {
    "cortex-m0": "thumbv6m-none-eabi",
    "cortex-m0plus": "thumbv6m-none-eabi",
    "cortex-m3": "thumbv7m-none-eabi",
    "cortex-m4": "thumbv7em-none-eabihf",
    "cortex-m7": "thumbv7em-none-eabihf",
    "cortex-m33": "thumbv8m.main-none-eabihf",
    "esp32c3": "riscv32imc-unknown-none-elf",
    "esp32c6": "riscv32imac-unknown-none-elf",
}


def folder(root, cpu):
    """The folder of a processor's library, or an error that says which there are."""
    if cpu not in TARGETS:
        raise SystemExit(f"vapo: no library for {cpu}, expected one of {', '.join(TARGETS)}")
    path = os.path.join(root, "prebuilt", TARGETS[cpu])
    if not os.path.exists(os.path.join(path, "libvapo.a")):
        raise SystemExit(f"vapo: no library in {path}: run `archives prebuilt` in {root}")
    return path


if "Import" in globals():
    # Names of PlatformIO, which runs this in the library's folder.
    Import("env")  # noqa: F821
    board = env.BoardConfig()  # noqa: F821
    path = folder(os.path.realpath("."), board.get("build.cpu", board.get("build.mcu", "")))
    DefaultEnvironment().Append(LIBPATH=[path], LIBS=["vapo"])  # noqa: F821
