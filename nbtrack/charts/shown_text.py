"""Text of runs as a title, a name or a category of a chart: Vega writes it into code of its own."""

from __future__ import annotations

# Vega ends a text of its code at these, and draws nothing then. Lines of Windows and of others stay
# two values; the arrows are in the fonts of pictures, which "␍" is not.
_BREAKS = str.maketrans({"\n": "↵", "\r": "←", "\u2028": "↵", "\u2029": "↵"})
# Vega looks texts up in plain objects, which have these without being given them.
_OF_EVERY_OBJECT = frozenset({
    "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__", "__proto__",
    "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString",
    "toString", "valueOf",
})  # fmt: skip
_UNSEEN = "\u200b"


def shown_text(text: str) -> str:
    """In one line; of what was shown before, the same again."""
    found = text.translate(_BREAKS)
    return found + _UNSEEN if found in _OF_EVERY_OBJECT else found


def tooltip_title(text: str) -> str:
    """A backslash stands for something there, and nowhere else."""
    return shown_text(text).replace("\\", r"\\")
