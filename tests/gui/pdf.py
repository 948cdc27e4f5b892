"""What the pages of a PDF say, as Cairo writes it: text in the encoding of Windows, a page a stream."""
import re
import zlib

STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
SHOWN = re.compile(rb"\[((?:\((?:\\.|[^\\)])*\)|[^\]()])*)\]\s*TJ|\(((?:\\.|[^\\)])*)\)\s*Tj", re.DOTALL)
STRING = re.compile(rb"\(((?:\\.|[^\\)])*)\)", re.DOTALL)
ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r?\n|.)", re.DOTALL)


def plain(string):
    """A string of the page without its escapes."""
    def one(match):
        code = match.group(1)
        if code.isdigit():
            return bytes([int(code, 8)])
        return b"" if code in (b"\n", b"\r\n") else {b"n": b"\n", b"t": b"\t"}.get(code, code)
    return ESCAPE.sub(one, string).decode("cp1252", "replace")


def pages(path):
    """The lines of each page."""
    with open(path, "rb") as file:
        data = file.read()
    assert data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:], data[:20]
    found = []
    for match in STREAM.finditer(data):
        try:
            page = zlib.decompress(match.group(1))
        except zlib.error:
            continue
        if b"\nBT\n" not in page or not SHOWN.search(page):
            continue
        found.append("\n".join(
            "".join(plain(string) for string in STRING.findall(shown.group(1))) if shown.group(1) is not None
            else plain(shown.group(2)) for shown in SHOWN.finditer(page)))
    return found
