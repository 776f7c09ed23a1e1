"""The words of a mail: its plain part, else its HTML part without the tags; bounded, and free of control characters."""

from __future__ import annotations

import re
from email.message import EmailMessage
from html.parser import HTMLParser

_MAX = 200_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "blockquote"})
_SILENT = frozenset({"script", "style", "head", "title"})


def words_of(message: EmailMessage) -> str:
    """Text of the first plain part that is no attachment, else of the first HTML part; empty where there is none."""
    plain = _first(message, "text/plain")
    if plain is not None:
        return _clean(_decoded(plain))
    html = _first(message, "text/html")
    return _clean(_untagged(_decoded(html))) if html is not None else ""


def _first(message: EmailMessage, kind: str) -> EmailMessage | None:
    for part in message.walk():
        if part.get_content_type() == "message/rfc822":
            # What follows belongs to the enclosed mail, which somebody else wrote.
            return None
        if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
            return part if isinstance(part, EmailMessage) else None
    return None


def _decoded(part: EmailMessage) -> str:
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ""
    charset = part.get_content_charset("utf-8")
    # GBK is often written by mailers that say GB2312; GB18030 holds both.
    charset = "gb18030" if charset in ("gb2312", "gbk") else charset
    try:
        return octets[:_MAX].decode(charset, "replace")
    except (LookupError, ValueError):
        return octets[:_MAX].decode("utf-8", "replace")


def _clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BREAKS:
            self.pieces.append("\n")
        if tag == "blockquote":
            self.pieces.append("> ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(" ".join(data.split()) if data.strip() else " " * bool(data))


def _untagged(html: str) -> str:
    parser = _Text()
    try:
        parser.feed(html)
        parser.close()
    except (AssertionError, ValueError):
        # The stock parser gives up on some malformed declarations; what was read until there stands.
        return "".join(parser.pieces)
    return re.sub(r"\n{3,}", "\n\n", "".join(parser.pieces))
