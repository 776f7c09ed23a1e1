"""What models and limits say they expected, in Chinese: a row per sentence, `{…}` for what varies (codes, numbers)."""

from __future__ import annotations

import re
from functools import cache

from shared.web.language import Language

PHRASES: tuple[tuple[str, str], ...] = (
    ("valid JSON in UTF-8", "UTF-8 编码的有效 JSON"),
    ("an address without NUL", "不含 NUL 的地址"),
    ("text without NUL", "不含 NUL 的文本"),
    ("CSV as of RFC 4180: a quote is not closed", "符合 RFC 4180 的 CSV：引号未闭合"),
    ("a department that is not closed", "未关闭的部门"),
    ("a phone number with its country, as +8613912345678", "带国家代码的电话号码，如 +8613912345678"),
    ("a value that no earlier line has", "前面各行未出现过的值"),
    ("a value", "一个值"),
    ("a whole number from 0 to 9999", "0 至 9999 的整数"),
    ("an IANA time zone, as Asia/Shanghai", "IANA 时区，如 Asia/Shanghai"),
    ("an e-mail address", "电子邮件地址"),
    ("an instant after absent_from", "absent_from 之后的时刻"),
    ("an instant with its offset, as 2026-11-23T09:00+08:00", "带时差的时刻，如 2026-11-23T09:00+08:00"),
    ("an instant, as absent_until is given", "时刻，因为填写了 absent_until"),
    ("a form of ours", "本站的表单"),
    ("a number plate", "车牌号"),
    ("a slot that has a free place", "有空位的时段"),
    ("a slot, by the command move", "时段，请用命令 move"),
    ("an appointment that is to come", "尚未开始的预约"),
    ("at most {} appointments to come", "至多 {} 个待赴约的预约"),
    ("the begin of a slot that is offered", "可预约时段的开始时刻"),
    ("at most {} drafts at a time", "同时至多 {} 份草稿"),
    ("at most {} characters", "至多 {} 个字符"),
    ("at most {} rows in one file", "每个文件至多 {} 行"),
    (
        "codes of areas, of letters, digits, dots and dashes, parted by spaces",
        "区域代码（字母、数字、点、横线），以空格分隔",
    ),
    ("each column once, of {}", "每列一次，可用列：{}"),
    ("roles of {}, parted by spaces", "角色（{}），以空格分隔"),
    ("the address of a member of staff, in these files or known already", "文件中或已有员工的邮箱"),
    ("the code of a department, in these files or known already", "文件中或已有部门的代码"),
    ("this column, because it is required", "必需的列"),
    ("yes or no", "yes 或 no"),
    ("yes, as people or open departments belong to it", "yes，因为仍有员工或下级部门"),
    ("zh-CN or en", "zh-CN 或 en"),
    ("{} cells", "{} 个单元格"),
    ("at most {} bytes", "至多 {} 字节"),
    ("at most {} levels", "至多 {} 层"),
    ("at most {} days ahead", "至多提前 {} 天"),
    ("at most {} days after arrival", "至多在到达后 {} 天"),
    ("at most {}, counted from 0", "至多 {}，从 0 起计"),
    ("at most {}", "至多 {}"),
    ("the same key in a few seconds", "数秒后用同一键重试"),
    ("the whole body within {} s", "在 {} 秒内发完正文"),
    ("another attempt in {} s", "{} 秒后再试"),
    ("1 to 200 visible ASCII characters, e.g. a UUID", "1 至 200 个可见 ASCII 字符，如 UUID"),
    ("2 to 63 of a-z, 0-9 and -, the first a letter", "2 至 63 个 a-z、0-9 和 - 字符，以字母开头"),
    ("a cell at {}", "{} 处的标准"),
    ("a cell that needs confirmation", "待确认的项"),
    ("a code that nobody drafts at the moment", "当前无草稿的代码"),
    ("a channel's key", "渠道密钥"),
    ("a code that no other department has", "其他部门未用的代码"),
    ("a department that does not lie below this one", "不在本部门之下的部门"),
    ("a department without staff and without open departments below", "没有员工和下级部门的部门"),
    ("a member of staff", "员工"),
    ("a member of staff who is still here", "在职员工"),
    ("a handler, named here", "在此指定的处理人"),
    ("a new key for another request", "另一请求须用新的键"),
    ("a time at which the host is here", "接待人在岗的时间"),
    ("a person to confirm first: {}", "请先由专人确认：{}"),
    ("a published edition of {}", "{} 的已发布版次"),
    ("a time in which no other absence lies", "没有其他缺勤的时段"),
    ("a reason, as arrival is less than {} working days ahead", "理由，因为距到达不足 {} 个工作日"),
    ("an address that no colleague has", "其他员工未用的邮箱"),
    ("an id that no other channel has used", "其他渠道未用过的编号"),
    ("an item, level and rank of this set", "本标准中的项目、级别和作陪级别"),
    ("amounts in {}", "{} 金额"),
    ("an instant after arrival", "到达之后的时刻"),
    ("an instant that is not to come", "不晚于现在的时刻"),
    ("an instant that is to come", "将来的时刻"),
    ("assign it to somebody else first", "请先指派给他人"),
    ("between arrival and now", "到达与现在之间的时刻"),
    ("id of a department", "部门编号"),
    ("ids of members of staff", "员工编号"),
    ("in state {}: nothing: it has ended", "状态 {}：已结束，无可用操作"),
    ("in state {}: {}", "状态 {} 下可用：{}"),
    ("no department that goes by it, not {}", "无部门使用；现有 {} 个部门使用"),
    ("no line that is blocked: {}", "无受阻项目；受阻：{}"),
    ("one of {}", "下列之一：{}"),
    ("some working time in a year", "一年中有工作时间"),
    ("somebody else than the person", "本人以外的人"),
    ("somebody who does not lead back to the person", "不会循环指向本人的人"),
    ("somebody else than: {}", "其他人，不得为：{}"),
    ("somebody other than the requester", "申请人以外的人"),
    ("somebody other than the requester who may decide", "申请人以外有审批权的人"),
    ("an instant after the start, and to come", "晚于开始且尚未到来的时刻"),
    ("who gave the delegation", "授权人本人"),
    ("who gave or has the delegation", "授权人或被授权人"),
    ("another member of staff", "另一位员工"),
    ("a visit of the kind reception", "reception 类的来访"),
    ("the form, or papers", "登记表或简历"),
    ("somebody who is here", "在岗人员"),
    ("a visit whose time has come", "已到时间的来访"),
    ("an instant after the planned one", "晚于原计划的时刻"),
    ("a judged level", "已评定的级别"),
    ("a planned budget, if only an empty one", "已编制的预算（可为空）"),
    ("a visit whose approval waits", "正等待审批的来访"),
    ("the digest of what waits, {}", "待审批内容的摘要 {}"),
    ("somebody with one of the roles {}", "具有以下角色之一的人：{}"),
    ("somebody present with a role of {} whom the complaint is not about", "在岗、角色为 {} 且非投诉所涉的人员"),
    ("somebody whom the complaint is not about", "投诉所涉人员以外的人"),
    ("the approver, or the substitute while absent", "审批人，或其缺席时的代理人"),
    ("the code of a published set", "已发布标准的代码"),
    ("the permission {} over this department", "对该部门的权限 {}"),
    ("the permission {}", "权限 {}"),
    ("the present revision, {}", "当前修订号 {}"),
    ("the present version, {}", "当前版本 {}"),
    ("the visit's host or requester, or the permission {}", "来访的接待人、申请人，或有权限 {} 者"),
    ("what was bad, in the party's words", "客户所述的不满之处"),
    ("why the complaint is not valid", "投诉不成立的理由"),
    ("why the level is not the proposed one, {}", "未采用建议级别 {} 的理由"),
    ("{} more cells, at {}", "另需 {} 项，位于 {}"),
    ("{} or {} or {}", "{}、{} 或 {}"),
    ("{} or {}", "{} 或 {}"),
)
"""English → Chinese; the first row that fits counts, so special ones stand before general ones."""


def in_language(english: str | None, language: Language) -> str | None:
    """What was expected, in the caller's language; as it is where no row fits: names of roles, states, commands."""
    if english is None or language == "en":
        return english
    for pattern, chinese in _patterns():
        if found := pattern.fullmatch(english):
            return chinese.format(*found.groups())
    return english


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(re.escape(en).replace(re.escape("{}"), r"(\S.*?)")), zh) for en, zh in PHRASES)
