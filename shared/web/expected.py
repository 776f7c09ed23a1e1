"""What a field should have held, said by the kind of a validation error and never by the value that failed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.web.language import Language

_INSTANT = ("an instant with a zone, e.g. 2027-03-01T09:30:00+08:00", "带时区的时刻，如 2027-03-01T09:30:00+08:00")
_DATE = ("a date, e.g. 2027-03-01", "日期，如 2027-03-01")
_UUID = ("a UUID", "UUID")
_INTEGER = ("a whole number", "整数")

EXPECTED: dict[str, tuple[str, str]] = {
    "missing": ("a value", "必填"),
    "extra_forbidden": ("no such field", "不应有此字段"),
    "string_type": ("text", "文本"),
    "string_too_short": ("text of at least {min_length} characters", "至少 {min_length} 个字符的文本"),
    "string_too_long": ("text of at most {max_length} characters", "至多 {max_length} 个字符的文本"),
    "string_pattern_mismatch": ("text that matches {pattern}", "符合 {pattern} 的文本"),
    "too_short": ("at least {min_length} entries", "至少 {min_length} 项"),
    "too_long": ("at most {max_length} entries", "至多 {max_length} 项"),
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_parsing_size": _INTEGER,
    "int_from_float": _INTEGER,
    "bool_type": ("true or false", "true 或 false"),
    "bool_parsing": ("true or false", "true 或 false"),
    "greater_than": ("more than {gt}", "大于 {gt}"),
    "greater_than_equal": ("{ge} or more", "不小于 {ge}"),
    "less_than": ("less than {lt}", "小于 {lt}"),
    "less_than_equal": ("{le} or less", "不大于 {le}"),
    "literal_error": ("one of {expected}", "下列之一：{expected}"),
    "enum": ("one of {expected}", "下列之一：{expected}"),
    "union_tag_invalid": ("one of {expected_tags}", "下列之一：{expected_tags}"),
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": _UUID,
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "timezone_aware": _INSTANT,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "list_type": ("a list", "列表"),
    "tuple_type": ("a list", "列表"),
    "dict_type": ("an object", "对象"),
    "model_type": ("an object", "对象"),
    "model_attributes_type": ("a JSON object, sent as application/json", "以 application/json 提交的 JSON 对象"),
    "json_invalid": ("valid JSON in UTF-8", "UTF-8 编码的有效 JSON"),
    "phone_number": ("a phone number as E.164, e.g. +8613812345678", "E.164 格式的电话号码，如 +8613812345678"),
    "email_address": ("an e-mail address", "电子邮件地址"),
    "time_zone": ("an IANA time zone, e.g. Asia/Shanghai", "IANA 时区，如 Asia/Shanghai"),
    "reply_address": ("one of the sender's own addresses", "发送人自己的地址之一"),
    "guest_address": ("a phone number or an e-mail address", "电话号码或电子邮件地址"),
    "meeting_place": ("where, if at neither airport nor station", "非机场、车站时须写明地点"),
    "other_services": ("which other services are meant", "须写明其他服务内容"),
    "visit_host": ("either host_id or host_email", "host_id 与 host_email 之一"),
    "cell_amounts": ("the amounts that this kind of cell has", "与该类型相符的金额"),
    "cell_range": ("a lower amount that is not above the upper one", "不高于上限的下限"),
    "cell_basis": ("a basis where an amount binds, else none", "有上限时须有计量单位，否则不填"),
    "cell_readings": ("the ways to read an unclear cell, each clear by itself", "待确认项的各种读法，且每种均明确"),
    "proposal_empty": ("at least one condition", "至少一个条件"),
    "outline_twice": ("codes and ranks of which each stands once", "各不重复的代码和级次"),
    "outline_ranks": ("host ranks, as an item depends on them", "作陪级别，因有项目以其为准"),
    "outline_levels": ("levels of this set", "本标准中的级别"),
    "work_span": ("spans of one day, in order, that end after they start", "同一天内按先后排列、结束晚于开始的时段"),
    "time_parsing": ("a time of day, e.g. 09:30", "时刻，如 09:30"),
    "time_type": ("a time of day, e.g. 09:30", "时刻，如 09:30"),
    "staff_roles": ("roles of the directory", "通讯录中的角色"),
    "change_needed": ("no null where a value is always needed", "必填字段不得为 null"),
    "instant_range": ("an instant between the years 2000 and 2200", "2000 年至 2200 年之间的时刻"),
}
"""Error type (pydantic's, or ours from `fields.py`) → what was expected, in English and Chinese."""

_ANYTHING_ELSE = ("a valid value", "有效的值")


def expected_for(kind: str, context: Mapping[str, Any], language: Language) -> str:
    """What a field with an error of `kind` should have held; limits come from the schema's own `context`."""
    english, chinese = EXPECTED.get(kind, _ANYTHING_ELSE)
    pattern = english if language == "en" else chinese
    values = {name: str(value) for name, value in context.items()}
    if language != "en" and "expected" in values:
        values["expected"] = re.sub("' or '|', '", "'、'", values["expected"])
    return pattern.format_map(values) if "{" in pattern else pattern
