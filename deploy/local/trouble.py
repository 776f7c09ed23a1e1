"""What can go wrong on a laptop, each with one sentence that says what to do."""

from __future__ import annotations


class Trouble(Exception):
    """Something that the person at the keyboard can mend. `code` is a row of `texts.py`, `values` fill its sentence."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        from deploy.local.texts import say  # texts are only needed when somebody reads

        return say(self.code, "en", **self.values)
