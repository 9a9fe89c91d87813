"""Collects the book's pages: `collect.py FOLDER` fills FOLDER/src with the pages that SUMMARY.md lists, and what they show and lead to.

Every file keeps its path from the root of the repository, so that links between pages are right as they stand. Only SUMMARY.md moves
to the top, and its links with it.
"""

import os
import re
import shutil
import sys
from pathlib import Path

BOOK = Path(__file__).resolve().parent
ROOT = BOOK.parents[1]


def prose(text):
    """A page without its code, in blocks or between backticks."""
    kept, code = [], False
    for line in text.splitlines():
        fence = line.lstrip().startswith("```")
        code ^= fence
        if not code and not fence:
            kept.append(line)
    return "".join("\n".join(kept).split("`")[::2])


def links(page):
    """The files that a page leads to and shows: paths in the repository."""
    text = prose(page.read_text(encoding="utf-8"))
    found = re.findall(r"\]\(([^)]*)\)", text) + re.findall(r'src="([^"]*)"', text)
    local = [link.split("#")[0] for link in found if ":" not in link]
    return [Path(os.path.normpath(page.parent / link)) for link in local if link]


def main():
    target = Path(sys.argv[1]).resolve()
    source = target / "src"
    # A page that was removed since may not stay. Nothing else lies there.
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    summary = BOOK / "SUMMARY.md"
    pages = links(summary)
    for page in pages:
        if not page.is_file():
            sys.exit(f"SUMMARY.md lists {page.relative_to(ROOT)}, and there is no such page: correct its link")
        for linked in links(page):
            if linked.suffix == ".md" and linked not in pages:
                sys.exit(f"{page.relative_to(ROOT)} leads to {linked.relative_to(ROOT)}, which SUMMARY.md does not list: add it")
            if not linked.is_file():
                sys.exit(f"{page.relative_to(ROOT)} leads to {linked.relative_to(ROOT)}, which is no file: give the name of a file")
    for file in {*pages, *(linked for page in pages for linked in links(page))}:
        place = source / file.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)

    def from_root(match):
        link = match.group(1)
        return f"]({Path(os.path.normpath(BOOK / link)).relative_to(ROOT).as_posix()})" if link else "]()"

    (source / "SUMMARY.md").write_text(re.sub(r"\]\(([^)]*)\)", from_root, summary.read_text(encoding="utf-8")), encoding="utf-8")
    for settings in ("book.toml", "book.css"):
        shutil.copyfile(BOOK / settings, target / settings)
    print(f"{len(pages)} pages")


main()
