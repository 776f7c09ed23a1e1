"""What problems of the domain say: a row per code that the services' models and commands refuse with."""

from __future__ import annotations

from shared.web.text import CHOOSE, LOOK, MEND, OTHERS, SIGN_IN, Text

DOMAIN_TEXTS: dict[str, Text] = {
    "budget-blocked": Text("The budget has lines that cannot be approved.", "预算中有不能批准的项目。", *MEND),
    "absence-dates": Text("An absence cannot have these dates.", "缺勤时间不合理。", *MEND),
    "absence-overlap": Text("Another absence lies in this time.", "该时段已有缺勤登记。", *LOOK),
    "calendar-empty": Text("Nobody would ever work by this calendar.", "按此日历将永无工作时间。", *MEND),
    "calendar-year-unannounced": Text(
        "The public holidays of this year are not announced yet.",
        "该年度的公共假期尚未公布。",
        "It was counted by the statutory days; moved working days may change the result.",
        "暂按法定节假日计算；公布调休后结果可能变化。",
    ),
    "callback-excluded": Text("Who handled something does not ask how it was.", "经办人不得自行回访。", *OTHERS),
    "category-unknown": Text("There is no such category.", "没有这一类别。", *CHOOSE),
    "cell-confirmed": Text("The cell is clear already.", "该项无需确认。", *LOOK),
    "cell-missing": Text("The standard has no such cell yet.", "该标准尚缺此项。", *LOOK),
    "cell-unknown": Text("The standard has no place for this cell.", "该标准没有此项的位置。", *CHOOSE),
    "cells-unconfirmed": Text(
        "Some cells of the standard are not confirmed yet.",
        "标准中有待确认的项目。",
        "Have somebody confirm them, then try again.",
        "请先由有权限者确认，再重试。",
    ),
    "channel-key-invalid": Text(
        "The channel's key is not known.",
        "渠道密钥无效。",
        "Use the key that was shown when the channel was added.",
        "请使用添加渠道时显示的密钥。",
    ),
    "channel-key-missing": Text(
        "A channel's key is needed.",
        "需要渠道密钥。",
        "Send it as Authorization: Bearer or X-Channel-Key.",
        "请通过 Authorization: Bearer 或 X-Channel-Key 提交。",
    ),
    "channel-name": Text("A channel cannot have this name.", "渠道名称不可用。", *MEND),
    "close-reason": Text("A ticket is not closed for this reason now.", "当前不能以此理由关闭工单。", *LOOK),
    "currency-mixed": Text("Amounts of two currencies cannot be compared.", "不同币种的金额无法比较。", *MEND),
    "department-unknown": Text("There is no such department.", "没有该部门。", *CHOOSE),
    "approval-outdated": Text("Something else waits for approval by now.", "待审批的内容已有变化。", *LOOK),
    "delegate-unsuitable": Text("This person cannot decide in your place.", "不能授权给此人。", *CHOOSE),
    "delegation-ended": Text("The delegation has ended.", "授权已结束。", *OTHERS),
    "may-not-apply": Text("Your roles may not apply for this.", "您的角色不能提出此类申请。", *OTHERS),
    "nothing-waits": Text("No approval waits here.", "没有待审批的事项。", *LOOK),
    "route-unknown": Text("There is no such approval route.", "没有这一审批流程。", *CHOOSE),
    "handler-unsuitable": Text("This person cannot handle the ticket.", "此人不能处理该工单。", *CHOOSE),
    "host-rank-unknown": Text("The standard does not know this rank of host.", "该标准没有此作陪级别。", *CHOOSE),
    "department-circle": Text("A department cannot lie below itself.", "部门不能隶属于自身。", *CHOOSE),
    "department-exists": Text("Another department has this code.", "该部门代码已被使用。", *CHOOSE),
    "department-in-use": Text(
        "Somebody works there, or an open department lies below.",
        "该部门仍有员工或下级部门。",
        "Move them first, then close it.",
        "请先将其调离，再关闭该部门。",
    ),
    "host-absent": Text(
        "The host is absent at that time.",
        "接待人届时缺勤。",
        "Choose another time, or another host.",
        "请另选时间或另选接待人。",
    ),
    "host-unknown": Text("The host is not one of our staff.", "接待人不是在职员工。", *CHOOSE),
    "impossible-dates": Text("These dates cannot be.", "日期不合理。", *MEND),
    "item-unknown": Text("The standard does not have this item.", "该标准没有此项目。", *CHOOSE),
    "level-unknown": Text("The standard does not have this level.", "该标准没有此级别。", *CHOOSE),
    "message-id-taken": Text(
        "This id belongs to another message.", "该编号已属于另一消息。", "Use a new id.", "请使用新的编号。"
    ),
    "no-approver": Text(
        "Nobody is here who could approve this.",
        "目前没有可审批的人员。",
        "Ask the directory's owner to name a manager or a substitute.",
        "请联系通讯录管理员指定经理或代理人。",
    ),
    "nobody-to-assign": Text(
        "Nobody suitable is here at the moment.",
        "目前没有合适的在岗人员。",
        "Name a handler, or ask the supervisor.",
        "请指定处理人，或联系主管。",
    ),
    "not-the-approver": Text("The decision is somebody else's.", "此审批由他人决定。", *OTHERS),
    "own-account": Text("Nobody changes their own powers.", "不得更改自己的权限。", *OTHERS),
    "own-request": Text("Nobody approves their own request.", "不得审批自己的申请。", *OTHERS),
    "reason-missing": Text("A reason is needed.", "需要填写理由。", *MEND),
    "reading-unknown": Text("The cell has no such reading.", "该项没有这种读法。", *CHOOSE),
    "short-notice": Text("The visit comes at short notice.", "来访提前量不足。", *MEND),
    "sign-in": Text("The e-mail address or the password is wrong.", "邮箱或密码错误。", *SIGN_IN),
    "staff-circle": Text(
        "Managers and substitutes must lead to somebody else.", "上级与代理人不得循环指向本人。", *CHOOSE
    ),
    "staff-exists": Text("A colleague has this e-mail address.", "该邮箱已属于另一员工。", *CHOOSE),
    "staff-unknown": Text("There is no such member of staff.", "没有该员工。", *CHOOSE),
    "standard-draft-exists": Text(
        "Somebody drafts this standard already.",
        "该标准已有草稿。",
        "Work on that draft, or choose another code.",
        "请在该草稿上修改，或另选代码。",
    ),
    "standard-set-incomplete": Text("The standard has cells that are empty.", "该标准尚有空缺项。", *MEND),
    "standard-set-missing": Text("No such standard is in force.", "没有生效的该标准。", *CHOOSE),
    "standard-set-used": Text("Departments go by this standard.", "有部门正在使用该标准。", *LOOK),
    "standard-set-version": Text("The standard has changed in the meantime.", "该标准已变更。", *LOOK),
    "ticket-accused": Text("Who is complained about takes no part in the ticket.", "被投诉人不得参与该工单。", *OTHERS),
    "ticket-not-yours": Text("The ticket is in somebody else's hands.", "该工单由他人处理。", *OTHERS),
    "too-many-attempts": Text(
        "Too many attempts to sign in.", "登录尝试次数过多。", "Wait a quarter of an hour.", "请等待一刻钟后再试。"
    ),
    "too-many-rooms": Text("There are more rooms than guests.", "房间数多于来访人数。", *MEND),
    "visit-revision": Text("The visit has changed in the meantime.", "该来访计划已变更。", *LOOK),
    "words-missing": Text("The request needs some words.", "需要填写内容。", *MEND),
}
