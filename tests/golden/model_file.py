"""Model files, as section 5 and section 7 of ../../vapo-format/SPECIFICATION.md lay them out, with weights as floats.

A reader of its own: it shares no line with this project's, and reads what the trainer writes, which is version 2.
"""
import struct, zlib
import numpy as np

KINDS = ["signal", "time", "conv", "silu", "add", "space-to-depth", "readout", "up", "concat", "class"]
INT8, FLOAT32, INTEGER, INT6, INT4, INTEGER6, INTEGER4 = range(7)
INTEGERS = INTEGER, INTEGER6, INTEGER4
BITS = {INT8: 8, INTEGER: 8, INT6: 6, INTEGER6: 6, INT4: 4, INTEGER4: 4}
NARROW = 16


class Node:
    """A layer: its kind, the numbers of the nodes that it reads, and the channels, height and width of its output.

    A `conv` has `window`, `stride`, `weight` (output, input, row, column) and `bias`; `time` has `features`; `up` has `factor`.
    """


def read(path):
    """(nodes, encoding) of a file"""
    data = open(path, "rb").read()
    magic, version, length = struct.unpack_from("<4sHH", data)
    if magic != b"VAPO" or version != 2:
        raise SystemExit(f"{path}: not a model file of version 2")
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise SystemExit(f"{path}: the checksum differs")
    nodes, encoding = header(data)
    end = matrices(data, 8 + length, nodes, encoding)
    assert end == len(data) - 4, f"{path}: {len(data) - 4 - end} bytes are left"
    return nodes, encoding


def header(data):
    at = 8

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    extent = varint(), varint(), varint()
    scalings = varint()
    at += 8 * scalings
    varint(), varint()  # homotopy, classes
    nodes = []
    for number in range(varint()):
        node = Node()
        node.kind = KINDS[varint()]
        if node.kind == "time":
            node.features, at = data[at], at + 1
        if node.kind == "conv":
            node.window, node.stride, at = tuple(data[at:at + 2]), tuple(data[at + 2:at + 4]), at + 4
        if node.kind in ("conv", "class"):
            node.channels = varint()
        if node.kind == "up":
            node.factor, at = tuple(data[at:at + 2]), at + 2
        node.inputs = [varint() for _ in range(varint())]
        if not node.inputs and node.kind not in ("signal", "time", "class"):
            node.inputs = [number - 1]
        node.extent = output_extent(node, extent, [nodes[i].extent for i in node.inputs])
        nodes.append(node)
    encoding = varint()
    if encoding in INTEGERS:
        at += 4  # digest
        varint()
        for node in nodes:
            node.exponents = struct.unpack_from("<bb", data, at)
            at += 2
    return nodes, encoding


def output_extent(node, signal, inputs):
    first = inputs[0] if inputs else signal
    channels, height, width = first
    return {
        "conv": lambda: (node.channels, height // node.stride[0], width // node.stride[1]),
        "time": lambda: (node.features, 1, 1),
        "class": lambda: (node.channels, 1, 1),
        "space-to-depth": lambda: (min(height, 2) * min(width, 2) * channels, -(-height // 2), -(-width // 2)),
        "up": lambda: (channels, node.factor[0] * height, node.factor[1] * width),
        "concat": lambda: (channels + inputs[1][0], height, width),
    }.get(node.kind, lambda: first)()


def matrices(data, at, nodes, encoding):
    """Gives each `conv` its weights; the offset after the last"""

    def take(count, kind):
        nonlocal at
        found = np.frombuffer(data, kind, count, at)
        at += found.nbytes
        return found

    def weights_of(count, into):
        """Integers, four in a group: those of the last group that there are not are left out"""
        nonlocal at
        bits = 8 if into <= NARROW else BITS[encoding]
        groups = take(-(-count // 4) * bits // 2 if bits < 8 else count, "u1").astype(np.int64)
        take(-at % 4, "u1")
        if bits == 8:
            return groups.astype(np.int8)
        groups = groups.reshape(-1, bits // 2) @ (256 ** np.arange(bits // 2))
        found = (groups[:, None] >> (bits * np.arange(4)) & (1 << bits) - 1).reshape(-1)[:count]
        return np.where(found >> (bits - 1), found - (1 << bits), found)

    for node in (node for node in nodes if node.kind == "conv"):
        rows, columns = node.window
        into, out = nodes[node.inputs[0]].extent[0], node.channels
        if encoding in INTEGERS:
            bias, forward = take(out, "<i4"), take(out, "<i2")
            take(out, "<i2")  # multipliers in reverse
            shift = int(take(4, "u1")[0])
            words = weights_of(-(-out // 2) * rows * -(-into // 2) * columns * 4, into)
            words = words.reshape(-(-out // 2), rows, -(-into // 2), columns, 2, 2)
            weights = words.transpose(0, 5, 2, 4, 1, 3).reshape(words.shape[0] * 2, -1, rows, columns)[:out, :into]
            # Section 13.4: M = scale · 2^(e − ex + 16 + n), B = bias · 2^e.
            own, first = node.exponents[0], nodes[node.inputs[0]].exponents[0]
            scale, bias = forward * 2.0 ** (first - own - 16 - shift), bias * 2.0 ** -own
        else:
            bias, scale = take(out, "<f4"), np.ones(out) if encoding == FLOAT32 else take(out, "<f4")
            count = rows * columns * into * out
            weights = take(count, "<f4") if encoding == FLOAT32 else weights_of(count, into)
            weights = weights.reshape(rows, columns, into, out).transpose(3, 2, 0, 1)
        node.weight = np.ascontiguousarray(weights * scale[:, None, None, None], np.float32)
        node.bias = np.ascontiguousarray(bias, np.float32)
    return at
