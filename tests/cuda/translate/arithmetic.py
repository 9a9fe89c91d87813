"""Sums, products, functions and conversions."""
from kinds import C_TYPE, WIDER, Unknown, is_float

UNARY = {"neg": "-a", "not": "~a", "abs": "absolute(a)", "rcp": "T(1) / a", "sqrt": "square_root(a)", "ex2": "exponential_2(a)",
         "lg2": "logarithm_2(a)", "sin": "sine(a)", "cos": "cosine(a)", "tanh": "hyperbolic_tangent(a)", "clz": "leading_zeros(a)",
         "popc": "ones(a)", "rsqrt": "T(1) / square_root(a)", "brev": "reversed(a)"}
BINARY = {"add": "a + b", "sub": "a - b", "mul": "a * b", "and": "a & b", "or": "a | b", "xor": "a ^ b", "min": "least(a, b)",
          "max": "most(a, b)", "div": "quotient(a, b)", "rem": "remainder_of(a, b)", "shl": "shifted_left(a, uint32_t(b))",
          "shr": "shifted_right(a, uint32_t(b))", "copysign": "with_sign(b, a)"}
ROUNDED = {"rni": "nearest(a)", "rzi": "towards_zero(a)", "rmi": "down(a)", "rpi": "up(a)"}
# Rounding that C++ does not do.
DIRECTED = {"rz", "rm", "rp"}


def refuse_directed(i):
    if is_float(i.kind) and DIRECTED & set(i.flags):
        raise Unknown(f"rounding of {i.text}")


def unary(writer, i):
    refuse_directed(i)
    if i.name == "not" and i.kind == "pred":
        writer.set(i.ops[0], f"!{writer.value(i.ops[1], i.kind)}", i.kind)
        return
    c_type = C_TYPE[i.kind]
    target = "u32" if i.name in ("clz", "popc") else i.kind
    writer.set(i.ops[0], f"[]({c_type} a) {{ using T [[maybe_unused]] = {c_type}; return {C_TYPE[target]}({UNARY[i.name]}); }}"
                         f"({writer.value(i.ops[1], i.kind)})", target)


def binary(writer, i):
    if "cc" in i.flags:
        carried(writer, i)
        return
    if i.name == "mul" and not is_float(i.kind):
        product(writer, i)
        return
    refuse_directed(i)
    c_type, second = C_TYPE[i.kind], "u32" if i.name in ("shl", "shr") else i.kind
    result = f"[]({c_type} a, {C_TYPE[second]} b) {{ return {c_type}({BINARY[i.name]}); }}" \
             f"({writer.value(i.ops[1], i.kind)}, {writer.value(i.ops[2], second)})"
    writer.set(i.ops[0], f"clamped({result})" if "sat" in i.flags else result, i.kind)


def fused(writer, i):
    if not is_float(i.kind):
        product(writer, i)
        return
    down = "rm" in i.flags and i.kind == "f32"
    if not down:
        refuse_directed(i)
    values = ", ".join(writer.value(operand, i.kind) for operand in i.ops[1:])
    result = f"fused{'_down' if down else ''}({values})"
    writer.set(i.ops[0], f"clamped({result})" if "sat" in i.flags else result, i.kind)


def product(writer, i):
    """Of integers: the low half, the high half, or all of it."""
    mode = next((flag for flag in i.flags if flag in ("lo", "hi", "wide")), None)
    if mode is None:
        raise Unknown(i.text)
    target = i.kind[0] + WIDER[i.kind[1:]] if mode == "wide" else i.kind
    c_type = C_TYPE[target]
    result = f"product_{mode}<{c_type}>({writer.value(i.ops[1], i.kind)}, {writer.value(i.ops[2], i.kind)})"
    if "cc" in i.flags:
        result = f"add_carry(T, {result}, {writer.value(i.ops[3], target)}, false)"
    elif i.name == "mad":
        result = f"{c_type}({result} + {writer.value(i.ops[3], target)})"
    writer.set(i.ops[0], result, target)


def carried(writer, i):
    """Sums with the carry of the one before."""
    if i.name == "madc":
        mode = next(flag for flag in i.flags if flag in ("lo", "hi"))
        first = f"product_{mode}<{C_TYPE[i.kind]}>({writer.value(i.ops[1], i.kind)}, {writer.value(i.ops[2], i.kind)})"
        second = writer.value(i.ops[3], i.kind)
    else:
        first, second = writer.value(i.ops[1], i.kind), writer.value(i.ops[2], i.kind)
    uses = "true" if i.name in ("madc", "addc", "subc") else "false"
    direction = "subtract" if i.name.startswith("sub") else "add"
    writer.set(i.ops[0], f"{direction}_carry(T, {first}, {second}, {uses})", i.kind)


def convert(writer, i):
    to, source = i.kinds
    value, c_type = writer.value(i.ops[1], source), C_TYPE[to]
    rounding = next((flag for flag in i.flags if flag in ROUNDED), None)
    narrows = is_float(to) and (not is_float(source) or to < source)
    if narrows and DIRECTED & set(i.flags):
        raise Unknown(f"rounding of {i.text}")
    if is_float(source) and rounding:
        value = f"[]({C_TYPE[source]} a) {{ return {ROUNDED[rounding]}; }}({value})"
    if is_float(source) and not is_float(to):
        value = f"to_integer<{c_type}>({value})"
    if "sat" in i.flags:
        if not is_float(to):
            raise Unknown(i.text)
        value = f"clamped({c_type}({value}))"
    writer.set(i.ops[0], f"{c_type}({value})", to)


INSTRUCTIONS = dict.fromkeys(UNARY, unary) | dict.fromkeys(BINARY, binary) | {
    "fma": fused, "mad": fused, "madc": carried, "addc": carried, "subc": carried, "cvt": convert}
