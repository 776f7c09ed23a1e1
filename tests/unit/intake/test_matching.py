"""Who a sender is: same address and compatible name, proven or not on both sides; never a silent merge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.intake.parties.model import Address, Claim, Party, learn, match
from services.intake.parties.names import compatible

_X, _Y = "a" * 32, "b" * 32
_THEN = datetime(2026, 1, 1, tzinfo=UTC)


def _at(address_id: str, verified: bool) -> Address:
    return Address(address_id, "phone", "+86" + address_id[:1], verified)


def _party(number: int, name: str | None, *addresses: Address, verified: bool = False) -> Party:
    return Party(UUID(int=number), name, _THEN + timedelta(days=number), verified=verified, addresses=addresses)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, "Anna Li"),
        ("Anna Li", "LI ANNA"),
        ("A. Li", "Anna Li"),
        ("Ms Li", "Anna Li"),
        ("Anna", "Anna Li"),
        ("林志强", "林志强"),
        ("林总", "林志强"),
        ("林先生", "林志强"),
        ("Ａｎｎａ", "anna"),
        ("…", "Anna"),
    ],
)
def test_names_that_may_be_one_persons_are_compatible(one: str | None, other: str | None) -> None:
    assert compatible(one, other)
    assert compatible(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Li", "Bert Li"),
        ("林志强", "王志强"),
        ("林志强", "林志明"),
        ("林总", "王总"),
        ("B. Li", "Anna Li"),
        ("Anna Li", "林志强"),
    ],
)
def test_names_of_two_people_are_not_compatible(one: str, other: str) -> None:
    assert not compatible(one, other)
    assert not compatible(other, one)


@pytest.mark.parametrize(
    ("known", "claimed", "vouched", "same"),
    [
        (True, True, False, True),
        (False, False, False, True),
        (False, True, False, True),  # an answer from the address confirms the party
        (True, False, False, False),  # anybody can write a number into a form
        (True, False, True, True),  # a member of staff says so
    ],
)
def test_address_proven_on_both_sides_or_on_neither_is_the_same_party(
    known: bool, claimed: bool, vouched: bool, same: bool
) -> None:
    party = _party(1, "Anna Li", _at(_X, known))
    found = match(Claim("Anna Li", (_at(_X, claimed),), vouched=vouched), [party])
    assert (found.party is party) is same
    assert found.suggest == (() if same else ((party.id, _X),))


def test_another_name_at_the_same_address_stays_apart_with_a_suggestion() -> None:
    family = _party(1, "Anna Li", _at(_X, True))
    found = match(Claim("Bert Li", (_at(_X, True),)), [family])
    assert found.party is None
    assert found.suggest == ((family.id, _X),)


def test_a_proven_match_is_preferred_and_the_oldest_among_equals() -> None:
    unverified, older, newer = (
        _party(1, "Anna", _at(_X, False)),
        _party(2, None, _at(_X, True)),
        _party(3, "Anna", _at(_X, True)),
    )
    assert match(Claim("Anna", (_at(_X, True),)), [newer, unverified, older]).party is older


def test_an_unproven_claim_finds_the_unverified_party_beside_the_verified_one() -> None:
    verified, unverified = _party(1, "Anna", _at(_X, True)), _party(2, "Anna", _at(_X, False))
    assert match(Claim("Anna", (_at(_X, False),)), [verified, unverified]).party is unverified


def test_a_second_unproven_address_does_not_hand_over_a_verified_party() -> None:
    party = _party(1, "Anna", _at(_X, False), _at(_Y, True))
    assert match(Claim("Anna", (_at(_Y, False),)), [party]).party is None


def test_nobody_shares_an_address_then_nothing_is_suggested() -> None:
    assert match(Claim("Anna", (_at(_X, False),)), []).suggest == ()


def test_learning_adds_but_never_overwrites() -> None:
    party = _party(1, "Anna Li", _at(_X, False))
    learnt = learn(party, Claim("A. Li", (_at(_X, True), _at(_Y, False))))
    assert learnt.name == "Anna Li"
    assert learnt.addresses == (_at(_X, True), _at(_Y, False))
    assert learnt.verified
    assert learnt.version == 2


def test_learning_nothing_new_changes_nothing() -> None:
    party = _party(1, "Anna Li", _at(_X, True), verified=True)
    assert learn(party, Claim("Anna", (_at(_X, False),))) is party
