"""The words that answers are made of, in Chinese and English: data for `model.py`, all in simplified, folded form."""

from __future__ import annotations

from typing import Final, Literal

Outcome = Literal["satisfied", "neutral", "dissatisfied"]

DIGITS: Final[dict[str, Outcome]] = {
    "1": "satisfied",
    "2": "neutral",
    "3": "dissatisfied",
    "一": "satisfied",
    "二": "neutral",
    "三": "dissatisfied",
}
"""The three points as the question numbers them."""

SIMPLIFIED: Final = str.maketrans(
    "滿還沒無個過說談對錯謝請聯電給這麼嗎並壞氣訴諾", "满还没无个过说谈对错谢请联电给这么吗并坏气诉诺"
)
"""Traditional signs that occur in the words below."""

COURTESIES: Final = (
    "谢谢你们",
    "谢谢您",
    "谢谢你",
    "谢谢",
    "多谢",
    "辛苦了",
    "您好",
    "你好",
    "thank you very much",
    "thank you",
    "many thanks",
    "thanks a lot",
    "thanks",
    "hello",
    "dear all",
    "please",
)
"""Said to be polite; they change nothing."""

WHOLE: Final[dict[str, Outcome]] = {
    "是": "satisfied",
    "是的": "satisfied",
    "对": "satisfied",
    "好": "satisfied",
    "很好": "satisfied",
    "挺好": "satisfied",
    "非常好": "satisfied",
    "yes": "satisfied",
    "y": "satisfied",
    "good": "satisfied",
    "否": "dissatisfied",
    "不": "dissatisfied",
    "不是": "dissatisfied",
    "不好": "dissatisfied",
    "很不好": "dissatisfied",
    "差": "dissatisfied",
    "no": "dissatisfied",
    "n": "dissatisfied",
    "bad": "dissatisfied",
    "可以": "neutral",
    "中": "neutral",
    "ok": "neutral",
    "okay": "neutral",
    "fine": "neutral",
}
"""Answers only where they are all that was said: within a sentence they mean too many things."""

CHINESE: Final[dict[str, Outcome]] = {
    "满意": "satisfied",
    "好评": "satisfied",
    "不错": "satisfied",
    "👍": "satisfied",
    "一般": "neutral",
    "还行": "neutral",
    "还可以": "neutral",
    "凑合": "neutral",
    "马马虎虎": "neutral",
    "差评": "dissatisfied",
    "很差": "dissatisfied",
    "太差": "dissatisfied",
    "差劲": "dissatisfied",
    "糟糕": "dissatisfied",
    "失望": "dissatisfied",
    "恶劣": "dissatisfied",
    "投诉": "dissatisfied",
    "👎": "dissatisfied",
}

CHINESE_NEGATORS: Final = ("谈不上", "算不上", "说不上", "没有", "不", "没", "未", "无", "别", "非", "难")

CHINESE_FILLERS: Final = frozenset("很太大怎么那这算是够特别十分完全觉得感到能说让人多有令我们客户非常")
"""Signs that may stand between a negator and what it negates without changing that it does."""

CHINESE_HARMLESS: Final = (
    "没问题",
    "没有问题",
    "没什么问题",
    "没事",
    "不客气",
    "不用谢",
    "别客气",
    "非常",
    "特别",
    "无论",
    "不好意思",
)
"""Hold a negator's sign and negate nothing."""

ENGLISH: Final[dict[str, Outcome]] = {
    "satisfied": "satisfied",
    "satisfactory": "satisfied",
    "happy": "satisfied",
    "great": "satisfied",
    "excellent": "satisfied",
    "pleased": "satisfied",
    "neutral": "neutral",
    "average": "neutral",
    "mediocre": "neutral",
    "so-so": "neutral",
    "dissatisfied": "dissatisfied",
    "unsatisfied": "dissatisfied",
    "unsatisfactory": "dissatisfied",
    "unhappy": "dissatisfied",
    "disappointed": "dissatisfied",
    "disappointing": "dissatisfied",
    "terrible": "dissatisfied",
    "awful": "dissatisfied",
    "horrible": "dissatisfied",
}

ENGLISH_NEGATORS: Final = frozenset(
    [
        "not",
        "no",
        "never",
        "hardly",
        "barely",
        "scarcely",
        "without",
        "cannot",
        "cant",
        "dont",
        "doesnt",
        "didnt",
        "isnt",
        "wasnt",
        "arent",
        "werent",
        "aint",
        "couldnt",
        "wouldnt",
        "wont",
        "shouldnt",
        "havent",
        "hasnt",
        "hadnt",
        "neither",
        "nor",
        "nothing",
        "nobody",
        "none",
        "far",
        "less",
        "anything",
    ]
)

ENGLISH_FILLERS: Final = frozenset(
    [
        "very",
        "really",
        "at",
        "all",
        "quite",
        "so",
        "that",
        "too",
        "completely",
        "entirely",
        "fully",
        "totally",
        "been",
        "be",
        "being",
        "feel",
        "feeling",
        "am",
        "is",
        "was",
        "are",
        "were",
        "i",
        "we",
        "im",
        "a",
        "the",
        "bit",
        "even",
        "yet",
        "exactly",
        "particularly",
        "especially",
        "from",
        "than",
        "terribly",
        "overly",
    ]
)

CONTRASTS: Final = (
    "但",
    "不过",
    "可是",
    "只是",
    "然而",
    "就是",
    "but",
    "however",
    "although",
    "though",
    "except",
    "until",
)
"""What follows takes back what was said: "satisfied, but …" is not a plain answer."""

QUESTIONS: Final = ("?", "吗", "呢", "谁", "怎么会")

CONDITIONS: Final = ("如果", "要是", "假如", "之前", "原来", "以前", "if", "would", "before", "previously")
"""Speaks of another time or case than now."""

RESERVATIONS: Final = ("才", "希望", "等", "when", "once", "hope")
"""Satisfied, but not yet. Beside dissatisfaction they take nothing back: who waited two hours says so."""

CONTACT_WISHES: Final = (
    "联系我",
    "给我打电话",
    "打电话给我",
    "给我回电",
    "回个电话",
    "请回电",
    "请来电",
    "call me",
    "contact me",
    "ring me",
    "phone me",
    "call back",
)

NO_CONTACT_WISHES: Final = (
    "别",
    "不要",
    "不用",
    "勿",
    "请勿",
    "无需",
    "不必",
    "don't",
    "dont",
    "do not",
    "never",
    "no need",
    "not",
)
"""Directly or a word before a wish to be contacted: it is the opposite."""
