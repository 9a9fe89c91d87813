"""Checks the links of a built book: `check.py FOLDER` fails where one leads to no file or to no place in it, or to another server for what is shown."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Where the elements of a page lead, and the names of its places."""

    def __init__(self, path):
        super().__init__()
        self.links, self.shown, self.places = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.places.add(value)
            if name == "href" and tag == "a":
                self.links.append(value)
            elif name in ("src", "href") and tag != "a":
                self.shown.append(value)


def fault(root, page, link, pages):
    """What is wrong with a link within the book."""
    parts = urlsplit(link)
    path = unquote(parts.path)
    to = page if not path else (root / path[1:] if path.startswith("/") else page.parent / path).resolve()
    if to.is_dir():
        to /= "index.html"
    if not to.is_file():
        return "no such file"
    if parts.fragment and to in pages and unquote(parts.fragment) not in pages[to].places:
        return "no such place in it"
    return None


def main():
    root = Path(sys.argv[1]).resolve()
    pages = {path: Page(path) for path in sorted(root.rglob("*.html"))}
    faults, checked = [], 0
    for path, page in pages.items():
        # What a server answers where nothing is: its links begin wherever the site does.
        if path.name == "404.html":
            continue
        for link in page.links + page.shown:
            if urlsplit(link).scheme or link.startswith("//"):
                if link in page.shown and not link.startswith("data:"):
                    faults.append(f"{path.relative_to(root)}: {link}: shown from another server")
                continue
            checked += 1
            what = fault(root, path, link, pages)
            if what:
                faults.append(f"{path.relative_to(root)}: {link}: {what}")
    if faults:
        sys.exit("\n".join(sorted(set(faults))))
    if checked < 1000:
        sys.exit(f"only {checked} links were found in {root}: it is not the book")
    print(f"{checked} links of {len(pages)} pages lead somewhere")


main()
