"""The C++ of a module as it grows, and what its names mean at this point."""
import re

from kinds import C_TYPE, Unknown, size

SPECIAL = {f"%{name}.{axis}": f"T->{name}[{index}]"
           for name in ("tid", "ntid", "ctaid", "nctaid") for index, axis in enumerate("xyz")}


def clean(name):
    """A name that C++ takes."""
    return "n_" + name.replace("%", "P_").replace("$", "S_").replace(".", "D_")


class Writer:
    def __init__(self):
        self.lines = []
        self.scopes = []  # names of registers to their kinds, the innermost block last
        self.symbols = set()  # variables and parameters
        self.shared = {}  # names in shared memory to their offsets
        self.shared_bytes = 0
        self.targets = {}  # names of jump tables to their labels
        self.sites = 0
        self.barriers = 0

    def emit(self, line):
        self.lines.append(line)

    def is_register(self, name):
        return any(name in scope for scope in self.scopes)

    def value(self, operand, kind):
        """An operand, read as a kind."""
        c_type = C_TYPE[kind]
        if operand in SPECIAL:
            return f"get<{c_type}>({SPECIAL[operand]})"
        if self.is_register(operand):
            return f"get<{c_type}>({clean(operand)})"
        if match := re.fullmatch(r"0[fF]([0-9a-fA-F]{8})", operand):
            return f"get<{c_type}>(bits<float>(uint32_t(0x{match[1]}u)))"
        if match := re.fullmatch(r"0[dD]([0-9a-fA-F]{16})", operand):
            return f"get<{c_type}>(bits<double>(uint64_t(0x{match[1]}ull)))"
        if re.fullmatch(r"-?(0[xX][0-9a-fA-F]+|\d+)U?", operand):
            return f"get<{c_type}>(uint64_t(0x{int(operand.rstrip('U'), 0) & 0xffffffffffffffff:x}ull))"
        if operand in self.shared:
            return f"{c_type}({self.shared[operand]})"
        if operand in self.symbols:
            return f"{c_type}(uintptr_t({clean(operand)}))"
        raise Unknown(f"operand {operand}")

    def address(self, operand):
        """Of `[register + offset]`: an offset in shared memory, this machine's address elsewhere."""
        match = re.fullmatch(r"\[\s*([%$\w.]+)\s*(?:\+\s*(-?\w+))?\s*\]", operand)
        if not match:
            raise Unknown(f"address {operand}")
        return f"({self.value(match[1], 'u64')} + int64_t({match[2] or 0}))"

    def set(self, operand, expression, kind):
        """A register becomes a value of a kind. `_` is nowhere."""
        if operand == "_":
            return
        if not self.is_register(operand):
            raise Unknown(f"destination {operand}")
        self.emit(f"  set<{C_TYPE[kind]}>({clean(operand)}, {expression});")

    def place_shared(self, name, kind, count):
        if name not in self.shared:
            start = -(-self.shared_bytes // 16) * 16
            self.shared[name] = start
            self.shared_bytes = start + size(kind) * count
