"""`frontdesk topics access` on a broker with logins, as an operator calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping

from tests.broker.secured.conftest import Secured
from tests.support.scripts import ROOT, environment

_MISSING = {
    "difference": "missing",
    "principal": "User:frontdesk-complaints",
    "permission": "allow",
    "operation": "write",
    "resource": "topic",
    "name": "tickets",
    "pattern": "literal",
    "host": "*",
}


def test_given_a_missing_right_when_looked_at_then_it_is_told_and_when_applied_it_is_there(
    secured: Secured, without: Callable[[str, str, str], None]
) -> None:
    without("complaints", "write", "tickets")

    looked = _access(secured.settings(), "--json")
    applied = _access(secured.settings(), "--json", "--apply")
    again = _access(secured.settings())

    assert (looked.returncode, json.loads(looked.stdout)) == (1, [{**_MISSING, "mended": False}])
    assert (applied.returncode, json.loads(applied.stdout)) == (0, [{**_MISSING, "mended": True}])
    assert (again.returncode, again.stdout) == (
        0,
        "Everybody may do on Kafka what the registry says, and nothing else.\n",
    )


def test_given_the_login_of_a_channel_when_asked_for_then_it_may_only_leave_messages(secured: Secured) -> None:
    looked = _access(secured.settings(), "--json", "--channel", "shop", "--channel", "frontdesk-channels")

    found = [(row["principal"], row["operation"], row["name"]) for row in json.loads(looked.stdout)]
    assert found == [("User:shop", "write", "channel-messages")]


def test_given_the_login_of_a_service_when_it_compares_then_one_sentence_says_who_may(secured: Secured) -> None:
    done = _access(secured.settings() | {"FRONTDESK_KAFKA_USERNAME": "frontdesk-notify"})

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "does not let frontdesk-notify do this" in done.stderr


def _access(settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", "--lang", "en", "topics", "access", *arguments],
        env=environment(settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
