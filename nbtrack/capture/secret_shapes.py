"""Secrets in plain text: `NAME=value` on magic lines and in strings, and well-known shapes."""

from __future__ import annotations

import re

from nbtrack.capture.secret_names import is_secret_name
from nbtrack.capture.words import word_set

_MASK = "***"

# Bounded, here and below, so that a long line without spaces is still read in linear time.
_NAME = r"(?P<name>(?<![\w.])[A-Za-z_][\w.\-]{0,99})"
# A value, and not a variable ($x, {x}), a place for one (%s, ?), a quote or an operator; with the
# scheme before it in `Authorization: Bearer abc`.
_SCHEME = r"(?:Bearer|Basic|Token)[ \t]+"
_FIRST = rf"(?!(?:{_SCHEME})?(?:[\s{{}}$<>?*:\"'`=,;&|()\[\]]|%[(sdr]|\\n|\\\"))(?:{_SCHEME})?"

# name = "value", name: str = "value", {"name": "value"}, d["name"] == "value"; the end of the line
# ends a string that is not closed.
_QUOTED = re.compile(
    _NAME
    + r"(?P<between>\\?[\"']?\s{0,9}\]?\s{0,9}(?::\s{0,9}[\w.\[\]|]{1,60}\s{0,9})?"
    + r"(?:==|!=|=>|:=|=|:)\s{0,9}"
    r"[rbfuRBFU]{0,2})(?P<quote>\"\"\"|'''|\\?\"|\\?')"
    + r"(?P<value>(?:\\[^\"'\r\n]|(?!(?P=quote))[^\r\n])+)"
)
_TRIPLE = re.compile(
    _NAME + r"(?P<between>\s*=\s*[rbfuRBFU]{0,2})(?P<quote>\"\"\"|''')(?P<value>.+?)(?P=quote)",
    re.DOTALL,
)
_NUMBER = re.compile(_NAME + r"(?P<between>[\"']?\s*[=:]\s*)(?P<value>\d[\w.]*)\b")


def _unquoted(value: str) -> re.Pattern[str]:
    return re.compile(rf"{_NAME}(?P<between>[ \t]*[=:][ \t]*)(?P<value>{value})")


_IN_TEXT = _unquoted(_FIRST + r"[^\s;&\"'`)}\],\\]+")
_IN_SHELL = _unquoted(_FIRST + r"[^\s;&|\"'`)]+")
_ON_MAGIC = _unquoted(r"[^\s\"'`{][^\s\"'`]*")
_FLAG = re.compile(
    r"(?P<between>(?<!\S)--?(?P<name>[A-Za-z][\w\-]*)\s+)(?P<value>(?!-)" + _FIRST + r"\S+)"
)
_ENV = re.compile(
    r"(?P<between>\s*%(?:env|set_env)\s+(?P<name>[\w]+)(?:\s*=\s*|\s+))(?P<value>[^\r\n]+)"
)
_LOGIN = re.compile(
    r"((?:\s(?:-u|--user)\s+[\"']?[^\s:\"']+:)|(?:\b(?:login|sshpass)\b[^\r\n]*?\s-p\s*))"
    r"(?![$\"'{])[^\s\"']+"
)
_PYTHON_MAGIC = re.compile(r"\s*%%?(?:timeit|time|prun|memit|mprun|lprun|debug)\b")
_SHELL_LINE = re.compile(r"\s*!")

_WORDS_OF_CODE = word_set("lambda none true false null str int bytes bool")
_WORDS_OF_PROSE = word_set("key token auth private pass")

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
    text = _SHAPES.sub(_MASK, text)
    text = _BEARER.sub(rf"\1{_MASK}", text)
    text = _URL.sub(rf"\1{_MASK}", text)
    return _PEM.sub(_masked_pem, text) if "PRIVATE KEY" in text else text


def mask_magic(line: str) -> str:
    """A magic or shell line, where values need no quotes: `%env API_KEY=abc`."""
    line = _QUOTED.sub(_masked, line)
    if _PYTHON_MAGIC.match(line):
        return line  # followed by Python, where key=x passes a variable
    line = _ENV.sub(_masked, line)
    line = _FLAG.sub(_masked, line)
    line = _LOGIN.sub(rf"\1{_MASK}", line)
    return (_IN_SHELL if _SHELL_LINE.match(line) else _ON_MAGIC).sub(_masked, line)


def mask_assignments(text: str) -> str:
    """A string or a comment: `key=value`, and `password: value` where the name leaves no doubt."""
    return _IN_TEXT.sub(_masked_in_text, _QUOTED.sub(_masked, text))


def mask_code(text: str) -> str:
    """Code that does not parse: quoted values and numbers, for a bare word may be a variable."""
    return _NUMBER.sub(_masked, _QUOTED.sub(_masked, _TRIPLE.sub(_masked, text)))


def _masked(found: re.Match[str]) -> str:
    value = found["value"]
    is_quoted = "quote" in found.re.groupindex
    if not is_secret_name(found["name"]) or (not is_quoted and value.lower() in _WORDS_OF_CODE):
        return found.group()
    start, end = found.start("value") - found.start(), found.end("value") - found.start()
    whole = found.group()
    return whole[:start] + _MASK + "".join(_LINE_END.findall(value)) + whole[end:]


def _masked_in_text(found: re.Match[str]) -> str:
    is_prose = ":" in found["between"] and found["name"].lower() in _WORDS_OF_PROSE
    return found.group() if is_prose else _masked(found)


def _masked_pem(found: re.Match[str]) -> str:
    ends = _LINE_END.findall(found.group(2))
    return f"{found.group(1)}{''.join(ends[:1])}{_MASK}{''.join(ends[1:])}{found.group(3)}"
