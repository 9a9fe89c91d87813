"""PTX text as a list of statements, braces of blocks apart."""
import re

LINE_DIRECTIVE = re.compile(r"^\s*\.(version|target|address_size|file|loc|section)\b[^\n]*$", re.M)
BEFORE_A_BLOCK = (".visible", ".func", ".entry", ".weak", ".extern")


def statements(text):
    """Braces within operands (`{%r1, %r2}`) and initialisers stay with their statement."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"//[^\n]*", " ", text)
    text = LINE_DIRECTIVE.sub(" ", text)
    out, start, at = [], 0, 0
    while at < len(text):
        char = text[at]
        if char in "{}":
            before = text[start:at].strip()
            within = char == "{" and before and not before.startswith(BEFORE_A_BLOCK) and not before.endswith(":")
            if within:
                at = text.index("}", at)
            else:
                out += [before, char] if before else [char]
                start = at + 1
        elif char == ";":
            out.append(text[start:at].strip() + ";")
            start = at + 1
        elif char == ":" and re.fullmatch(r"\s*[$\w%]+\s*", text[start:at]):
            out.append(text[start:at].strip() + ":")
            start = at + 1
        at += 1
    return [statement for statement in out if statement not in (";", "")]


def operands(text):
    """Split at commas outside brackets."""
    parts, depth, current = [], 0, ""
    for char in text:
        depth += char in "{[("
        depth -= char in "}])"
        if char == "," and not depth:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return parts + [current.strip()] if current.strip() else parts


def vector(operand):
    """The registers of `{%r1, %r2}`, or of one alone."""
    return [register.strip() for register in operand.strip("{} ").split(",")]
