"""Records that nobody can use, as data: what an outside writer or a broken producer may put on a topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import orjson

from deploy.local.demo.cast import SHOP
from shared.contracts.envelope import MAX_HOPS
from shared.kernel import clock

Json = dict[str, Any]
Headers = list[tuple[str, bytes | None]]

STRUCTURED: Headers = [("content-type", b"application/cloudevents+json; charset=utf-8")]
TEN_MB = 10_000_000


@dataclass(frozen=True)
class Raw:
    """A record as it goes over the wire. `reason` and `state`: as what it is held; None: it is none of the bad ones."""

    name: str
    value: bytes | None
    headers: Headers
    key: bytes | None = None
    reason: str | None = None
    state: str = "dead"
    stale: bool = False
    """Too old to begin anything: only recorded."""


def message(text: str = "The lamp flickers.", **fields: object) -> Json:
    """The data of an outside complaint."""
    return {
        "message_id": str(uuid4()),
        "channel": SHOP,
        "medium": "kafka",
        "purpose": "complaint",
        "sender": {"email": f"{uuid4().hex}@demo.frontdesk.example"},
        "text": text,
        "language": "en",
        "received_at": clock.now().isoformat(),
        **fields,
    }


def structured(data: object, **attributes: object) -> bytes:
    """One JSON object with attributes and data."""
    own: Any = data
    message_id = own.get("message_id") if isinstance(own, dict) else str(uuid4())
    whole = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": f"/channels/{SHOP}",
        "type": "channel-message-received",
        "time": clock.now().isoformat(),
        "partitionkey": message_id,
        "data": data,
        **attributes,
    }
    return orjson.dumps({name: value for name, value in whole.items() if value is not None})


def headers(key: str, **attributes: object) -> Headers:
    """Binary mode's headers; an attribute that is None is left out."""
    whole: Mapping[str, object] = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": f"/channels/{SHOP}",
        "type": "channel-message-received",
        "time": clock.now().isoformat(),
        "partitionkey": key,
        **attributes,
    }
    told = {
        name: value if isinstance(value, bytes) else str(value).encode()
        for name, value in whole.items()
        if value is not None
    }
    return [("content-type", b"application/json"), *((f"ce_{name}", value) for name, value in told.items())]


def binary(name: str, data: Json, reason: str | None = None, state: str = "dead", **attributes: object) -> Raw:
    """A record in binary mode whose key is the message's id."""
    key = str(data["message_id"])
    return Raw(name, orjson.dumps(data), headers(key, **attributes), key.encode(), reason, state)


def _key(data: Json) -> bytes:
    return str(data["message_id"]).encode()


def _without_value(data: Json) -> Headers:
    return [*headers(str(data["message_id"])), ("ce_traceparent", None)]


