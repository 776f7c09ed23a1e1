"""Passwords and secrets of one copy."""

from __future__ import annotations

from pathlib import Path

from deploy.local import credentials


def test_given_a_first_start_when_secrets_are_made_then_only_the_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"

    made = credentials.load(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert len(set(made.values())) == len(made) >= 8


def test_given_secrets_when_started_again_then_they_are_the_same(tmp_path: Path) -> None:
    first = credentials.load(tmp_path / "secrets.env")

    assert credentials.load(tmp_path / "secrets.env") == first


def test_given_a_file_of_an_older_build_when_loaded_then_what_is_new_is_added_and_the_rest_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("FRONTDESK_ADDRESS_SECRET=old\n")

    loaded = credentials.load(path)

    assert loaded["FRONTDESK_ADDRESS_SECRET"] == "old"
    assert loaded["FRONTDESK_NOTIFY_SECRET"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_given_another_password_when_added_then_it_is_kept_beside_the_others(tmp_path: Path) -> None:
    path = tmp_path / "passwords.env"
    credentials.add(path, "a@b.example", "x=y")
    credentials.add(path, "c@d.example", "z")

    assert credentials.read(path) == {"a@b.example": "x=y", "c@d.example": "z"}


def test_the_password_of_the_phone_network_fits_smpp_3_4(tmp_path: Path) -> None:
    assert len(credentials.load(tmp_path / "s.env")["FRONTDESK_SANDBOX_PASSWORD"]) <= 8
