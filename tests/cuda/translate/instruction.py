"""One instruction: its parts, and who translates it."""
import re

import arithmetic
import bits
import control
import memory
from kinds import IS_KIND, Unknown
from statements import operands
from writer import clean

INSTRUCTIONS = arithmetic.INSTRUCTIONS | bits.INSTRUCTIONS | control.INSTRUCTIONS | memory.INSTRUCTIONS


class Instruction:
    def __init__(self, text):
        opcode = text.split()[0]
        self.text = text
        self.name, *self.flags = opcode.split(".")
        self.kinds = [flag for flag in self.flags if IS_KIND.match(flag)]
        self.kind = self.kinds[-1] if self.kinds else None
        self.ops = operands(text[len(opcode):].strip())


def translate(writer, text):
    """`@%p1 add.f32 …`: the guard, then the instruction."""
    guard = re.match(r"@(!?)([%$\w]+)\s+(.*)$", text, re.S)
    if guard:
        writer.emit(f"  if ({guard[1]}{clean(guard[2])}) {{")
        text = guard[3].strip()
    instruction = Instruction(text)
    if instruction.name not in INSTRUCTIONS:
        raise Unknown(text)
    INSTRUCTIONS[instruction.name](writer, instruction)
    if guard:
        writer.emit("  }")