def outside() -> tuple[Raw, ...]:
    """What may come to `channel-messages`, each in its own way wrong; the last ones only odd."""
    data = message()
    key = str(data["message_id"]).encode()
    body = orjson.dumps(data)
    hollow = message()
    reused = {"id": str(uuid4())}
    bomb = message(padding="长" * (TEN_MB // 3))
    return (
        Raw("noise", b"\xff\xfe\x00noise", [], b"noise", "envelope ce_id"),
        Raw("nothing", b"", [], None, "envelope ce_id"),
        Raw("a tombstone", None, headers(str(uuid4())), b"gone", "tombstone"),
        Raw("no JSON", b"<event/>", STRUCTURED, b"xml", "json"),
        Raw("a list", b"[1, 2]", STRUCTURED, b"list", "structured data"),
        Raw("no data", structured(None), STRUCTURED, b"no-data", "structured data"),
        Raw("bottomless", b"[" * 100_000, STRUCTURED, b"deep", "json"),
        Raw("an old CloudEvent", structured(data, specversion="0.3"), STRUCTURED, key, "envelope ce_specversion"),
        Raw("no time", structured(data, time="yesterday"), STRUCTURED, key, "envelope"),
        Raw("a time without a zone", structured(data, time="2026-01-01T00:00:00"), STRUCTURED, key, "envelope ce_time"),
        Raw("a long id", structured(data, id="x" * 257), STRUCTURED, key, "envelope ce_id"),
        Raw("headers in GBK", body, headers(key.decode(), subject="柳".encode("gbk")), key, "headers"),
        Raw("no key at all", body, headers("", partitionkey=None), None, "envelope ce_partitionkey"),
        Raw("a key in GBK", body, headers("", partitionkey=None), "柳".encode("gbk"), "key"),
        Raw("another's key", body, headers(str(uuid4())), str(uuid4()).encode(), "key message_id"),
        binary("NUL in its id", message(), "envelope ce_id", id="a\0b"),
        binary("NUL in its type", message(), "envelope ce_type", type="a\0b"),
        binary("NUL in its source", message(), "envelope ce_source", source="/channels/\0"),
        Raw("NUL in its key", body, headers(key.decode()), b"a\0b", "key"),
        binary("a stranger's", message(), "source-unknown", source="/channels/nobody-here"),
        binary("one of ours, they say", message(), "source-unknown", source="/services/complaints"),
        binary("hops without end", message(), "hops ce_hops", hops=MAX_HOPS + 1),
        binary("hops in words", message(), "envelope", hops="many"),
        binary("for another topic", message(), "wrong-topic ce_type", type="complaint-opened"),
        binary("no text", {**message(), "text": None}, "schema text"),
        binary("a long number", message(sender={"phone": "1" * 21}), "schema sender.phone"),
        binary("text in halves", {"message_id": str(uuid4())}, "schema channel"),
        Raw("half a surrogate", body[:-1] + b',"subject":"\\ud800"}', headers(key.decode()), key, "schema"),
        binary("an unknown type", message(), "unknown-type", "waiting", type="praise-received"),
        binary(
            "a later version",
            message(),
            "unknown-type",
            "waiting",
            dataschema="/schemas/channel-message-received/99",
        ),
        binary("a bomb", bomb, "too-large"),
        Raw("a bomb in an envelope", structured(bomb), STRUCTURED, key, "too-large"),
        binary("the first of its id", message("The first."), None, **reused),
        binary("another of its id", message("The second."), "id-reused", **reused),
        binary("NUL in its text", message("a\0b"), "schema NUL"),
        Raw("a header of nothing", orjson.dumps(hollow), _without_value(hollow), _key(hollow)),
        binary("a traceparent of noise", message(), traceparent=b"\xe6\x9f\xb3"),
        binary("a number that means nothing", message(), sequence="-5"),
        replace(binary("long ago", message(), time="0001-01-01T00:00:00+14:00"), stale=True),
        binary("from the end of time", message(), time="9999-12-31T23:59:59-12:00"),
        binary("a far date", message(received_at="9999-12-31T23:59:59-12:00")),
        binary("an early date", message(received_at="0001-01-01T00:00:00+14:00")),
        binary("an unknown zone", message(zone="Mars/Olympus")),
        binary("an unknown language", message(language="柳如是")),
        binary("a number that is none", message(sender={"phone": "call me"})),
        binary("an address that is none", message(sender={"email": "at home"})),
    )


def of_a_ticket(
    ticket: str, sequence: object, state: str = "investigating", **attributes: object
) -> tuple[bytes, Headers]:
    """Value and headers of a step of a ticket, as complaints writes it."""
    told = {"source": "/services/complaints", "type": "complaint-progressed", "sequence": sequence, **attributes}
    return orjson.dumps({"ticket_id": ticket, "state": state, "by": str(uuid4())}), headers(ticket, **told)


def sequenced() -> tuple[tuple[Raw, ...], dict[str, int]]:
    """What a broken producer may put on `tickets`, and the tickets around it with the number that each must reach."""
    whole, broken, gapped = str(uuid4()), str(uuid4()), str(uuid4())

    def step(ticket: str, name: str, number: object, reason: str | None = None, **attributes: object) -> Raw:
        value, told = of_a_ticket(ticket, number, **attributes)
        return Raw(name, value, told, ticket.encode(), reason, "waiting" if reason in ("queued", "gap") else "dead")

    value, told = of_a_ticket(broken, 2)
    bomb = orjson.dumps({"ticket_id": whole, "padding": "长" * (TEN_MB // 3)})
    records = (
        step(whole, "the first", 1),
        Raw("noise", b"\x00\x01", [], b"noise", "envelope ce_id"),
        Raw("no key", value, [one for one in told if one[0] != "ce_partitionkey"], None, "envelope ce_partitionkey"),
        Raw("in an envelope", structured({"ticket_id": whole}), STRUCTURED, whole.encode(), "structured-mode"),
        step(whole, "no number", None, "envelope ce_sequence"),
        step(whole, "number 0", 0, "envelope ce_sequence"),
        step(whole, "a number in words", "two", "envelope"),
        step(whole, "a number beyond counting", 2**63, "envelope ce_sequence"),
        step(whole, "a stranger's", 2, "source-unknown", source="/services/nobody"),
        step(whole, "a channel's", 2, "source-unknown", source=f"/channels/{SHOP}"),
        Raw("a bomb", bomb, of_a_ticket(whole, 2)[1], whole.encode(), "too-large"),
        step(broken, "its first", 1),
        Raw("its second", b'{"ticket_id":"' + broken.encode() + b'"}', told, broken.encode(), "schema state"),
        step(broken, "its third", 3, "queued"),
        step(gapped, "before the gap", 1),
        step(gapped, "after the gap", 3, "gap"),
        step(whole, "the first again", 1),
        step(whole, "the second", 2),
        step(whole, "the third", 3),
    )
    return records, {whole: 3, broken: 1, gapped: 1}


def states() -> tuple[Raw, ...]:
    """What a broken producer may put on `parties`; none of it is a party."""
    told: dict[str, object] = {"source": "/services/intake", "type": "party-changed", "sequence": 1}

    def state(name: str, reason: str, value: bytes | None = b"", key: bytes | None = None, **attributes: object) -> Raw:
        party = str(uuid4())
        body = orjson.dumps({"party_id": party, "name": "somebody"}) if value == b"" else value
        own_key = party.encode() if key is None else key
        return Raw(name, body, headers(party, **{**told, **attributes}), own_key, reason)

    return (
        Raw("noise", b"\x00\x01", [], b"noise", "envelope ce_id"),
        state("no party", "schema party_id", b'{"name":"somebody"}'),
        state("another's key", "key party_id", key=str(uuid4()).encode()),
        state("NUL in its key", "key", key=b"a\0b"),
        state("no number", "envelope ce_sequence", sequence=None),
        state("a number beyond counting", "envelope ce_sequence", sequence=2**63),
        state("a stranger's", "source-unknown", source="/services/complaints"),
        state("a stranger's tombstone", "source-unknown", None, source="/services/complaints"),
        state("of another topic", "wrong-topic ce_type", type="complaint-progressed"),
        state("a bomb", "too-large", orjson.dumps({"padding": "长" * (TEN_MB // 3)})),
        Raw("in an envelope", structured({"name": "somebody"}), STRUCTURED, b"party", "structured-mode"),
    )
