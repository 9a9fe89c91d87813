"""PTX's types, and C++'s."""
import re

C_TYPE = {f"{letter}{bits}": f"{'int' if letter == 's' else 'uint'}{bits}_t" for letter in "usb" for bits in (8, 16, 32, 64)}
C_TYPE |= {"pred": "bool", "f16": "_Float16", "f32": "float", "f64": "double"}

IS_KIND = re.compile(r"^(pred|[usb](?:8|16|32|64)|f(?:16|32|64))$")

# Half as wide, and twice as wide.
HALF = {"b32": "u16", "b64": "u32"}
WIDER = {"16": "32", "32": "64"}


def size(kind):
    """Bytes of a value."""
    return 1 if kind == "pred" else int(kind[1:]) // 8


def is_float(kind):
    return kind in ("f16", "f32", "f64")


class Unknown(Exception):
    """What this translator does not know. Nothing is left out silently."""
