"""The people of a demo day. New ones with new addresses each time, so that no cap or thread of a former day is met.

Everybody lives where it is day now, so that quiet hours break no run; one lives where it is night.
"""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

_ZONES = (
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Asia/Dubai",
    "Europe/Berlin",
    "Atlantic/Azores",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Denver",
    "Pacific/Honolulu",
)
_NOON, _MIDNIGHT = 14, 2
_CHINESE = (
    "王伟",
    "李娜",
    "张敏",
    "刘洋",
    "陈静",
    "杨帆",
    "赵磊",
    "黄丽",
    "周杰",
    "吴霞",
    "徐明",
    "孙悦",
    "马超",
    "朱琳",
)
_ENGLISH = ("Ada Brook", "Ben Carter", "Cora Dale", "Dan Ellis", "Eve Ford", "Finn Grant", "Gwen Hart", "Hugh Ives")

WEB, SHOP = "demo-web", "demo-shop"
"""The channels of a demo day, one of ours and one of somebody else: demo data are known for what they are by these."""

DOMAIN = "demo.frontdesk.example"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody outside: one address, a language and a zone."""

    name: str
    language: str
    zone: str
    phone: str | None = None
    email: str | None = None

    @property
    def address(self) -> str:
        """The phone number or e-mail address."""
        return self.phone or self.email or ""

    @property
    def sender(self) -> dict[str, str]:
        """The person as a channel sends it."""
        given = {"name": self.name, "phone": self.phone, "email": self.email}
        return {name: value for name, value in given.items() if value is not None}


class Cast:
    """Makes people for a day that begins at `now`."""

    def __init__(self, now: datetime) -> None:
        self.day_zone = _zone_nearest(now, _NOON)
        self.night_zone = _zone_nearest(now, _MIDNIGHT)
        self._chinese, self._english = itertools.cycle(_CHINESE), itertools.cycle(_ENGLISH)

    def with_phone(self, language: str = "zh-CN", *, at_night: bool = False) -> Person:
        """Somebody with a mobile number that nobody had before."""
        number = f"+861{secrets.choice('3578')}{secrets.randbelow(10**9):09}"
        return Person(self._name(language), language, self._zone(at_night), phone=number)

    def with_email(self, language: str = "en") -> Person:
        """Somebody with a mailbox that nobody had before."""
        mailbox = f"{secrets.token_hex(6)}@{DOMAIN}"
        return Person(self._name(language), language, self._zone(False), email=mailbox)

    def _name(self, language: str) -> str:
        return next(self._chinese if language == "zh-CN" else self._english)

    def _zone(self, at_night: bool) -> str:
        return self.night_zone if at_night else self.day_zone


def _zone_nearest(now: datetime, hour: int) -> str:
    """The zone where the clock is nearest to `hour`."""

    def distance(name: str) -> float:
        local = now.astimezone(ZoneInfo(name))
        off = abs(local.hour + local.minute / 60 - hour)
        return min(off, 24 - off)

    return min(_ZONES, key=distance)


DEPARTMENTS = f"""code,name,parent,head
demo,Demo company,,manager@{DOMAIN}
demo-service,Customer service 客户服务部,demo,manager@{DOMAIN}
demo-quality,Quality 品管部,demo,quality@{DOMAIN}
demo-sales,Sales 市场部,demo,sales-head@{DOMAIN}
demo-key,Key accounts 大客户部,demo,key-head@{DOMAIN}
demo-works,Works 工厂,demo,works-head@{DOMAIN}
"""

_STAFF = (
    ("general", "General Manager 何总", "demo", "general-manager", ""),
    ("administration", "Administration 孟经理", "demo", "administration-manager", "general"),
    ("manager", "Service Manager 郑经理", "demo-service", "department-manager", "general"),
    ("supervisor", "Supervisor 林主管", "demo-service", "supervisor", "manager"),
    ("handler-1", "Handler 宋专员", "demo-service", "complaint-handler", "supervisor"),
    ("handler-2", "Handler Moore", "demo-service", "complaint-handler", "supervisor"),
    ("agent", "Agent 曹坐席", "demo-service", "agent callback-agent reception", "supervisor"),
    ("quality", "Quality 谢主任", "demo-quality", "quality", "general"),
    ("sales-head", "Sales Head 唐经理", "demo-sales", "department-manager", "general"),
    ("host", "Sales 冯工", "demo-sales", "liaison", "sales-head"),
    ("reception", "Reception 董前台", "demo-service", "reception coordinator", "manager"),
    ("key-head", "Key Accounts 袁经理", "demo-key", "department-manager", "general"),
    ("key-host", "Key Accounts 叶工", "demo-key", "liaison", "key-head"),
    ("works-head", "Works 姜厂长", "demo-works", "department-manager", "general"),
    ("works-lead", "Works 丁主管", "demo-works", "supervisor", "works-head"),
    ("works-host", "Works 傅工", "demo-works", "engineer", "works-lead"),
)


def staff_email(name: str) -> str:
    """A demo member of staff's address."""
    return f"{name}@{DOMAIN}"


STAFF_NAMES = tuple(row[0] for row in _STAFF)


def staff_csv(zone: str) -> str:
    """The demo's staff, all where it is day."""
    lines = ["email,name,department,roles,manager,zone,language"]
    for name, shown, department, roles, manager in _STAFF:
        language = "en" if name in {"handler-2"} else "zh-CN"
        above = staff_email(manager) if manager else ""
        lines.append(f"{staff_email(name)},{shown},{department},{roles},{above},{zone},{language}")
    return "\n".join(lines) + "\n"
