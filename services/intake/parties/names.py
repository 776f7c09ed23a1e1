"""Whether two names may be one person's: forgiving, because taking two for one is decided by the address as well."""

from __future__ import annotations

import re
import unicodedata

_TITLES = (
    *("先生", "女士", "小姐", "太太", "夫人", "老师", "经理", "总经理", "总", "董", "博士", "教授", "医生", "师傅"),
    *("mr", "mrs", "ms", "miss", "dr", "prof", "sir", "madam"),
)
_HAN_TITLES = sorted((title for title in _TITLES if not title.isascii()), key=len, reverse=True)
_PART = re.compile(r"[^\W\d_]+")


def compatible(one: str | None, other: str | None) -> bool:
    """Whether both may name the same person: one is missing, says less, or stands in another order.

    `林总` fits `林志强`, `A. Li` fits `Li Anna`; `Anna Li` does not fit `Bert Li`.
    """
    first, second = _parts(one), _parts(other)
    if not first or not second:
        return True
    fewer, more = sorted((first, second), key=len)
    left = list(more)
    for part in fewer:
        fits = next((candidate for candidate in left if _fits(part, candidate)), None)
        if fits is None:
            return False
        left.remove(fits)
    return True


def _parts(name: str | None) -> list[str]:
    plain = unicodedata.normalize("NFKC", name or "").casefold()
    found = [part for part in _PART.findall(plain) if part not in _TITLES]
    han = "".join(part for part in found if _is_han(part))
    if not han:
        # The longest first, so that an initial does not take the place of the word that another word needs.
        return sorted(found, key=lambda part: (-len(part), part))
    for title in _HAN_TITLES:
        if len(han) > len(title) and han.endswith(title):
            han = han.removesuffix(title)
            break
    return [han]


def _fits(part: str, candidate: str) -> bool:
    if part == candidate:
        return True
    if _is_han(part) and _is_han(candidate):
        # A family name alone, with a title that is gone by now.
        return min(len(part), len(candidate)) == 1 and part[0] == candidate[0]
    return min(len(part), len(candidate)) == 1 and part[0] == candidate[0] and not _is_han(part + candidate)


def _is_han(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)
