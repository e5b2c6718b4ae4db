"""A parser's error in, a diagnostic in our words out, at the place a person would look at."""

from __future__ import annotations

import re
from typing import Any

from reconciler.errors import Diagnostic
from reconciler.manifests.yaml.events import MarkedYAMLError, YAMLError
from reconciler.manifests.yaml.source import LINE_END, line_and_column

TEMPLATE_HINT = (
    "'{{' opens a mapping in YAML: put the value in quotes, or render the template beforehand"
)
_IN_OUR_WORDS = (
    ("mapping values are not allowed", "a ':' stands where no key can be"),
    ("could not find expected ':'", "this should be a key, but no ':' follows it"),
    ("did not find expected key", "a key was expected here"),
    ("did not find expected '-'", "a list item ('- ...') was expected here"),
    ("did not find expected ','", "a ',' or the closing bracket is missing"),
    ("did not find expected alphabetic", "a name must follow '*' and '&'"),
    ("did not find expected node content", "a value was expected here"),
    ("did not find expected <document start>", "the document has ended, this does not belong"),
    ("block sequence entries are not allowed", "a list item cannot begin here"),
    ("block mapping entries are not allowed", "a key cannot begin here"),
    ("cannot start any token", "a value cannot begin with this character"),
    ("incompatible YAML document", "manifests are YAML 1.2"),
    ("unknown escape character", "no escape in double quotes looks like this"),
    ("escape", "an escape in double quotes names no character"),
    ("indentation", "the indentation is wrong"),
    ("tag", "tags are not supported"),
)
_GLUED_COLON = re.compile(r"""\s*(?:- +)*(?:[\w.-]+|"[^"]*"|'[^']*'):[^\s:/]""")
_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)


def syntax_fault(error: YAMLError, text: str, file: str) -> Diagnostic:
    """The parser's error as a diagnostic."""
    if not isinstance(error, MarkedYAMLError):
        return Diagnostic("yaml-syntax", "error", "not valid YAML", f"the parser says: {error}", "")
    problem, context = error.problem or "", error.context or ""
    mark = error.problem_mark or error.context_mark
    summary = next((ours for theirs, ours in _IN_OUR_WORDS if theirs in problem), "not valid YAML")
    if "quoted scalar" in context and "unexpected" in problem:
        mark, summary = error.context_mark, "the quote that opens here is never closed"
    elif "','" in problem and mark and error.context_mark and error.context_mark.line < mark.line:
        mark, summary = error.context_mark, "the bracket that opens here is not closed"
    elif "alphabetic" in problem:
        mark = error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    if conflict := _CONFLICT.search(text):
        line, column = line_and_column(text[: conflict.start()])
        return _conflict(file, line, column)
    if line and (glued := _glued_above(text, line)):
        line, column, summary = line - 1, glued, "no blank follows the ':' of a key"
    return Diagnostic(
        "tag" if summary.startswith("tags") else "yaml-syntax",
        "error",
        summary,
        f"the parser says: {f'{context}, {problem}'.removeprefix(', ')}",
        _syntax_hint(text, line, column, error.context_mark),
        file,
        line,
        column,
    )


def _conflict(file: str, line: int, column: int) -> Diagnostic:
    summary = "a merge conflict was never resolved"
    hint = "choose one side, and remove the lines that begin with <<<<<<<, ======= and >>>>>>>"
    return Diagnostic("yaml-syntax", "error", summary, "", hint, file, line, column)


def _glued_above(text: str, line: int) -> int:
    """The column of a ':' without a blank after it in the line above; 0 if there is none."""
    lines = LINE_END.split(text)
    above, here = lines[line - 2 : line] if 2 <= line <= len(lines) else ("", "")
    found = _GLUED_COLON.match(above)
    return found.end() - 1 if found and not _GLUED_COLON.match(here) else 0


def _syntax_hint(text: str, line: int | None, column: int | None, context: Any) -> str:
    if line is None or column is None:
        return ""
    lines = LINE_END.split(text)
    here = lines[line - 1] if line <= len(lines) else ""
    above = lines[line - 2] if 2 <= line <= len(lines) + 1 else ""
    opened = lines[context.line] if context and context.line < len(lines) else ""
    blanks = here[: len(here) - len(here.lstrip())]
    if "\t" in blanks:
        return "indent with blanks: YAML does not allow tabs there"
    if any("{{" in candidate for candidate in (here, above, opened)):
        return TEMPLATE_HINT
    if "${" in here[:column] or (context and "${" in opened[context.column :]):
        return "put a value with a placeholder in quotes inside of {...} and [...]"
    if any(_GLUED_COLON.match(candidate) for candidate in (here, above)):
        return "write a blank after the ':' of a key"
    if "\\ud" in here.lower():
        return "write the character itself instead of a surrogate pair"
    if here[column - 1 :][:1] in ("@", "`", "%", "*", "&") or re.search(r": [@`%]", here):
        return "put the value in quotes"
    if here[column - 1 :][:1] == ":" and ": " in here[: column - 1]:
        return "put a value that holds ': ' in quotes"
    if above.strip() and above[: len(above) - len(above.lstrip())] != blanks:
        return "the keys of one mapping begin in the same column"
    return ""
