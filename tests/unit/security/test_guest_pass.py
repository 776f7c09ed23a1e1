"""One-subject links: each opens what it was made for, in one purpose, under one secret."""

from __future__ import annotations

import string
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.security.guest_pass import APPOINTMENT, GuestPass

_SECRET = b"a secret"
_WORDS = st.text(string.ascii_letters + string.digits + "-_", min_size=36, max_size=40)


def _word(subject: UUID, secret: bytes = _SECRET, made: GuestPass = APPOINTMENT) -> str:
    return made.link(secret, subject).removeprefix(made.path)


@given(st.uuids())
def test_a_link_opens_its_subject_and_is_the_same_each_time(subject: UUID) -> None:
    assert APPOINTMENT.subject(_SECRET, _word(subject)) == subject
    assert _word(subject) == _word(subject)
    assert len(_word(subject)) == 38


@given(st.uuids(), st.integers(0, 37), st.sampled_from(string.ascii_letters))
def test_a_link_that_was_changed_opens_nothing(subject: UUID, place: int, letter: str) -> None:
    word = _word(subject)
    changed = word[:place] + letter + word[place + 1 :]
    assert APPOINTMENT.subject(_SECRET, changed) == (subject if changed == word else None)


@given(st.uuids())
def test_another_secret_or_another_purpose_opens_nothing(subject: UUID) -> None:
    other = GuestPass("callback", "/c/")
    assert APPOINTMENT.subject(_SECRET, _word(subject, b"another")) is None
    assert APPOINTMENT.subject(_SECRET, _word(subject, made=other)) is None


@given(st.one_of(st.text(max_size=60), _WORDS))
def test_what_we_did_not_make_opens_nothing(word: str) -> None:
    assert APPOINTMENT.subject(_SECRET, word) is None
