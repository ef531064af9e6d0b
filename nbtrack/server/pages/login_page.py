"""The page on which somebody says who he is."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from nbtrack.display.markup import Html, tag

_STYLE = (Path(__file__).parent / "login.css").read_text(encoding="utf-8")
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def login_page(project: str, *, place: str, name: str = "", problem: str = "") -> str:
    """*place* is where it leads to, *problem* why the last try did not."""
    form = tag(
        "form",
        tag("h1", "nbtrack"),
        _of("project", "p", project),
        _of("problem", "p", problem, role="alert"),
        _field("Name", "name", "text", name, complete="username"),
        _field("Password or token", "password", "password", "", complete="current-password"),
        _input(type="hidden", name="place", value=place),
        tag("button", "Log in", type="submit"),
        _of("hint", "p", "With a token, the name may be left out."),
        method="post",
        action="/login",
    )
    return _page(f"Log in · {project}", tag("main", form))


def here_again() -> str:
    """A browser that comes from another site keeps its cookie: from here it comes from ours."""
    again = Html('<meta http-equiv="refresh" content="0">')
    return _page("nbtrack", tag("main"), again)


def _field(words: str, name: str, kind: str, value: str, *, complete: str) -> Html:
    field = _input(
        type=kind, name=name, id=name, value=value, autocomplete=complete,
        autocapitalize="none", spellcheck="false",
    )  # fmt: skip
    return tag("div", tag("label", words, **{"for": name}), field)


def _input(**attributes: str) -> Html:
    return Html(tag("input", **attributes).removesuffix("</input>"))


def _of(kind: str, name: str, *children: str, **attributes: str) -> Html:
    return tag(name, *children, **{"class": kind, **attributes})


def _page(title: str, body: Html, more: Html | None = None) -> str:
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        more or "",
        tag("title", title),
        Html('<link rel="icon" href="data:,">'),
        tag("style", Html(_STYLE)),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', body), lang='en')}\n"
