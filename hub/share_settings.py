"""What may stand under `share:`: who is told what, and who may ask for what. All of it is off."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, IPvAnyAddress, model_validator

from drivers.mqtt_settings import Topic
from drivers.settings import Strict
from hub.setting_types import MoodRegion, Name

Environment = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
"""The name of an environment variable."""


class HomeAssistantShare(Strict):
    """Home Assistant, through the broker of `drivers.mqtt`."""

    enabled: bool = False
    prefix: Topic = "homeassistant"
    """Where Home Assistant listens for announcements."""
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")] = "moodsync"
    """The first part of the hub's own topics; two hubs on one broker need different ones."""


class AppleHomeShare(Strict):
    """Apple Home, by the HomeKit Accessory Protocol (needs the extra `homekit`)."""

    enabled: bool = False
    port: Annotated[int, Field(ge=1, le=65_535)] = 51_826
    address: IPvAnyAddress | None = None
    """Where to listen; this machine's address in the home's network if not given."""


class Secret(Strict):
    """A secret: in a file of its own or in an environment variable, never in the configuration."""

    secret_file: Path | None = None
    secret_env: Environment | None = None

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.secret_file is None) == (self.secret_env is None):
            raise ValueError("give `secret_file` or `secret_env`: it signs what is sent")
        return self


class Webhook(Secret):
    """Somebody who is sent a signed POST when something happens."""

    url: str | None = None
    url_file: Path | None = None
    """A file with the address, where the address itself is a secret (IFTTT's hold the key)."""
    url_env: Environment | None = None
    on: Annotated[tuple[Literal["decision", "mood", "needs_attention"], ...], Field(min_length=1)]
    """`mood` says when a room's mood enters or leaves `region`; it needs `share.moods`."""
    region: MoodRegion | None = None
    rooms: tuple[Name, ...] = ()
    """Only these rooms; all if none is named."""
    ca_file: Path | None = None
    """The authority of a server in the home that has a certificate of its own making."""
    allow_http: bool = False
    """Plain http, to this machine or an address of the home's network alone."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if sum(one is not None for one in (self.url, self.url_file, self.url_env)) != 1:
            raise ValueError("give exactly one of `url`, `url_file`, `url_env`")
        if self.url is not None:
            check_url(self.url, allow_http=self.allow_http)
        if ("mood" in self.on) != (self.region is not None):
            raise ValueError("`on: [mood]` and `region` go together")
        return self


class Hook(Secret):
    """Something that whoever knows the secret may ask of the hub, and nothing else."""

    does: Literal["scene", "say", "presence", "privacy"]
    """Bring a scene in, read the body's `text`, take its `present`, switch to its `on`."""
    room: Name | None = None
    scene: Name | None = None
    person: Name | None = None
    """Who says it; their consent counts."""
    per_minute: Annotated[float, Field(gt=0, le=600)] = 30

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        needs: dict[str, dict[str, bool | None]] = {
            "scene": {"room": True, "scene": True, "person": False},
            "say": {"room": None, "scene": False, "person": True},
            "presence": {"room": True, "scene": False, "person": False},
            "privacy": {"room": False, "scene": False, "person": False},
        }
        for key, must in needs[self.does].items():
            given = getattr(self, key) is not None
            if must is not None and given is not must:
                raise ValueError(f"`does: {self.does}` {'needs' if must else 'takes no'} `{key}`")
        return self


class ShareSettings(Strict):
    """What leaves the hub, to whom, and what others may ask of it."""

    moods: bool = False
    """Whether a room's mood may be told at all; off, every mood that is shared is `unknown`."""
    may_resume: bool = False
    """Whether Home Assistant, Apple Home and hooks may end privacy mode; starting they may."""
    home_assistant: HomeAssistantShare = HomeAssistantShare()
    apple_home: AppleHomeShare = AppleHomeShare()
    webhooks: dict[Name, Webhook] = {}
    hooks: dict[Name, Hook] = {}


def check_url(url: str, *, allow_http: bool) -> None:
    """Raise ValueError unless a webhook may go there; the text does not repeat the address."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.port == 0:
        raise ValueError("the address is https://host/path")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no name or password in the address; a secret goes into `url_file`")
    if parts.scheme == "http":
        if not allow_http:
            raise ValueError("plain http needs `allow_http: true`, and an address in the home")
        if not _is_near(parts.hostname):
            raise ValueError("plain http goes to this machine or an address in the home alone")


def _is_near(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False  # a name may lead anywhere
    return address.is_loopback or address.is_private or address.is_link_local
