"""Secrets in plain text: `NAME=value` on magic lines and in strings, and well-known shapes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbtrack.capture.secret_names import is_secret_name
from nbtrack.capture.words import word_set

_MASK = "***"


@dataclass(frozen=True, slots=True)
class _Rule:
    """How names (*head*, with a group `name`) and the values right after them look."""

    head: re.Pattern[str]
    value: re.Pattern[str]  # with a group `value`: what is masked
    spared: frozenset[str] = frozenset()


# Bounded, here and below, so that a long line without spaces is still read in linear time.
_NAME = r"(?P<name>(?<![\w.])[A-Za-z_][\w.\-]{0,99})"
# A value, and not a variable ($x, {x}), a place for one (%s, ?), a quote or an operator; with the
# scheme before it in `Authorization: Bearer abc`.
_SCHEME = r"(?:Bearer|Basic|Token)[ \t]+"
_FIRST = rf"(?!(?:{_SCHEME})?(?:[\s{{}}$<>?*:\"'`=,;&|()\[\]]|%[(sdr]|\\n|\\\"))(?:{_SCHEME})?"
_WORDS_OF_CODE = word_set("lambda none true false null str int bytes bool")

# name = "value", name: str = "value", {"name": "value"}, d["name"] == "value"; the end of the line
# ends a string that is not closed.
_QUOTED = _Rule(
    re.compile(
        _NAME + r"\\?[\"']?\s{0,9}\]?\s{0,9}(?::\s{0,9}[\w.\[\]|]{1,60}\s{0,9})?"
        r"(?:==|!=|=>|:=|=|:)\s{0,9}(?=[rbfuRBFU]{0,2}\\?[\"'])"
    ),
    re.compile(
        r"[rbfuRBFU]{0,2}(?:(?P<triple>\"\"\"|''')|(?P<quote>\\?[\"']))"
        r"(?P<value>(?(triple)(?:(?!(?P=triple)).)+|(?:\\[^\"'\r\n]|(?!(?P=quote))[^\r\n])+))",
        re.DOTALL,
    ),
)
_NUMBER = _Rule(re.compile(_NAME + r"[\"']?\s{0,9}[=:]\s{0,9}"), re.compile(r"(?P<value>\d[\w.]*)"))
_BETWEEN = r"[ \t]{0,99}[=:][ \t]{0,99}"


def _bare(value: str) -> _Rule:
    return _Rule(
        re.compile(_NAME + _BETWEEN), re.compile(f"(?P<value>{value})"), spared=_WORDS_OF_CODE
    )


_IN_TEXT = _bare(_FIRST + r"[^\s;&\"'`)}\],\\]+")
_IN_SHELL = _bare(_FIRST + r"[^\s;&|\"'`)]+")
_ON_MAGIC = _bare(r"[^\s\"'`{][^\s\"'`]*")
_FLAG = _Rule(
    re.compile(r"(?<!\S)--?(?P<name>[A-Za-z][\w\-]{0,99})\s{1,99}"),
    re.compile(rf"(?P<value>(?!-){_FIRST}\S+)"),
)
_ENV = _Rule(
    re.compile(r"(?<=[%_])env\s{1,99}(?P<name>\w{1,99})(?:\s{0,99}=\s{0,99}|\s{1,99})"),
    re.compile(r"(?P<value>[^\r\n]+)"),
)
_LOGIN = re.compile(
    r"((?:\s(?:-u|--user)\s+[\"']?[^\s:\"']+:)|(?:\b(?:login|sshpass)\b[^\r\n]*?\s-p\s*))"
    r"(?![$\"'{])[^\s\"']+"
)
_PYTHON_MAGIC = re.compile(r"\s*%%?(?:timeit|time|prun|memit|mprun|lprun|debug)\b")
_SHELL_LINE = re.compile(r"\s*!")

# What prose says before a colon: "Key: A minor".
_PROSE = re.compile(r"(?:key|token|auth|private|pass)[ \t]*:", re.IGNORECASE)

_SHAPES = re.compile(
    r"""
    \b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b
  | \bsk-(?=[\w-]{0,60}\d)[\w-]{10,}  # model providers
  | \b[srp]k_(?:live|test)_\w{8,}  # payments
  | \bgh[pousr]_\w{8,} | \bgithub_pat_\w{8,} | \bglpat-[\w-]{8,}
  | \bxox[abeoprs]-[\w-]{8,} | \bxapp-[\w-]{8,}
  | \bhf_[A-Za-z0-9]{16,} | \bnpm_[A-Za-z0-9]{20,} | \bpypi-[\w-]{20,} | \bdckr_pat_[\w-]{8,}
  | \bAIza[\w-]{30,} | \bya29\.[\w-]{20,} | \bSG\.[\w-]{16,}\.[\w-]{16,}
  | \beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*  # JSON web tokens
    """,
    re.VERBOSE,
)
_MARKS = (
    *("AKIA", "ASIA", "ABIA", "ACCA", "sk-", "k_live_", "k_test_", "ghp_", "gho_", "ghu_", "ghs_"),
    *("ghr_", "github_pat_", "glpat-", "xox", "xapp-", "hf_", "npm_", "pypi-", "dckr_pat_", "AIza"),
    *("ya29.", "SG.", "eyJ"),
)
_BEARER = re.compile(
    r"(\b(?:Bearer|Basic)\s+)(?=[\w.~+/=-]*[\d=]|[\w.~+/=-]{20})[\w.~+/=-]{8,}", re.IGNORECASE
)
_URL = re.compile(
    r"((?<![\w+.-])[\w+.-]{1,30}://[^\s/:@\"'{}]{0,99}:)(?![{$])[^\s/@\"']{1,500}(?=@)"
)
_PEM = re.compile(
    r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*?)(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_LINE_END = re.compile(r"\r\n|\r|\n|\\n")


def mask_shapes(text: str) -> str:
    """Mask what is known for a secret by its shape, wherever it stands."""
    # Looking for a fixed text first is ten times faster than the patterns are.
    if any(mark in text for mark in _MARKS):
        text = _SHAPES.sub(_MASK, text)
    if "earer" in text or "asic " in text or "EARER" in text:
        text = _BEARER.sub(rf"\1{_MASK}", text)
    if "://" in text and "@" in text:
        text = _URL.sub(rf"\1{_MASK}", text)
    return _PEM.sub(_masked_pem, text) if "PRIVATE KEY" in text else text


def mask_magic(line: str) -> str:
    """A magic or shell line, where values need no quotes: `%env API_KEY=abc`."""
    line = _masked(line, _QUOTED)
    if _PYTHON_MAGIC.match(line):
        return line  # followed by Python, where key=x passes a variable
    line = _masked(_masked(line, _ENV), _FLAG)
    line = _LOGIN.sub(rf"\1{_MASK}", line)
    return _masked(line, _IN_SHELL if _SHELL_LINE.match(line) else _ON_MAGIC)


def mask_assignments(text: str) -> str:
    """A string or a comment: `key=value`, and `password: value` where the name leaves no doubt."""
    return _masked(_masked(text, _QUOTED), _IN_TEXT)


def mask_code(text: str) -> str:
    """Code that does not parse: quoted values and numbers, for a bare word may be a variable."""
    return _masked(_masked(text, _QUOTED), _NUMBER)


def _masked(text: str, rule: _Rule) -> str:
    parts: list[str] = []
    done = at = 0
    while head := rule.head.search(text, at):
        # Only past the name: what follows may be a name too, as in https://x/?token=abc.
        at = head.end("name")
        value = _secret_value(text, head, rule=rule)
        if value is not None:
            ends = "".join(_LINE_END.findall(value["value"]))
            parts += [text[done : value.start("value")], _MASK, ends]
            done = at = value.end("value")
    return "".join([*parts, text[done:]])


def _secret_value(text: str, head: re.Match[str], *, rule: _Rule) -> re.Match[str] | None:
    """The value after a name that holds secrets, None when there is nothing to hide."""
    if not is_secret_name(head["name"]):
        return None
    if rule is _IN_TEXT and _PROSE.fullmatch(head.group().strip()):
        return None
    value = rule.value.match(text, head.end())
    return None if value is None or value["value"].lower() in rule.spared else value


def _masked_pem(found: re.Match[str]) -> str:
    ends = _LINE_END.findall(found.group(2))
    return f"{found.group(1)}{''.join(ends[:1])}{_MASK}{''.join(ends[1:])}{found.group(3)}"
