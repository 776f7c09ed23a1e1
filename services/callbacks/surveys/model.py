"""What an answer means: satisfied, neutral, dissatisfied, or nothing that a table can tell (CB-16).

Wrong is worse than unclear: a reading that is not plain goes to a person, who asks again.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from services.callbacks.surveys import vocabulary as words
from services.callbacks.surveys.vocabulary import Outcome

Reading = Literal["satisfied", "neutral", "dissatisfied", "unclear"]

LONGEST = 500
"""Characters of an answer that are read by tables; whoever writes more has something to say to a person."""

_CLAUSES = re.compile(r"[,.;!?:,、。;!~…\n\r]+")
_LEADING_DIGIT = re.compile(r"^([123一二三])\s*[,.:;!)、。,\n]+\s*(?=\D|$)|^(3)\s+(?=\D)")
"""The point chosen, then a sign and words. After a mere space only the worst: "1 thing is still broken" is no praise,
and "3 things are broken" no praise either.
"""
_EDGES = re.compile(r"^[\s,.;:!~()'\"、。…\[\]【】「」“”]+|[\s,.;:!~()'\"、。…\[\]【】「」“”]+$")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_WORD = re.compile(r"[a-z][a-z'-]*")
_CHINESE = re.compile("|".join(sorted(map(re.escape, words.CHINESE), key=len, reverse=True)))
_CHINESE_NEGATORS = re.compile("|".join(words.CHINESE_NEGATORS))
_HARMLESS = re.compile("|".join(sorted(words.CHINESE_HARMLESS, key=len, reverse=True)))
_OPPOSITE: dict[Outcome, Outcome] = {"satisfied": "dissatisfied"}
"""What a negation makes of a word. "Not average" and "not dissatisfied" say nothing plain."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What was read from an answer."""

    reading: Reading
    contact_wanted: bool

    @property
    def outcome(self) -> Outcome | None:
        """The point on the scale, None where the answer is unclear."""
        return None if self.reading == "unclear" else self.reading


def understand(text: str) -> Understood:
    """Reads a party's answer."""
    folded = _fold(text)
    return Understood(_classify(folded), _wants_contact(folded))


def _fold(text: str) -> str:
    """One form for what people type alike: full-width signs, capitals, traditional signs, curly apostrophes."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(words.SIMPLIFIED)
    return plain.replace("’", "'").replace("‘", "'").strip()


def _classify(folded: str) -> Reading:
    if not folded or len(folded) > LONGEST:
        return "unclear"
    bare = _without_courtesies(folded)
    if bare in words.DIGITS:
        return words.DIGITS[bare]
    # "No thanks" declines to answer; it is no "no".
    if bare in words.WHOLE and (words.WHOLE[bare] != "dissatisfied" or bare == _EDGES.sub("", folded)):
        return words.WHOLE[bare]
    return _classify_sentence(folded)


def _without_courtesies(folded: str) -> str:
    for courtesy in words.COURTESIES:
        folded = folded.replace(courtesy, " ")
    return _EDGES.sub("", folded)


def _classify_sentence(folded: str) -> Reading:
    marked = _LEADING_DIGIT.match(folded)
    rest = folded[marked.end() :] if marked else folded
    said: set[Reading] = {words.DIGITS[marked.group(1) or marked.group(2)]} if marked else set()
    # A second number is a list of things or a score out of ten, not a point on our scale.
    if any(c.isdecimal() for c in rest):
        return "unclear"
    spoken: set[Reading] = {reading for clause in _CLAUSES.split(rest) for reading in _clause(clause.strip())}
    said |= spoken
    if len(said) != 1:
        return "unclear"
    (reading,) = said
    if reading == "dissatisfied":
        return "unclear" if spoken and _is_open(rest) else reading
    return "unclear" if _is_open(rest) or _takes_back(rest) else reading


def _is_open(rest: str) -> bool:
    """Whether it asks, or speaks of another time or case."""
    return any(sign in rest for sign in words.QUESTIONS) or _mentions(rest, words.CONDITIONS)


def _takes_back(rest: str) -> bool:
    return _mentions(rest, words.CONTRASTS + words.RESERVATIONS)


def _mentions(rest: str, wanted: tuple[str, ...]) -> bool:
    spoken = set(_WORD.findall(rest))
    return any(word in spoken if word.isascii() else word in rest for word in wanted)


def _clause(clause: str) -> set[Reading]:
    readings = _chinese(clause) | _english(clause)
    # "Satisfied. Not!" and "No, it broke again": a bare refusal beside other words counts as one of them.
    if words.WHOLE.get(clause) == "dissatisfied" or clause in words.ENGLISH_NEGATORS:
        readings.add("dissatisfied")
    return readings


def _chinese(clause: str) -> set[Reading]:
    if not _HAN.search(clause) and not _CHINESE.search(clause):
        return set()
    clause = _HARMLESS.sub("", clause).replace(" ", "")
    readings: set[Reading] = set()
    for found in _CHINESE.finditer(clause):
        outcome = words.CHINESE[found.group()]
        before, after = clause[: found.start()], clause[found.end() :]
        negators = list(_CHINESE_NEGATORS.finditer(before))
        if outcome != "dissatisfied" and _CHINESE_NEGATORS.search(after) and not _CHINESE.search(after):
            readings.add("unclear")
        elif not negators:
            readings.add(outcome)
        elif len(negators) == 1 and set(before[negators[0].end() :]) <= words.CHINESE_FILLERS:
            readings.add(_OPPOSITE.get(outcome, "unclear"))
        else:
            readings.add("unclear")
    return readings


def _english(clause: str) -> set[Reading]:
    tokens = _WORD.findall(clause)
    readings: set[Reading] = set()
    for place, token in enumerate(tokens):
        if token not in words.ENGLISH:
            continue
        outcome = words.ENGLISH[token]
        before, after = [t.replace("'", "") for t in tokens[:place]], tokens[place + 1 :]
        negators = [n for n, t in enumerate(before) if t in words.ENGLISH_NEGATORS]
        if outcome != "dissatisfied" and any(t.replace("'", "") in words.ENGLISH_NEGATORS for t in after):
            readings.add("unclear")
        elif not negators:
            readings.add(outcome)
        elif len(negators) == 1 and set(before[negators[0] + 1 :]) <= words.ENGLISH_FILLERS:
            readings.add(_OPPOSITE.get(outcome, "unclear"))
        else:
            readings.add("unclear")
    return readings


def _wants_contact(folded: str) -> bool:
    for wish in words.CONTACT_WISHES:
        at = folded.find(wish)
        if at >= 0:
            before = folded[max(0, at - 12) : at].strip()
            return not any(before.endswith(no) for no in words.NO_CONTACT_WISHES)
    return False
