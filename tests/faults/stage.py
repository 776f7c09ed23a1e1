"""The house of a fault run: its own folder and ports, a broker with a second door for a proxy, a durable database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.demo.cast import DEPARTMENTS, SHOP, STAFF_NAMES, WEB, Cast, staff_csv, staff_email
from deploy.local.kafka import Kafka
from deploy.local.layout import SERVICES
from deploy.local.ports import ClaimedPorts, claim_ports
from deploy.local.postgres import Postgres
from services.intake.channels.operator import channel_add
from services.intake.directory.operator import staff_import, token
from services.intake.settings import settings as intake_settings
from shared.kernel import clock
from tests.faults import witness
from tests.faults.cluster import Cluster
from tests.support.books import Stores
from tests.support.databases import Databases
from tests.support.folders import run_folder
from tests.support.house import House

SETTINGS = {
    # A receipt that went down with its reader is not waited for for three days.
    "FRONTDESK_NOTIFY_RECEIPT_WINDOW": "PT12S",
    "FRONTDESK_LOG_LEVEL": "WARNING",
}


class TwoDoors(Kafka):
    """A node with a second listener that tells its clients to come through a proxy."""

    def __init__(self, home: Path, ports: ClaimedPorts) -> None:
        super().__init__(home, ports.ports.of("kafka"), ports.ports.of("kafka-controller"))
        self.behind = ports.spare()
        """Where the proxy finds the node."""
        self.proxied = ports.spare()
        """Where clients find the proxy."""

    def configure(self) -> None:
        """Beside what every node is told, the second listener."""
        super().configure()
        properties = {
            "listeners": f"PLAINTEXT://{self.bootstrap},PROXIED://127.0.0.1:{self.behind},"
            f"CONTROLLER://{self._controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap},PROXIED://127.0.0.1:{self.proxied},"
            f"CONTROLLER://{self._controller}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
        }
        with self._properties.open("a", encoding="utf-8") as file:  # in a properties file the last word counts
            file.writelines(f"{name}={value}\n" for name, value in properties.items())


class Stage:
    """A running house with what is beneath it. Only the main thread may make one."""

    def __init__(self, postgres: Postgres, kafka: TwoDoors | Cluster, house: House) -> None:
        self.postgres = postgres
        self.kafka = kafka
        self.house = house

    async def sign_in(self) -> dict[str, str]:
        """Bearers of channels and staff, good for ten minutes; the first call brings the staff into the house."""
        intake_settings.cache_clear()
        database = self.house.database("intake")
        try:
            if not self.house.staff_imported:
                await staff_import(database, DEPARTMENTS, staff_csv(Cast(clock.now()).day_zone))
                self.house.channel_keys |= {name: await channel_add(database, name) for name in (WEB, SHOP)}
                self.house.staff_imported = True
            tokens = {name: (await token(database, staff_email(name))).token for name in STAFF_NAMES}
        finally:
            await database.close()
        return {**self.house.channel_keys, **tokens}


@contextmanager
def staged(brokers: int = 1) -> Iterator[Stage]:
    """Everything up and ready; stopped and removed however it ends."""
    with run_folder() as folder:
        claimed = claim_ports()
        postgres = Postgres(folder / "postgres", claimed.ports.of("postgres"))
        home = folder / "house" / "kafka"
        kafka = TwoDoors(home, claimed) if brokers == 1 else Cluster(home, claimed)
        house = House(
            folder / "house",
            claimed.ports,
            Databases(postgres),
            {**SETTINGS, "FRONTDESK_TOPIC_REPLICATION": str(brokers)},
            kafka,
            brokers,
        )
        try:
            postgres.start()
            house.open()
            for service in SERVICES:
                witness.install(house.url(service))
            yield Stage(postgres, kafka, house)
        finally:
            try:
                house.close()
            finally:
                postgres.stop()
                claimed.release()


async def known_everywhere(stores: Stores) -> None:
    """Returns once every service has heard of the staff who act."""
    copies = "SELECT count(*) AS staff FROM copy WHERE topic = 'staff'"
    keys = "SELECT count(*) AS keys FROM copy WHERE topic = 'signing-keys'"
    last = clock.monotonic() + 60
    while clock.monotonic() < last:
        behind = [
            service
            for service in SERVICES
            if stores.rows(service, copies)[0]["staff"] < len(STAFF_NAMES) or not stores.rows(service, keys)[0]["keys"]
        ]
        if not behind:
            return
        await asyncio.sleep(0.2)
    raise TimeoutError("the staff is not known everywhere")
