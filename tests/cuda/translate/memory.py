"""Loads, stores and atomic operations."""
from kinds import C_TYPE, Unknown
from statements import vector

# What becomes of the old value.
ATOMIC = {"add": "old + b", "min": "least(old, b)", "max": "most(old, b)", "exch": "b", "and": "old & b", "or": "old | b",
          "xor": "old ^ b", "inc": "old >= b ? 0 : old + 1", "dec": "old == 0 || old > b ? b : old - 1"}


def space(flags):
    """The memory that an access names: global or shared memory, or parameters and a thread's own."""
    for flag in flags:
        if flag in ("shared", "shared::cta"):
            return "shared"
        if flag in ("global", "const", "param", "local"):
            return flag
    return "generic"


def place(writer, instruction, operand, count, kind, intent):
    """This machine's address of an operand, after the checks that its memory has."""
    where = space(instruction.flags)
    address, bytes_ = writer.address(operand), f"{count} * sizeof({C_TYPE[kind]})"
    if where == "shared":
        return f"shared_{intent}(T, {address}, {bytes_})"
    if where in ("param", "local"):
        return address
    # A generic address may also be one of a thread's own variables or of shared memory.
    check = "global" if where in ("global", "const") else "generic"
    writer.sites += 1
    return f"{check}(T, {writer.sites - 1}, {address}, {bytes_})"


def load(writer, i):
    registers = vector(i.ops[0])
    writer.emit(f"  {{ const uint64_t at = {place(writer, i, i.ops[1], len(registers), i.kind, 'load')};")
    # All are read before one is set: the address may be in a register that is set.
    c_type = C_TYPE[i.kind]
    for index in range(len(registers)):
        writer.emit(f"  const {c_type} value{index} = load<{c_type}>(at + {index} * sizeof({c_type}));")
    for index, register in enumerate(registers):
        writer.set(register, f"value{index}", i.kind)
    writer.emit("  }")


def store(writer, i):
    registers, c_type = vector(i.ops[1]), C_TYPE[i.kind]
    writer.emit(f"  {{ const uint64_t at = {place(writer, i, i.ops[0], len(registers), i.kind, 'store')};")
    for index, register in enumerate(registers):
        writer.emit(f"  store<{c_type}>(at + {index} * sizeof({c_type}), {writer.value(register, i.kind)});")
    writer.emit("  }")


def atomic(writer, i):
    operation = next((flag for flag in i.flags if flag in ATOMIC or flag == "cas"), None)
    if operation is None:
        raise Unknown(i.text)
    c_type = C_TYPE[i.kind]
    target, operand, values = (i.ops[0], i.ops[1], i.ops[2:]) if i.name == "atom" else ("_", i.ops[0], i.ops[1:])
    writer.emit(f"  {{ const uint64_t at = {place(writer, i, operand, 1, i.kind, 'atomic')};")
    writer.emit(f"  const {c_type} b = {writer.value(values[0], i.kind)};")
    after = ATOMIC.get(operation)
    if operation == "cas":
        writer.emit(f"  const {c_type} other = {writer.value(values[1], i.kind)};")
        after = "old == b ? other : old"
    writer.emit(f"  const {c_type} before = atomic<{c_type}>(at, [&]({c_type} old) {{ return {c_type}({after}); }});")
    writer.set(target, "before", i.kind)
    writer.emit("  }")


def fence(writer, i):
    writer.emit("  __atomic_thread_fence(__ATOMIC_SEQ_CST);")


def convert_address(writer, i):
    """Between an address in one memory and a generic one."""
    base = ""
    if space(i.flags) == "shared":
        base = " - uint64_t(T->shared)" if "to" in i.flags else " + uint64_t(T->shared)"
    writer.set(i.ops[0], f"{C_TYPE[i.kind]}({writer.value(i.ops[1], i.kind)}{base})", i.kind)


INSTRUCTIONS = {"ld": load, "ldu": load, "st": store, "atom": atomic, "red": atomic, "membar": fence, "fence": fence,
                "cvta": convert_address}
