"""Prose of the repository: docstrings, comments, sentences in strings, templates and pages, each with its position."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
# Playbooks speak to people, who do ask and tell.
SHIPPED = ("aiops", "connectors", "models", "examples", "deploy", "docs")
# Generated files, the page that lists the retired words, and playbooks, which have a field `says`.
LEFT_OUT = ("models/pages", "docs/glossary.md", "examples/first_response/files/playbooks")
_SENTENCE = re.compile(r"[A-Za-z]{2,}[,;:]? +[a-z]{2,}")
_FENCE = re.compile(r"^(```|~~~)")
_OWNERS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Text(NamedTuple):
    """A piece of prose: its file, line, kind (`docstring`, `comment`, `string` or `page`) and words."""

    path: str
    line: int
    kind: str
    words: str

    @property
    def package(self) -> str:
        """The package that a ratchet counts by, such as `aiops/cli`; `docs` for pages."""
        parts = Path(self.path).parts
        return "/".join(parts[:2]) if parts[0] == "aiops" and len(parts) > 2 else parts[0]


def docstrings(tree: ast.Module, path: str) -> Iterator[Text]:
    """Yield the docstrings of a module, its classes and its functions."""
    for node in ast.walk(tree):
        if isinstance(node, _OWNERS) and (words := ast.get_docstring(node)):
            yield Text(path, node.body[0].lineno, "docstring", words)


def strings(tree: ast.Module, path: str) -> Iterator[Text]:
    """Yield the string constants that hold at least two words, docstrings left out."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in bare:
            continue
        if _SENTENCE.search(node.value):
            yield Text(path, node.lineno, "string", node.value)


def comments(source: str, path: str) -> Iterator[Text]:
    """Yield the comments of a Python file."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Text(path, token.start[0], "comment", token.string.lstrip("# "))


def of_python(path: Path) -> Iterator[Text]:
    """Yield all prose of a Python file."""
    source, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    tree = ast.parse(source)
    yield from docstrings(tree, name)
    yield from strings(tree, name)
    yield from comments(source, name)


def of_page(path: Path) -> Iterator[Text]:
    """Yield the lines of a page, a template or a configuration file; code in fences is left out."""
    fenced = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fenced ^= bool(_FENCE.match(line))
        if not fenced:
            yield Text(str(path.relative_to(ROOT)), number, "page", line)


def shipped() -> Iterator[Text]:
    """Yield all prose that is shipped: code, templates, playbooks, deployment files and pages."""
    paths = [path for top in SHIPPED for path in sorted((ROOT / top).rglob("*"))]
    for path in [*paths, *sorted(ROOT.glob("*.md")), ROOT / "Makefile"]:
        name = str(path.relative_to(ROOT))
        if name.startswith(LEFT_OUT) or "__pycache__" in name:
            continue
        if path.suffix == ".py":
            yield from of_python(path)
        elif path.suffix in (".md", ".html", ".yaml", ".service", ".toml") or path.name in (
            "Makefile",
            "Containerfile",
        ):
            yield from of_page(path)


def identifiers(path: Path) -> Iterator[Text]:
    """Yield the names that a Python file defines: modules, classes, functions, parameters, attributes, variables."""
    name = str(path.relative_to(ROOT))
    yield Text(name, 1, "module", path.parent.name if path.stem == "__init__" else path.stem)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield Text(name, node.lineno, "name", node.name)
        elif isinstance(node, ast.arg):
            yield Text(name, node.lineno, "name", node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield Text(name, node.lineno, "name", node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield Text(name, node.lineno, "name", node.attr)
