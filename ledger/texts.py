"""Texts with a meaning: what a string field accepts, and the form in which it is kept.

Pure. People paste names and notes from web pages and documents, with white space around them, with accents in two
spellings and with characters that nobody sees: what looks the same is kept as the same, and what hides is refused.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

# Controls but for tab and line ends, soft hyphens, and what is invisible or turns the direction of writing; not the
# two joiners (U+200C, U+200D), without which some languages cannot be written.
HIDDEN = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"


@dataclass(frozen=True, eq=False)
class Text:
    """What a string field accepts: a pattern or a closed list, a length, and a normal form.

    `free` text is written by people: it is kept in Unicode's form NFC, without white space around it. `hint` says
    what to write instead of a text that does not fit, or nothing.
    """

    meaning: str
    pattern: str = rf"[^{HIDDEN}]*"
    max_length: int = 500
    choices: Mapping[str, str] | None = None
    choices_name: str | None = None
    normal: Callable[[str], str] | None = None
    hint: Callable[[str], str] | None = None
    example: str = ""
    free: bool = False

    def check(self, text: str) -> str:
        """`text` in its normal form. Raises ValueError with a sentence that says what is accepted."""
        if self.choices is not None:
            return self._chosen(text)
        _check_characters(text)
        text = unicodedata.normalize("NFC", text).strip() if self.free else text
        if len(text) > self.max_length:
            raise ValueError(f"is longer than {self.max_length} characters; wanted is {self._wanted(text)}")
        if not (self._matches(text) if self._matches else text.isprintable() or _shown(text)):
            raise ValueError(f"{text[:80]!r} is not {self._wanted(text)}")
        return self.normal(text) if self.normal else text

    @cached_property
    def _matches(self) -> Callable[[str], Any] | None:
        """What matches its pattern; none where any text will do that hides nothing."""
        return None if self.pattern == Text.pattern else re.compile(self.pattern, re.ASCII).fullmatch

    def _wanted(self, text: str) -> str:
        wanted = self.meaning + (f", such as {self.example}" if self.example else "")
        hint = self.hint(text) if self.hint else ""
        return f"{wanted}; {hint}" if hint else wanted

    def _chosen(self, text: str) -> str:
        assert self.choices is not None
        if text not in self.choices:
            raise ValueError(f"{text[:80]!r} is not one of: {nearest_first(text, self.choices)}")
        return text


_shown = re.compile(Text.pattern, re.ASCII).fullmatch
_blank = re.compile(r"[\s\u200c\u200d]*").fullmatch
_half = re.compile(r"[\ud800-\udfff]").search
_hidden = re.compile(f"[{HIDDEN}]").search


def _check_characters(text: str) -> None:
    """A text has something to show, and shows all that it has. What Unicode calls printable hides nothing."""
    if text.isprintable() and text and not text.isspace():
        return
    if _blank(text):
        raise ValueError("must not be empty; leave the field out instead")
    if _half(text):
        raise ValueError("holds half of a character (a lone surrogate), which cannot be written down")
    if hidden := _hidden(text):
        name = unicodedata.name(hidden[0], "a control character")
        place = f"its character {hidden.start() + 1} is U+{ord(hidden[0]):04X}, {name}"
        raise ValueError(f"{place}, which cannot be seen; take it out")


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Those of the `known` words that resemble `word`, the nearest first."""
    folded = {name.casefold(): name for name in known}
    return [folded[found] for found in difflib.get_close_matches(word.casefold(), list(folded), n=3, cutoff=0.5)]


def nearest_first(word: str, known: Mapping[str, Any] | list[str], shown: int = 12) -> str:
    """The `known` words as a list for a person, those that resemble `word` first."""
    names = list(known)
    near = nearest(word, names)
    ordered = near + [name for name in names if name not in near]
    return ", ".join(ordered[:shown]) + (", …" if len(ordered) > shown else "")
