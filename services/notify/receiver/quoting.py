"""Takes quoted history and signature off an answer, so that what the person wrote now remains: a small rule set."""

from __future__ import annotations

import re

_CUTS = (
    # "On Tue, … wrote:", which mailers break over lines.
    re.compile(r"^On .{1,300}?wrote:[ \t]*$", re.M | re.S),
    # Dividers of Outlook, Foxmail, QQ and NetEase mail, phones.
    re.compile(
        r"^[ \t]*-{2,}[ \t]*(?:Original Message|Forwarded message|原始邮件|原邮件|转发邮件)[ \t]*-{2,}", re.M | re.I
    ),
    re.compile(r"^[ \t]*_{10,}[ \t]*\n(?:From|发件人)[：:]", re.M),
    re.compile(
        r"^(?:From|发件人)[：:][^\n]{1,300}\n(?:[^\n]{0,300}\n){0,3}(?:Sent|Date|To|发送时间|日期|收件人)[：:]", re.M
    ),
    # Signature mark (RFC 3676 §4.3) and what phones add.
    re.compile(r"^-- ?$", re.M),
    re.compile(r"^(?:Sent from my |Get Outlook for |发自我的|从我的.{1,20}发送)", re.M),
)


_WROTE_ZH = re.compile(r"^[^\n]{0,300}写道[：:][ \t]*$", re.M)
"""在 2026年11月3日，某某 写道： · 某某 于2026年11月3日周二写道： — the date may stand on the line before."""


def without_history(text: str) -> str:
    """The new words of an answer; the whole text where cutting would leave nothing."""
    ends = [found.start() for cut in _CUTS if (found := cut.search(text))]
    end = min([*ends, _attribution(text)])
    kept = [line for line in text[:end].split("\n") if not line.lstrip().startswith(">")]
    return "\n".join(kept).strip() or text.strip()


def _attribution(text: str) -> int:
    for found in _WROTE_ZH.finditer(text):
        before = text.rfind("\n", 0, max(0, found.start() - 1)) + 1
        if re.search(r"\d", found[0]):
            return found.start()
        if re.search(r"\d{4}", text[before : found.start()]):
            return before
    return len(text)
