"""What the entities of drivers.mqtt_ha_entities are made of: readers, writers, availability."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drivers.mqtt_ha_config import Fields, Unusable, checked_topic
from drivers.mqtt_payload import text_of
from drivers.mqtt_talk import Hear, Message, Needs, Pressed, Read
from drivers.mqtt_template import Template, compile_template
from drivers.mqtt_tokens import TemplateRefused
from drivers.mqtt_values import Undefined, spoken
from drivers.types import Capability, Command, DeviceState

Take = Callable[[object, DeviceState], DeviceState]
"""A value and the state before it become the state after it; raises BadPayload."""
Write = Callable[[Command], tuple[Message, ...] | None]
"""Carries a command out; None for one that is not this entity's. Raises Refused."""


@dataclass(slots=True)
class Made:
    """An entity as the driver needs it."""

    capabilities: list[Capability] = field(default_factory=list)
    reads: dict[str, list[Read]] = field(default_factory=dict)
    write: Write | None = None
    presses: dict[str, Pressed] = field(default_factory=dict)

    def listen(self, topic: str | None, template: Template | None, take: Take) -> None:
        """Read a topic through a template; what is empty or not there changes nothing."""
        if topic is None:
            return

        def read(payload: bytes, before: DeviceState) -> DeviceState:
            value = text_of(payload) if template is None else template.value(payload)
            if value is None or isinstance(value, Undefined) or value == "":
                return before
            return take(value, before)

        self.reads.setdefault(topic, []).append(read)


def together(reads: Mapping[str, list[Read]]) -> dict[str, Read]:
    """Return one reader a topic."""
    return {topic: _one(each) for topic, each in reads.items()}


def _one(reads: list[Read]) -> Read:
    if len(reads) == 1:
        return reads[0]

    def read(payload: bytes, before: DeviceState) -> DeviceState:
        state = before
        for each in reads:
            state = each(payload, state)
        return state

    return read


def writer(fields: Fields, name: str) -> Callable[[object], Message]:
    """Return what makes the command `name`; checked and compiled now. Raises Unusable."""
    topic = fields.must_topic(f"{name}_topic")
    template = fields.template(f"{name}_template")

    def write(value: object) -> Message:
        text = spoken(value) if template is None else template.text({"value": value})
        return Message(topic, text.encode())

    return write


def availability(fields: Fields) -> tuple[dict[str, Hear], Needs]:
    """Return the topics that tell whether it is there. Raises Unusable."""
    several = fields.raw("availability")
    given = several if isinstance(several, list) else []
    if fields.has("availability_topic"):
        given = [
            {
                "topic": fields.raw("availability_topic"),
                "payload_available": fields.raw("payload_available"),
                "payload_not_available": fields.raw("payload_not_available"),
                "value_template": fields.raw("availability_template"),
            }
        ]
    try:
        mode = Needs(fields.text("availability_mode", "latest"))
    except ValueError as err:
        raise Unusable("an unknown `availability_mode`") from err
    return {checked_topic(one.get("topic"), "topic"): _hear(one) for one in given}, mode


def _hear(one: Mapping[str, object]) -> Hear:
    yes = spoken(one.get("payload_available") or "online")
    no = spoken(one.get("payload_not_available") or "offline")
    source = one.get("value_template")
    try:
        template = None if source is None else compile_template(str(source))
    except TemplateRefused as err:
        raise Unusable(f"the availability's template uses {err}") from err

    def hear(payload: bytes) -> bool | None:
        text = text_of(payload) if template is None else spoken(template.value(payload))
        return True if text == yes else False if text == no else None

    return hear
