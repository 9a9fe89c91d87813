"""A module: its variables, functions and kernels."""
import re

from instruction import translate
from kinds import C_TYPE, Unknown, size
from statements import operands, statements
from writer import Writer, clean

IS_FUNCTION = re.compile(r"(\.visible\s+|\.weak\s+)*\.(entry|func)")
HEADER = re.compile(r"(?:\.(?:visible|weak)\s+)*\.(entry|func)\s*(?:\(([^)]*)\))?\s*([$\w]+)\s*(?:\((.*?)\))?(.*)$", re.S)
PARAMETER = re.compile(r"\.param(?:\s+\.align\s+\d+)?\s+\.\w+\s+(?:\.ptr\s+(?:\.\w+\s+)*(?:\.align\s+\d+\s+)?)?([$%\w]+)")
VARIABLE = re.compile(r"(?:\.(?:visible|weak|extern)\s+)*\.(\w+)\s*(?:\.align\s+(\d+)\s*)?\.(\w+)\s+([$%\w]+)(?:\[(\d*)\])?\s*"
                      r"(?:=\s*(.*))?;", re.S)
REGISTERS = re.compile(r"\.reg\s*\.(\w+)\s+(.*);", re.S)
TARGETS = re.compile(r"\.branchtargets\s+(.*);", re.S)


class Module:
    def __init__(self):
        self.writer = Writer()
        self.variables = []

    def translate(self, text):
        """The C++ of PTX text."""
        writer, items, at = self.writer, statements(text), 0
        while at < len(items):
            if items[at].startswith(".extern"):
                at += 1
            elif IS_FUNCTION.match(items[at]):
                at = self.function(items, at)
            else:
                self.variable(items[at], "module")
                at += 1
        known = " ".join(f"add({name}, sizeof {name});" for name in self.variables)
        writer.emit(f'extern "C" void standin_variables(void (*add)(const void*, size_t)) {{ {known} }}')
        writer.emit(f'extern "C" const uint32_t standin_sites = {writer.sites};')
        return '#include "kernel.h"\nusing namespace ptx;\n' + "\n".join(writer.lines) + "\n"

    def function(self, items, at):
        """A kernel or a function that kernels call. Returns where the next item is."""
        writer = self.writer
        what, result, name, parameters, _ = HEADER.match(items[at].rstrip(";")).groups()
        names = PARAMETER.findall(parameters or "")
        results = re.findall(r"([$%\w]+)(?:\[\d+\])?\s*$", (result or "").strip())
        writer.symbols |= set(names + results)
        if what == "entry":
            head = f'extern "C" void kernel_{name}(void** A, Thread* T)'
        else:
            passed = ["Thread* T"] + [f"uint8_t* {clean(parameter)}" for parameter in results + names]
            head = f"static void function_{clean(name)}({', '.join(passed)})"
        if items[at].endswith(";"):
            writer.emit(head + ";")
            return at + 1
        writer.emit(head + " {")
        # Kernels do not run together: what one declares in shared memory, another may lie on.
        outer, outer_bytes = dict(writer.shared), writer.shared_bytes
        if what == "entry":
            for index, parameter in enumerate(names):
                writer.emit(f"  uint8_t* {clean(parameter)} = (uint8_t*)A[{index}];")
        at = self.body(items, at + 1)
        writer.emit("}")
        if what == "entry":
            writer.emit(f'extern "C" const uint32_t shared_{name} = {writer.shared_bytes};')
            writer.shared, writer.shared_bytes = outer, outer_bytes
        return at

    def body(self, items, at):
        writer, depth = self.writer, 0
        while True:
            item = items[at]
            at += 1
            if item == "{":
                depth += 1
                writer.scopes.append({})
                writer.emit("  {")
            elif item == "}":
                depth -= 1
                writer.scopes.pop()
                writer.emit("  }")
                if not depth:
                    return at
            elif item.endswith(":"):
                # A jump's table is a label too.
                if table := TARGETS.match(items[at]):
                    writer.targets[item[:-1]] = operands(table[1])
                    at += 1
                else:
                    writer.emit(f"{clean(item[:-1])}:;")
            elif item.startswith(".reg"):
                self.registers(item)
            elif item.startswith((".shared", ".local", ".param", ".const", ".global")):
                self.variable(item, "function")
            elif not item.startswith(".pragma"):
                translate(writer, item.rstrip(";").strip())

    def registers(self, text):
        kind, names = REGISTERS.fullmatch(text).groups()
        for name in operands(names):
            numbered = re.fullmatch(r"([%$\w]+)<(\d+)>", name)
            each = [f"{numbered[1]}{index}" for index in range(int(numbered[2]))] if numbered else [name]
            self.writer.scopes[-1] |= dict.fromkeys(each, kind)
            self.writer.emit(f"  {C_TYPE[kind]} {', '.join(clean(register) for register in each)};")

    def variable(self, text, where):
        match = VARIABLE.fullmatch(text)
        if not match:
            raise Unknown(text)
        space, align, kind, name, count, initial = match.groups()
        self.writer.symbols.add(name)
        if space == "shared":
            if count == "":
                raise Unknown(f"shared memory of a size that the launch says: {text}")
            self.writer.place_shared(name, kind, int(count or 1))
            return
        if initial and not initial.startswith("{"):
            initial = f"{{{initial}}}"
        storage = "" if space in ("local", "param") else "static "
        self.writer.emit(f"  alignas({align or size(kind)}) {storage}{C_TYPE[kind]} {clean(name)}[{count or 1}]"
                         f"{f' = {initial}' if initial else ''};")
        if where == "module":
            self.variables.append(clean(name))
