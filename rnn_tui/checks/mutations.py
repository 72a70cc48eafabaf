"""Every small mistake that a line can have: a term or a factor left out, a sign, another name.

A line is taken apart as Python does, one place of it is changed, and it is written out again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

OTHER_FUNCTIONS = ("tanh", "sigmoid", "relu", "hard_sigmoid")


@dataclass(frozen=True, slots=True)
class Mutation:
    """A line with one mistake.

    Attributes:
        text: the line.
        kind: "without", "sign", "instead", "order", "function" or "square".
        part: what is missing or was replaced, as it stands in the right line.
        other: what stands there now; "" if nothing.
    """

    text: str
    kind: str
    part: str
    other: str = ""


def mutations(text: str, swaps: Mapping[str, tuple[str, ...]]) -> tuple[Mutation, ...]:
    """Return `text` with each mistake that fits in it, none twice.

    Args:
        swaps: names by which a name may be confused.
    """
    return _mutations(text, tuple(sorted(swaps.items())))


@lru_cache(maxsize=512)
def _mutations(text: str, swaps: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[Mutation, ...]:
    tree = ast.parse(text, mode="eval").body
    found: dict[str, Mutation] = {}
    for place, node in _nodes(tree, ()):
        for kind, part, other in _changes(node, dict(swaps)):
            changed = ast.unparse(_with(tree, place, other))
            shown = "" if kind == "without" else ast.unparse(other)
            if changed != text:
                found.setdefault(changed, Mutation(changed, kind, ast.unparse(part), shown))
    return tuple(found.values())


Place = tuple[str, ...]
"""The way from the whole line to a part of it: names of fields, "0" for the first argument."""


def _children(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.BinOp):
        yield "left", node.left
        yield "right", node.right
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield "method of", node.func.value  # da of da.sum(0)
    elif isinstance(node, ast.Call) and node.args:
        yield "0", node.args[0]
    elif isinstance(node, ast.Attribute):
        yield "value", node.value


def _nodes(node: ast.expr, place: Place) -> Iterator[tuple[Place, ast.expr]]:
    """Yield every part of a line with its place, the whole first."""
    yield place, node
    for name, child in _children(node):
        yield from _nodes(child, (*place, name))


def _with(node: ast.expr, place: Place, other: ast.expr) -> ast.expr:
    """Return `node` with `other` at `place`."""
    if not place:
        return other
    name, rest = place[0], place[1:]
    children = dict(_children(node))
    child = _with(children[name], rest, other)
    if isinstance(node, ast.BinOp):
        left, right = (child, node.right) if name == "left" else (node.left, child)
        return ast.BinOp(left, node.op, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return ast.Call(ast.Attribute(child, node.func.attr, ast.Load()), node.args, [])
    if isinstance(node, ast.Call):
        return ast.Call(node.func, [child], [])
    assert isinstance(node, ast.Attribute)
    return ast.Attribute(child, node.attr, ast.Load())


def _changes(
    node: ast.expr, swaps: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """Yield the kind of each mistake at `node`, what it concerns, and what stands there then."""
    if isinstance(node, ast.BinOp):
        yield from _operator_changes(node)
    elif isinstance(node, ast.Name):
        for other in swaps.get(node.id, ()):
            yield "instead", node, ast.parse(other, mode="eval").body
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield "instead", node, node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield "function", node, node.args[0]
        negated = ast.UnaryOp(ast.USub(), node.args[0])
        yield "function", node, ast.Call(node.func, [negated], [])
        for name in OTHER_FUNCTIONS:
            if name != node.func.id:
                yield "function", node, ast.Call(ast.Name(name), node.args, [])


def _operator_changes(node: ast.BinOp) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    left, right = node.left, node.right
    if isinstance(node.op, ast.Add):
        yield "without", right, left
        yield "without", left, right
        yield "sign", right, ast.BinOp(left, ast.Sub(), right)
    elif isinstance(node.op, ast.Sub):
        yield "without", left, ast.UnaryOp(ast.USub(), right)
        if not isinstance(left, ast.Constant):  # 1 − f: as if the whole factor were missing
            yield "without", right, left
        yield "instead", node, right
        yield "order", node, ast.BinOp(right, ast.Sub(), left)
        yield "sign", right, ast.BinOp(left, ast.Add(), right)
    elif isinstance(node.op, ast.Mult):
        yield "without", right, left
        yield "without", left, right
    elif isinstance(node.op, ast.Pow):
        yield "square", node, left
