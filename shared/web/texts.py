"""What problems say, as data: a row per code in our two languages, with a fallback per ending and per status.

A new code needs no row to work; a row makes it kinder.
"""

from __future__ import annotations

from shared.web.domain_texts import DOMAIN_TEXTS
from shared.web.text import LATER, LOOK, MEND, SIGN_IN, Text

TEXTS: dict[str, Text] = {
    **DOMAIN_TEXTS,
    "malformed-json": Text("The body is not valid JSON.", "请求正文不是有效的 JSON。", *MEND),
    "json-too-deep": Text("The body is nested too deeply.", "请求正文嵌套过深。", *MEND),
    "unusable-character": Text("A text holds a character that cannot be stored.", "文本中含有无法保存的字符。", *MEND),
    "number-too-large": Text("A whole number is too large.", "整数过大。", *MEND),
    "invalid-body": Text("The body is not what this request needs.", "请求正文与要求不符。", *MEND),
    "invalid-field": Text("A field has a value that cannot be accepted.", "某字段的值不可接受。", *MEND),
    "missing-field": Text("A required field is missing.", "缺少必填字段。", *MEND),
    "unknown-field": Text("The body has a field that is not known here.", "正文中有未知字段。", *MEND),
    "body-too-large": Text("The body is too large.", "请求正文过大。", "Send at most 64 KiB.", "请求正文最多 64 KiB。"),
    "body-too-slow": Text("The body did not arrive in time.", "请求正文未能按时到达。", *LATER),
    "no-such-route": Text(
        "There is nothing at this address.",
        "此地址不存在。",
        "See /docs for what there is.",
        "可用地址见 /docs。",
    ),
    "method-not-allowed": Text(
        "This address does not take this method.",
        "此地址不支持该方法。",
        "See the Allow header and /docs.",
        "请查看 Allow 标头和 /docs。",
    ),
    "internal-error": Text(
        "Something went wrong on our side.",
        "服务器内部出错。",
        "Name the instance when you ask for help.",
        "求助时请提供 instance 的值。",
    ),
    "database-away": Text(
        "The service cannot reach its data at the moment.",
        "服务暂时无法访问数据。",
        "Try again in a few seconds, with the same Idempotency-Key if you sent one.",
        "请稍后几秒再试；若已使用 Idempotency-Key，请用同一键重试。",
    ),
    "busy": Text("Others are working on the same thing at this moment.", "其他人正在处理同一事项。", *LATER),
    "idempotency-key-invalid": Text("The Idempotency-Key cannot be used.", "Idempotency-Key 不可用。", *MEND),
    "idempotency-key-reused": Text(
        "This Idempotency-Key was used for another request.",
        "此 Idempotency-Key 已用于另一请求。",
        "Use a new key for a new request.",
        "新的请求请使用新的键。",
    ),
    "idempotency-key-in-use": Text(
        "The same request is being worked on right now.",
        "相同的请求正在处理中。",
        "Wait for its answer, or repeat it with the same key in a few seconds.",
        "请等待其结果，或数秒后用同一键重试。",
    ),
    "token-missing": Text("Sign in first.", "请先登录。", *SIGN_IN),
    "token-invalid": Text("The token is not valid.", "令牌无效。", *SIGN_IN),
    "token-expired": Text("The token has expired.", "令牌已过期。", *SIGN_IN),
    "account-inactive": Text(
        "This account may not sign in.", "该账号不可使用。", "Ask your supervisor.", "请联系您的主管。"
    ),
    "account-locked": Text("This account is locked.", "该账号已锁定。", "Ask your administration.", "请联系行政部。"),
    "account-absent": Text(
        "You are entered as absent, and somebody stands in for you.",
        "您已登记为缺勤，目前由代理人代行职责。",
        "Whoever heads your department can end the absence.",
        "请联系部门负责人结束缺勤登记。",
    ),
    "staff-only": Text("This is for members of staff.", "此操作仅限员工。", *SIGN_IN),
    "signing-keys-missing": Text(
        "This service has not yet heard which keys sign tokens.",
        "本服务尚未收到用于验证令牌的密钥。",
        "It hears of them from intake within seconds of its start; try again.",
        "启动后数秒内会从 intake 收到；请稍后再试。",
    ),
    "permission-missing": Text(
        "Your roles do not allow this.", "您的角色无权执行此操作。", "Ask a colleague who may.", "请联系有权限的同事。"
    ),
    "ticket-accused": Text(
        "The complaint is about a person named here.",
        "投诉所涉人员不能处理此工单。",
        "Somebody else has to act on this ticket.",
        "请由其他同事处理此工单。",
    ),
    "ticket-not-yours": Text(
        "This step is not yours to take.",
        "您不负责此工单的这一步骤。",
        "Ask those named under `expected`.",
        "请联系 `expected` 中所列人员。",
    ),
    "nobody-to-assign": Text(
        "There is nobody to be chosen as handler.",
        "没有可选的处理人。",
        "Name a handler, or wait until somebody is back.",
        "请指定处理人，或等有人在岗后再试。",
    ),
}

_BY_ENDING: dict[str, Text] = {
    "-state": Text("This is not possible in the present state.", "当前状态下不能执行此操作。", *LOOK),
    "-not-found": Text(
        "There is no such thing, or you may not see it.",
        "该事项不存在，或您无权查看。",
        "Check the id.",
        "请核对编号。",
    ),
}

_BY_STATUS: dict[int, Text] = {
    400: Text("The request cannot be understood.", "无法理解该请求。", *MEND),
    401: TEXTS["token-invalid"],
    403: TEXTS["permission-missing"],
    404: _BY_ENDING["-not-found"],
    405: TEXTS["method-not-allowed"],
    409: Text("This cannot be done now.", "现在不能执行此操作。", *LOOK),
    422: TEXTS["invalid-field"],
    429: Text("Too many requests.", "请求过多。", "Wait and try again.", "请稍候再试。"),
    503: Text("This is not available at the moment.", "暂时不可用。", *LATER),
}


def own_text(code: str) -> Text | None:
    """The words of `code` by its own row or its ending."""
    by_ending = (text for ending, text in _BY_ENDING.items() if code.endswith(ending))
    return TEXTS.get(code) or next(by_ending, None)


def text_for(code: str, status: int) -> Text:
    """The words for `code`, else for the status."""
    other = TEXTS["internal-error"] if status >= 500 else _BY_STATUS[400]
    return own_text(code) or _BY_STATUS.get(status, other)
