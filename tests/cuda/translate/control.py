"""Comparisons, jumps, calls and barriers."""
from kinds import C_TYPE, Unknown, is_float
from statements import operands
from writer import clean

COMPARED = {"eq": "a == b", "ne": "a != b", "lt": "a < b", "le": "a <= b", "gt": "a > b", "ge": "a >= b",
            "lo": "a < b", "ls": "a <= b", "hi": "a > b", "hs": "a >= b"}
ORDERED = {name: COMPARED[name] for name in ("eq", "lt", "le", "gt", "ge")} | {"ne": "a < b || a > b"}
UNORDERED = {"neu": "a != b", "equ": "!(a < b || a > b)", "ltu": "!(a >= b)", "leu": "!(a > b)", "gtu": "!(a <= b)",
             "geu": "!(a < b)", "num": "a == a && b == b", "nan": "a != a || b != b"}
JOINED = {"and": "&", "or": "|", "xor": "^"}


def compare(writer, i):
    source = i.kinds[-1]
    test = (ORDERED | UNORDERED if is_float(source) else COMPARED)[i.flags[0]]
    a, b = writer.value(i.ops[1], source), writer.value(i.ops[2], source)
    test = f"[]({C_TYPE[source]} a, {C_TYPE[source]} b) {{ return {test}; }}({a}, {b})"
    joined = next((flag for flag in i.flags[1:] if flag in JOINED), None)
    if joined:
        third = i.ops[3]
        third = f"!{clean(third[1:])}" if third[0] == "!" else clean(third)
        test = f"(bool({test}) {JOINED[joined]} {third})"
    if i.name == "setp":
        for register, sign in zip(i.ops[0].split("|"), ("", "!")):
            writer.set(register, f"bool({sign}({test}))", "pred")
    else:
        target = i.kinds[0]
        yes = {"f16": "_Float16(1)", "f32": "1.0f"}.get(target, f"{C_TYPE[target]}(-1)")
        writer.set(i.ops[0], f"({test}) ? {yes} : {C_TYPE[target]}(0)", target)


def select(writer, i):
    a, b = writer.value(i.ops[1], i.kind), writer.value(i.ops[2], i.kind)
    writer.set(i.ops[0], f"{clean(i.ops[3])} ? {a} : {b}", i.kind)


def branch(writer, i):
    writer.emit(f"  goto {clean(i.ops[0])};")


def branch_by_index(writer, i):
    cases = " ".join(f"case {index}: goto {clean(label)};" for index, label in enumerate(writer.targets[i.ops[1]]))
    writer.emit(f'  switch ({writer.value(i.ops[0], "u32")}) {{ {cases} default: standin_fail("jump outside its table"); }}')


def leave(writer, i):
    writer.emit("  return;")


def barrier(writer, i):
    if "sync" not in i.flags or i.ops != ["0"]:
        raise Unknown(i.text)
    writer.barriers += 1
    writer.emit(f"  standin_barrier(T, {writer.barriers});")


def trap(writer, i):
    writer.emit('  standin_fail("trap");')


def call(writer, i):
    ops = list(i.ops)
    results = operands(ops.pop(0)[1:-1]) if ops[0].startswith("(") else []
    callee, arguments = ops[0], operands(ops[1][1:-1]) if len(ops) > 1 else []
    if callee == "__assertfail":
        what, file, line = (clean(argument) for argument in arguments[:3])
        writer.emit(f"  standin_assertion(*(const char**){what}, *(const char**){file}, *(uint32_t*){line});")
    else:
        passed = ["T"] + [f"(uint8_t*){clean(argument)}" for argument in results + arguments]
        writer.emit(f"  function_{clean(callee)}({', '.join(passed)});")


INSTRUCTIONS = {"setp": compare, "set": compare, "selp": select, "bra": branch, "brx": branch_by_index, "ret": leave, "exit": leave,
                "bar": barrier, "barrier": barrier, "trap": trap, "call": call}
