"""Which names hold secrets, by their words."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from nbtrack.capture.words import split_words, word_set

_ALWAYS = word_set(
    "secret secrets password passwords passwd passwds pwd pwds pw passphrase passphrases passcode "
    "credential credentials cred creds apikey apikeys accesskey secretkey privatekey authkey "
    "authtoken accesstoken bearer authorization oauth"
)
_USUALLY = word_set("key token auth private")
_PLURALS = word_set("keys tokens")
_MAKES_PLURALS_SECRET = word_set("api access auth private refresh bearer")
# `pass` is a secret only where somebody logs in: db_pass, but not forward_pass.
_WHOSE_PASS = word_set("db user admin root smtp mysql pg postgres ftp email mail login my")
# Words beside key or token that make it a thing of language models, tables or plots.
_HARMLESS = word_set(
    "accuracy acc loss error limit count counts size len length dim embedding embeddings embed "
    "types idx index indices pos position positions col cols column columns frame frames point "
    "points mask prob probs per ratio func fn perplexity budget rate "
    "pad eos bos unk sep cls stop special sort group join merge foreign"
)
_HARMLESS_FIRST = word_set("n num nb max min total avg mean")


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """`api_key`, `DB_PASSWORD` and `X-Auth-Token` are; `tokenizer`, `max_tokens` not."""
    words = split_words(name)
    if not _ALWAYS.isdisjoint(words) or _is_pass(words):
        return True
    if not _HARMLESS.isdisjoint(words) or not _HARMLESS_FIRST.isdisjoint(words[:1]):
        return False
    if not _USUALLY.isdisjoint(word.rstrip("0123456789") for word in words):
        return True
    return not _PLURALS.isdisjoint(words) and not _MAKES_PLURALS_SECRET.isdisjoint(words)


def _is_pass(words: list[str]) -> bool:
    return words == ["pass"] or any(
        after == "pass" and before in _WHOSE_PASS for before, after in pairwise(words)
    )
