"""One problem's words in our two languages, and the advice that many problems share."""

from __future__ import annotations

from dataclasses import dataclass

from shared.web.language import Language


@dataclass(frozen=True, slots=True)
class Text:
    """One problem's words: `title` says what is wrong, `detail` what to do."""

    en: str
    zh: str
    en_detail: str
    zh_detail: str

    def title(self, language: Language) -> str:
        """What is wrong."""
        return self.en if language == "en" else self.zh

    def detail(self, language: Language) -> str:
        """What to do about it."""
        return self.en_detail if language == "en" else self.zh_detail


Advice = tuple[str, str]

MEND: Advice = ("Mend the field named here and send the request again.", "请改正所指字段后重新提交。")
SIGN_IN: Advice = ("Sign in again and repeat the request.", "请重新登录后再试。")
LATER: Advice = ("Nothing was changed; try again in a few seconds.", "没有任何更改；请稍后几秒再试。")
LOOK: Advice = ("Read the thing again and decide from its present state.", "请重新读取该事项，按其当前状态处理。")
CHOOSE: Advice = ("Choose another one.", "请另选一项。")
OTHERS: Advice = ("Ask a colleague who may.", "请联系有权限的同事。")
