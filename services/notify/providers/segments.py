"""How a text becomes SMS segments: GSM 03.38 where every character fits, else UCS-2 (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gsm0338 import Codec

Alphabet = Literal["gsm", "ucs2"]

_ESCAPE = 0x1B
_EXTENSION = bytes((0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65))


def _gsm_table() -> dict[str, bytes]:
    codes = [bytes((code,)) for code in range(0x80) if code != _ESCAPE]
    codes += [bytes((_ESCAPE, code)) for code in _EXTENSION]
    codec = Codec()
    return {codec.decode(code)[0]: code for code in codes}


_GSM = _gsm_table()
_UNGSM = {code: character for character, code in _GSM.items()}

ROOM: dict[Alphabet, tuple[int, int]] = {"gsm": (160, 153), "ucs2": (140, 134)}
"""Per alphabet: units of a lone segment, and of one of several (a 6-octet header is taken off). Septets for GSM,
octets for UCS-2, so 70 and 67 characters of the basic plane."""


@dataclass(frozen=True, slots=True)
class Segmented:
    """A text cut for sending. Joined, the parts are the text again."""

    alphabet: Alphabet
    parts: tuple[str, ...]

    def encoded(self) -> tuple[bytes, ...]:
        """Each part as octets: one septet per octet for GSM, UTF-16BE for UCS-2."""
        return tuple(encode(part, self.alphabet) for part in self.parts)


def alphabet_of(text: str) -> Alphabet:
    """`gsm` where every character is in the basic table or its extension; a back-tick or lower-case ç makes `ucs2`."""
    return "gsm" if all(character in _GSM for character in text) else "ucs2"


def encode(text: str, alphabet: Alphabet) -> bytes:
    """Octets of a text. A character outside GSM's table becomes `?`; a lone surrogate likewise."""
    if alphabet == "gsm":
        return b"".join(_GSM.get(character, b"?") for character in text)
    return text.encode("utf-16-be", "replace")


def decode_gsm(octets: bytes) -> str:
    """Text of unpacked septets. What the tables do not hold becomes `\ufffd`; an escape before it is dropped."""
    characters: list[str] = []
    position = 0
    while position < len(octets):
        width = 2 if octets[position] == _ESCAPE and position + 1 < len(octets) else 1
        characters.append(_UNGSM.get(octets[position : position + width], "\ufffd"))
        position += width
    return "".join(characters)


def split(text: str) -> Segmented:
    """Cuts a text into as few segments as fit; escape pairs and surrogate pairs are never cut apart."""
    alphabet = alphabet_of(text)
    alone, together = ROOM[alphabet]
    widths = [len(encode(character, alphabet)) for character in text]
    if sum(widths) <= alone:
        return Segmented(alphabet, (text,))
    parts: list[str] = []
    start = used = 0
    for position, width in enumerate(widths):
        if used + width > together:
            parts.append(text[start:position])
            start, used = position, 0
        used += width
    parts.append(text[start:])
    return Segmented(alphabet, tuple(parts))
