"""Translates PTX to C++: every register becomes a local variable, every label a label.

Usage: python3 translate IN.ptx OUT.cpp. An instruction that is not known is an error.
"""
import sys

from kinds import Unknown
from module import Module

source, target = sys.argv[1:]
try:
    with open(source) as file:
        translated = Module().translate(file.read().rstrip("\0"))
except Unknown as unknown:
    sys.exit(f"{source}: not translated: {unknown}")
with open(target, "w") as file:
    file.write(translated)
