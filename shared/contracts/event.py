"""The base of every event: frozen, written strictly, read tolerantly."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from shared.contracts.topics import EVERY_SEQUENCED, Topic, TopicClass


class Value(BaseModel):
    """A part of an event."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Event(Value):
    """Something that happened, in the past tense. A subclass names its type, topic and the field that is its key.

    Unknown fields are an error when an event is made (the writer's mistake) and passed over when it is read (a newer
    writer). `version` counts compatible additions; what is not compatible is a new type, `….v2`.
    """

    type: ClassVar[str]
    topic: ClassVar[Topic]
    key: ClassVar[str]
    version: ClassVar[int]

    def __init_subclass__(
        cls,
        *,
        type: str,  # noqa: A002 - CloudEvents' word
        topic: Topic,
        key: str,
        version: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.type, cls.topic, cls.key, cls.version = type, topic, key, version

    @classmethod
    def dataschema(cls, version: int | None = None) -> str:
        """The URI reference in `ce_dataschema`: names type and version."""
        return f"/schemas/{cls.type}/{version or cls.version}"

    @classmethod
    def travels_on(cls, topic: Topic) -> bool:
        """Whether a record of `topic` may carry this."""
        return cls.topic is topic or (cls.topic is EVERY_SEQUENCED and topic.kind is TopicClass.SEQUENCED)

    @property
    def key_value(self) -> str:
        """The id of the thing this event is about: the record's key."""
        return str(getattr(self, self.key))

    def encode(self) -> bytes:
        """The record's value: JSON, fields without a value left out."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """Reads a record's value, unknown fields ignored. Raises pydantic.ValidationError without the values."""
        return cls.model_validate_json(value, extra="ignore")
