"""The bytes of a file in, its text out, or what keeps them from being YAML at all."""

from __future__ import annotations

import re

from reconciler.errors import Diagnostic
from reconciler.manifests.yaml.limits import MAX_BYTES

FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
LINE_END = re.compile("\r\n|\r|\n")


def too_large(data: bytes, file: str) -> Diagnostic:
    """What is told of a file above the limit."""
    return Diagnostic(
        "file-too-large",
        "error",
        f"the file has {len(data)} bytes, the limit is {MAX_BYTES}",
        hint="split it into several files",
        file=file,
    )


def decoded(data: bytes, file: str) -> str | list[Diagnostic]:
    """The text without its byte order mark, or why there is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or b"\0" in data[:2]:
        return [_encoding("the file is UTF-16 or UTF-32, not UTF-8", file, 1, 1)]
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").removeprefix("\ufeff")
        what = f"byte {error.start} (0x{data[error.start]:02X}) is not UTF-8"
        return [_encoding(what, file, *line_and_column(before))]
    return _forbidden(text, file) or text


def _forbidden(text: str, file: str) -> list[Diagnostic]:
    first: dict[str, int] = {}
    for match in FORBIDDEN.finditer(text):
        first.setdefault(match[0], match.start())
        if len(first) >= 20:
            break
    return [
        _encoding(
            f"the character U+{ord(char):04X} may not stand in YAML as it is",
            file,
            *line_and_column(text[:start]),
            hint=f'remove it, or write it as "\\u{ord(char):04x}" in double quotes',
        )
        for char, start in first.items()
    ]


def _encoding(
    summary: str, file: str, line: int, column: int, hint: str = "save the file as UTF-8"
) -> Diagnostic:
    return Diagnostic("encoding", "error", summary, "", hint, file, line, column)


def line_and_column(before: str) -> tuple[int, int]:
    """The place, from 1, that comes right after this text."""
    ends = list(LINE_END.finditer(before))
    return len(ends) + 1, len(before) - (ends[-1].end() if ends else 0) + 1
