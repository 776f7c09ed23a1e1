"""What a house has stored: a picture of a database that shows every change of every row, and the moment of rest."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import psycopg
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from psycopg import sql

from deploy.local.layout import SERVICES
from shared.contracts.topics import TOPICS
from tests.support.house import House, eventually

BREATHING = frozenset({"lease", "sender_process"})
"""Tables in which processes only say that they are alive."""

_STILL_SECONDS = 1.5
_ON_THE_WAY = "SELECT count(*) AS number FROM message WHERE state IN ('accepted', 'sending', 'submitted')"


@dataclass(frozen=True, slots=True)
class Picture:
    """Table → number of rows and a hash over all of them."""

    tables: Mapping[str, tuple[int, str]]

    def changed(self, before: Picture, beside: Collection[str] = ()) -> dict[str, str]:
        """What is not as it was: table → rows then and now; tables in `beside` may have changed."""
        return {
            table: f"{before.tables[table][0]} rows before, {now[0]} now"
            for table, now in self.tables.items()
            if now != before.tables[table] and table not in beside
        }


def picture(house: House, service: str) -> Picture:
    """Every table of the service's database but those that breathe, in one statement."""
    with psycopg.connect(house.url(service)) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        ).fetchall()
        each = [
            sql.SQL(
                "SELECT {name}, count(*), coalesce(md5(string_agg(row::text, chr(10) ORDER BY row::text)), '') "
                "FROM {table} AS row"
            ).format(name=sql.Literal(name), table=sql.Identifier(name))
            for (name,) in names
            if name not in BREATHING
        ]
        rows = connection.execute(sql.SQL(" UNION ALL ").join(each)).fetchall()
    return Picture({name: (number, hashed) for name, number, hashed in rows})


def wait_still(house: House) -> dict[str, Picture]:
    """Returns once nothing is on its way any more, with a picture of each database."""
    eventually("nothing unpublished, unread or unsent", lambda: _nothing_on_the_way(house))
    found: dict[str, Picture] = {}

    def still() -> bool:
        before = {service: picture(house, service) for service in SERVICES}
        time.sleep(_STILL_SECONDS)
        found.update({service: picture(house, service) for service in SERVICES})
        return found == before and _nothing_on_the_way(house)

    eventually("a house in which nothing moves", still)
    return found


def unacknowledged(house: House) -> list[str]:
    """Partitions whose readers have not committed all there is, as the broker tells an independent client."""
    admin = KafkaAdminClient(bootstrap_servers=house.kafka.bootstrap)
    reader = KafkaConsumer(bootstrap_servers=house.kafka.bootstrap)
    try:
        behind = []
        for service in SERVICES:
            read = [name for name, topic in TOPICS.items() if service in topic.consumers]
            places = [TopicPartition(name, number) for name in read for number in reader.partitions_for_topic(name)]
            group = f"frontdesk-{service}"
            committed = admin.list_group_offsets([group])[group]
            for place, end in reader.end_offsets(places).items():
                at = committed[place].offset if place in committed else 0
                if at != end:
                    behind.append(f"{group} is at {at} of {end} in {place.topic} {place.partition}")
        return behind
    finally:
        reader.close()
        admin.close()


def _nothing_on_the_way(house: House) -> bool:
    unpublished = sum(
        house.rows(service, "SELECT count(*) AS number FROM outbox WHERE published_at IS NULL")[0]["number"]
        for service in SERVICES
    )
    return not unpublished and not unacknowledged(house) and not house.rows("notify", _ON_THE_WAY)[0]["number"]
