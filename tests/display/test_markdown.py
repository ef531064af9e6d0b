"""Markdown becomes nodes of a few known kinds, whatever is written in it."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from nbtrack.display.markdown import MOST_CHARACTERS, Node, markdown_nodes, markdown_words

KNOWN = {
    "", "p", "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "em",
    "strong", "s", "code", "pre", "a", "br", "hr", "picture", "h4", "h5", "h6",
}  # fmt: skip
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<iframe srcdoc="<script>alert(1)</script>">',
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java\nscript:alert(1))",
    "[a](&#x6A;avascript:alert(1))",
    "[a](<javascript:alert(1)>)",
    "[a](vbscript:x) [b](data:text/html,<script>1</script>) [c](file:///etc/passwd)",
    "[a](//elsewhere.example/x) [b](/hub/logout) [c](?token) [d](#x)",
    "[a]\n\n[a]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](http://elsewhere.example/pixel.png)",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "[![x](http://e.example/p.png)](javascript:alert(1))",
    "| <b>x</b> |\n|---|\n| [a](javascript:1) |",
    '[a](https://ok.example "onmouseover=alert(1)")',
    "```html\n<script>alert(1)</script>\n```",
    "[a](https://[bad)",
]


def all_of(nodes: list[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from all_of(node.get("children", []))


def words(nodes: list[Node]) -> str:
    return "".join(node.get("text", "") for node in all_of(nodes))


def test_a_note_is_read():
    """Headings below those of the panel, lists, emphasis, code, tables."""
    nodes = markdown_nodes("# Try\n\n- *one*\n- `two`\n\n|a|b|\n|-|-:|\n|1|2|")

    assert [node["tag"] for node in nodes] == ["h4", "ul", "table"]
    assert {"tag": "code", "text": "two"} in list(all_of(nodes))
    assert [n["align"] for n in all_of(nodes) if n["tag"] == "td"] == ["", "right"]


@pytest.mark.parametrize("form", ["{}", "`{}`", "```\n{}\n```", "![{}](x)", "- **{}**"])
def test_what_hides_in_it_is_seen(form):
    """Overrides of the direction, escapes, zero widths: in prose, code and names of pictures."""
    said = words(markdown_nodes(form.format("a\u202eb\x1bc\u200bd")))

    assert "\\u202e" in said
    assert not set("\u202e\x1b\u200b") & set(said)


def test_a_new_line_of_a_note_is_one():
    """In a file it is a space, as everywhere in Markdown."""
    (note,), (file,) = markdown_nodes("one\ntwo", keeps_lines=True), markdown_nodes("one\ntwo")

    assert [child["tag"] for child in note["children"]] == ["", "br", ""]
    assert words([file]) == "one two"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_gets_through(text):
    """Known kinds only; markup is text; a link leads to the web or nowhere; pictures are words."""
    for node in all_of(markdown_nodes(text)):
        assert node["tag"] in KNOWN
        assert node.keys() <= {"tag", "text", "href", "align", "children"}
        assert node.get("href", "https:").startswith("https:")
        assert "http://e" not in node.get("href", "")


def test_raw_markup_stays_to_be_read():
    assert words(markdown_nodes("<script>alert(1)</script>")) == "<script>alert(1)</script>"


def test_no_mixture_of_signs_breaks_it():
    """Random texts made of what Markdown and HTML consist of."""
    pieces = [
        "<",
        ">",
        "[",
        "](",
        ")",
        "!",
        "*",
        "_",
        "`",
        "|",
        "\n",
        "-",
        "javascript:",
        "a",
        "&#",
    ]
    chance = random.Random(7)
    for _ in range(300):
        text = "".join(chance.choices(pieces, k=60))
        for node in all_of(markdown_nodes(text)):
            assert node["tag"] in KNOWN
            assert not node.get("href", "").startswith("javascript")


@pytest.mark.parametrize(
    "text",
    ["*" * 14_000 + "a" + "*" * 14_000, "*a " * 400 + "b*" * 400, "~~a **b " * 99 + "**~~" * 99],
)
def test_what_is_nested_without_end_stays_text(text):
    """One note like that must not take the row, or a comparison, with it."""
    found = markdown_nodes(text)

    assert words(found) == text
    assert len(list(all_of(found))) == 2
    assert markdown_words(text).split() == text.split()


def test_what_is_too_long_is_cut():
    """And says so."""
    found = words(markdown_nodes("a " * MOST_CHARACTERS))

    assert found.endswith("…")
    assert len(found) < MOST_CHARACTERS + 10


def test_what_it_says_in_one_line():
    text = "# Try\n\n- *one*\n- `two` <b>\n\n|a|b|\n|-|-|\n|1|2|\n\n![x](http://e/p.png)"

    assert markdown_words(text) == "Try one two <b> a b 1 2 x"
