"""What answers mean, in Chinese and English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.callbacks.surveys import vocabulary
from services.callbacks.surveys.model import LONGEST, understand

SAID = {
    "satisfied": [
        *("1", "１", "①", "1。", "1!", "【1】", " 1 ", "1\n", "1 谢谢", "1, thanks", "1. 师傅很好", "一"),
        *("满意", "很满意", "非常满意", "特别满意", "滿意", "满 意", "我很满意", "满意，谢谢！", "不错", "很不错"),
        *("没问题，满意", "无论如何都满意", "是的", "好", "👍"),
        *(
            "Yes",
            "YES!",
            "yes, thank you",
            "Satisfied",
            "very satisfied",
            "I am very satisfied, thanks",
            "Happy with it",
        ),
    ],
    "neutral": [
        *("2", "２", "②", "二", "一般", "一般般", "非常一般", "还行", "还可以", "還可以"),
        *("ok", "OK", "so-so", "average", "It was average", "fine."),
    ],
    "dissatisfied": [
        *("3", "３", "③", "三", "3，太慢", "3. still broken", "3. 不满意"),
        *("不满意", "很不满意", "非常不满意", "不太满意", "不是很满意", "没有满意", "不够满意", "谈不上满意", "未满意"),
        *(
            "我不是特别满意",
            "不滿意",
            "不满意！！！",
            "我觉得不满意",
            "很不满意，师傅没来",
            "太差",
            "失望",
            "不",
            "不好",
        ),
        *("No", "no.", "no, it broke again", "not satisfied", "Not very satisfied", "not at all satisfied"),
        *(
            "I'm not satisfied",
            "I am not happy",
            "isn’t satisfied",
            "wasn't happy",
            "never satisfied",
            "less than satisfied",
        ),
        *("dissatisfied", "unsatisfied", "unhappy", "far from satisfied", "not satisfied but thanks"),
        *("3 still broken", "3 things are broken", "3 还在漏水"),
        *("unhappy that nobody came", "不满意，等了两个小时", "disappointed, hope you do better"),
    ],
    "unclear": [
        *("", " ", "?", "hmm", "谢谢", "thanks", "4", "12", "11", "10", "1/2/3", "1 2", "2 days late", "you said 1"),
        *("1 thing is still broken", "3 days later all was fine, satisfied", "3 or 1"),
        *(
            "没有不满意",
            "不是不满意",
            "不是不满意，但很慢",
            "不一般",
            "一般不满意",
            "服务不错但不满意",
            "满意和不满意都有",
        ),
        *(
            "满意但是太慢",
            "满意吗",
            "满意?",
            "不满意吗",
            "等你们修好我才满意",
            "满意不了",
            "以前满意",
            "以前不满意，现在好了",
            "如果再坏就不满意",
            "希望能满意",
        ),
        *("1 不满意", "1. 修好了 2. 又坏了", "3 满意", "3. 满意", "1. not satisfied"),
        *("not dissatisfied", "not unhappy", "not bad", "no thanks", "anything but satisfied", "satisfied. not!"),
        *("could not be more satisfied", "satisfied until it broke", "I would be satisfied if you came"),
        *("Are you satisfied?", "satisfied, but it took a week", "满意" + "。" * LONGEST),
    ],
}

DECORATIONS = st.sampled_from(["", " ", "\n", "!", "。", "！", "～", "...", " 谢谢", "，谢谢您"])


@pytest.mark.parametrize(("reading", "text"), [(reading, text) for reading, texts in SAID.items() for text in texts])
def test_an_answer_is_read_as_meant_or_left_to_a_person(reading: str, text: str) -> None:
    """CB-16: three points; what is not plain is unclear."""
    assert understand(text).reading == reading


@given(
    negator=st.sampled_from(["不", "没有", "未", "谈不上", "算不上", "不是", "不怎么", "没觉得"]),
    filler=st.sampled_from(["", "很", "太", "够", "特别", "十分", "完全", "那么", "是很", "觉得"]),
    before=st.sampled_from(["", "我", "我们", "总体", "这次服务"]),
    after=DECORATIONS,
)
def test_a_chinese_negation_of_satisfied_is_never_read_as_satisfied(
    negator: str, filler: str, before: str, after: str
) -> None:
    """CB-16: a dissatisfied party must not be thanked and forgotten."""
    assert understand(f"{before}{negator}{filler}满意{after}").reading in ("dissatisfied", "unclear")


@given(
    negator=st.sampled_from(
        ["not", "never", "isn't", "wasn’t", "hardly", "no way", "cannot be", "don't feel", "nowhere near, not"]
    ),
    filler=st.lists(st.sampled_from(["very", "really", "at all", "that", "completely", "what I call"]), max_size=3),
    word=st.sampled_from([word for word, outcome in vocabulary.ENGLISH.items() if outcome == "satisfied"]),
    after=DECORATIONS,
)
def test_an_english_negation_of_satisfied_is_never_read_as_satisfied(
    negator: str, filler: list[str], word: str, after: str
) -> None:
    """CB-16."""
    assert understand(" ".join(["I am", negator, *filler, word]) + after).reading in ("dissatisfied", "unclear")


@given(digit=st.sampled_from("123"), before=DECORATIONS.filter(lambda s: "谢" not in s), after=DECORATIONS)
def test_a_digit_is_read_alike_however_it_is_typed(digit: str, before: str, after: str) -> None:
    """CB-16: full-width digits too."""
    wide = chr(ord(digit) + 0xFEE0)
    expected = vocabulary.DIGITS[digit]
    assert understand(f"{before}{digit}{after}").reading == expected
    assert understand(f"{before}{wide}{after}").reading == expected


@given(st.text(max_size=700))
def test_any_text_is_read_without_an_error_and_alike_each_time(text: str) -> None:
    assert understand(text) == understand(text)


@given(st.integers(min_value=4, max_value=10**9))
def test_another_number_is_no_answer(number: int) -> None:
    assert understand(str(number)).reading == "unclear"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("3，请回电", True),
        ("不满意，给我打电话", True),
        ("Not satisfied. Call me!", True),
        ("不满意，别给我打电话", False),
        ("not satisfied, do not call me", False),
        ("满意", False),
        ("Please don't contact me", False),
    ],
)
def test_the_wish_to_be_contacted_is_heard(text: str, wanted: bool) -> None:
    assert understand(text).contact_wanted is wanted


def test_the_tables_are_in_the_folded_form_that_answers_are_compared_in() -> None:
    tables = (
        vocabulary.WHOLE,
        vocabulary.CHINESE,
        vocabulary.ENGLISH,
        vocabulary.COURTESIES,
        vocabulary.CONTACT_WISHES,
    )
    for word in (word for table in tables for word in table):
        assert word == word.casefold().translate(vocabulary.SIMPLIFIED)
