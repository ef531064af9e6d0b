"""Markdown as nodes: plain values of which a page makes elements, and never markup of a text.

What is written in a note or in an artifact is untrusted. Raw HTML stays the text that it is, a
link goes to the web or to a mailbox or nowhere, and of a picture only its words are shown: a page
that fetched it would tell a stranger who reads here, and when.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbtrack.display.markup import visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

MOST_CHARACTERS = 30_000  # the worst of them take half a second
MOST_LEVELS = 40  # one in another: past it nobody wrote that for people
Node = dict[str, Any]  # as `MarkdownNode` of `panels/shared/questions.py` declares it

_WAYS = ("http", "https", "mailto")
_TAGS = {
    "paragraph": "p",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "th": "th",
    "td": "td",
    "em": "em",
    "strong": "strong",
    "s": "s",
}
_CODE = {"code_inline": "code", "fence": "pre", "code_block": "pre"}
_BLOCKS = {*_TAGS.values(), "pre", "h4", "h5", "h6"} - {"em", "strong", "s"}
_EMPTY = {"hr": "hr", "hardbreak": "br"}
_UNDER = 3  # levels below the titles of a panel's parts, which stand above the first heading
_LOWEST = 6


def markdown_nodes(text: str, *, keeps_lines: bool = False) -> list[Node]:
    """CommonMark with tables and ~~struck~~ text. *keeps_lines*: a new line is one, as typed in a
    note; in a file it is a space. What is nested too deeply stays the text that it is."""
    from markdown_it.tree import SyntaxTreeNode

    begun = text[:MOST_CHARACTERS]
    cut = [_paragraph("…")] if len(text) > MOST_CHARACTERS else []
    tokens = _parser().parse(begun)
    if _levels(tokens) > MOST_LEVELS:
        return [_paragraph(begun), *cut]
    line_end = {"tag": "br"} if keeps_lines else _text(" ")
    return [*_nodes(SyntaxTreeNode(tokens).children, line_end), *cut]


def markdown_words(text: str) -> str:
    """What it says, without its marks, in one line."""
    return " ".join("".join(_pieces(markdown_nodes(text))).split())


def _pieces(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        yield node.get("text", "")
        yield from _pieces(node.get("children", []))
        yield " " if node["tag"] in _BLOCKS else ""


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # 0.1 s

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _levels(tokens: list[Token]) -> int:
    """How many are one in another, at most."""
    return max((each.level + _levels(each.children or []) for each in tokens), default=0)


def _nodes(found: list[SyntaxTreeNode], line_end: Node) -> list[Node]:
    return [node for each in found for node in _node(each, line_end)]


def _node(each: SyntaxTreeNode, line_end: Node) -> list[Node]:
    """What is on none of our lists is the text or the children that it has."""
    if each.type == "softbreak":
        return [line_end]
    if each.type in _EMPTY:
        return [{"tag": _EMPTY[each.type]}]
    if each.type in _CODE:
        return [{"tag": _CODE[each.type], "text": _shown(each.content)}]
    if each.type == "image":
        return [{"tag": "picture", "text": _shown(_alternative(each))}]
    children = _nodes(each.children, line_end)
    if not children and each.type not in _TAGS:
        return [_text(each.content)] if each.content else []
    node = _element(each)
    return children if node is None else [{**node, "children": children}]


def _text(content: str) -> Node:
    return {"tag": "", "text": _shown(content)}


def _shown(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))


def _paragraph(content: str) -> Node:
    return {"tag": "p", "children": [_text(content)]}


def _element(each: SyntaxTreeNode) -> Node | None:
    if each.type == "paragraph" and each.hidden:  # of a list without gaps
        return None
    if each.type == "heading":
        return {"tag": f"h{min(int(each.tag[1:]) + _UNDER, _LOWEST)}"}
    if each.type == "link":
        return _link(str(each.attrs.get("href", "")))
    if each.type in ("th", "td"):
        style = str(each.attrs.get("style", ""))
        return {"tag": each.type, "align": style.removeprefix("text-align:")}
    return {"tag": _TAGS[each.type]} if each.type in _TAGS else None


def _link(href: str) -> Node | None:
    return {"tag": "a", "href": href} if _is_way(href) else None


def _is_way(href: str) -> bool:
    try:
        return urlsplit(href).scheme in _WAYS
    except ValueError:  # no address at all
        return False


def _alternative(picture: SyntaxTreeNode) -> str:
    return picture.content or str(picture.attrs.get("src", ""))
