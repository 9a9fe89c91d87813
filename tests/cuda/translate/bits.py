"""Moves, fields of bits and permutations of bytes."""
from kinds import C_TYPE, HALF, Unknown, size
from statements import operands


def move(writer, i):
    kind, half = i.kind, HALF.get(i.kind)
    target, source = i.ops
    if target.startswith("{"):
        low, high = operands(target[1:-1])
        writer.emit(f"  {{ const {C_TYPE[kind]} whole = {writer.value(source, kind)};")
        for register, shift in ((low, 0), (high, 8 * size(half))):
            writer.set(register, f"{C_TYPE[half]}(whole >> {shift})", half)
        writer.emit("  }")
    elif source.startswith("{"):
        low, high = (writer.value(operand, half) for operand in operands(source[1:-1]))
        c_type = C_TYPE[kind]
        writer.set(target, f"{c_type}({low}) | {c_type}({c_type}({high}) << {8 * size(half)})", kind)
    else:
        writer.set(target, writer.value(source, kind), kind)


def insert(writer, i):
    values = [writer.value(operand, kind) for operand, kind in zip(i.ops[1:], (i.kind, i.kind, "u32", "u32"))]
    writer.set(i.ops[0], f"field_inserted<{C_TYPE[i.kind]}>({', '.join(values)})", i.kind)


def extract(writer, i):
    values = [writer.value(operand, kind) for operand, kind in zip(i.ops[1:], (i.kind, "u32", "u32"))]
    writer.set(i.ops[0], f"field<{C_TYPE[i.kind]}>({', '.join(values)})", i.kind)


def permute(writer, i):
    if i.flags != ["b32"]:
        raise Unknown(i.text)
    writer.set(i.ops[0], f"bytes_of({', '.join(writer.value(operand, 'u32') for operand in i.ops[1:])})", "b32")


def funnel(writer, i):
    direction, mode = i.flags[:2]
    values = ", ".join(writer.value(operand, "u32") for operand in i.ops[1:])
    wraps = "true" if mode == "wrap" else "false"
    writer.set(i.ops[0], f"funnel_{'left' if direction == 'l' else 'right'}({values}, {wraps})", "b32")


def logic(writer, i):
    """Any function of three bits, by its table."""
    values = ", ".join(writer.value(operand, "u32") for operand in i.ops[1:4])
    writer.set(i.ops[0], f"by_table({values}, {i.ops[4]})", "b32")


INSTRUCTIONS = {"mov": move, "bfi": insert, "bfe": extract, "prmt": permute, "shf": funnel, "lop3": logic}
