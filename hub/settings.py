"""What may stand in the configuration. `config/schema.json` is generated from here."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    IPvAnyAddress,
    ModelWrapValidatorHandler,
    PrivateAttr,
    field_validator,
    model_validator,
)

from drivers.bluetooth_settings import BluetoothSettings
from drivers.esphome_settings import EsphomeSettings
from drivers.hue_settings import HueSettings
from drivers.kasa_settings import KasaSettings
from drivers.lifx_settings import LifxSettings
from drivers.matter_settings import MatterSettings
from drivers.mqtt_settings import MqttSettings
from drivers.registry import third_party
from drivers.settings import DriverSettings, Strict
from drivers.shelly_settings import ShellySettings
from drivers.simulated_settings import SimulatedSettings
from drivers.wled_settings import WledSettings
from drivers.zigbee_settings import ZigbeeSettings
from drivers.zwave_settings import ZwaveSettings
from hub.phrase import Language
from hub.setting_types import Axis, Celsius, Clock, HalfLife, MoodRegion, Name, Unit
from hub.share_settings import ShareSettings


class Home(Strict):
    """The home as a whole. Workplaces and schools are refused (EU AI Act Art. 5(1)(f))."""

    name: str = "Home"
    kind: Literal["household"] = "household"
    language: Language = "en"
    """What the hub speaks where nobody has said which: the command line, webhooks, scripts."""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    timezone: str = "UTC"


class Room(Strict):
    """A room; devices and sources name it."""

    name: str = ""
    devices: tuple[str, ...] = ()
    """Device ids, `<driver>:<id>`, that belong to this room."""


class Person(Strict):
    """Someone who lives here."""

    name: str = ""
    lives_in: tuple[Name, ...] = ()
    """Rooms whose camera and microphone need this person's consent; empty means all."""


class Camera(Strict):
    """A camera. `url` is a V4L2 index (0), a file, rtsp:// or http:// (MJPEG), or demo:.

    Other schemes, https:// and rtsps:// among them, are refused: the process that decodes has no
    network and could not check a certificate.
    """

    room: Name
    url: str | int
    max_fps: Annotated[float, Field(ge=1, le=10)] = 5
    width: Annotated[int, Field(ge=160, le=1920)] = 640
    height: Annotated[int, Field(ge=120, le=1080)] = 480

    @field_validator("url")
    @classmethod
    def _can_be_read(cls, url: str | int) -> str | int:
        scheme, marked, rest = str(url).partition("://")
        if not marked or scheme == "file":
            return url
        if scheme not in ("rtsp", "http"):
            raise ValueError(
                f"cameras cannot be read by {scheme}://; give a V4L2 index, a video file, "
                "rtsp:// or http:// (MJPEG)"
            )
        parts = urlsplit(f"{scheme}://{rest}")
        if not parts.hostname or parts.port == 0:  # a port that is no number raises by itself
            raise ValueError(f"give the camera's address as {scheme}://host:port/path")
        return url


class Microphone(Strict):
    """A microphone by PortAudio name or index; empty means the default input."""

    room: Name
    device: str | int = ""


class Wearable(Strict):
    """A body sensor's wearer."""

    device: str
    """Device id of the strap or band."""
    person: Name
    room: Name


class TextSense(Strict):
    """What people type."""

    enabled: bool = True
    room: Name | None = None
    """Where typed text counts when it does not say; the first room if not given."""


class VoiceSense(Strict):
    """What is done with voices besides hearing their tone."""

    words: bool = False
    """Read spoken English words too, in a process of their own (needs the extra `words`)."""


class Senses(Strict):
    """What may be sensed. Each also needs consent before it is switched on."""

    cameras: dict[Name, Camera] = {}
    microphones: dict[Name, Microphone] = {}
    wearables: dict[Name, Wearable] = {}
    voice: VoiceSense = VoiceSense()
    text: TextSense = TextSense()


class Drivers(Strict):
    """Networks of devices. A driver that is not named here is never imported.

    Drivers that are installed besides the built-in ones are named here as well.
    """

    matter: MatterSettings | None = None
    bluetooth: BluetoothSettings | None = None
    esphome: EsphomeSettings | None = None
    hue: HueSettings | None = None
    kasa: KasaSettings | None = None
    lifx: LifxSettings | None = None
    mqtt: MqttSettings | None = None
    shelly: ShellySettings | None = None
    simulated: SimulatedSettings | None = None
    wled: WledSettings | None = None
    zigbee: ZigbeeSettings | None = None
    zwave: ZwaveSettings | None = None
    _third_party: dict[str, DriverSettings] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _with_third_parties(cls, data: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, dict):
            return read(data)
        others = {
            name: known
            for name in data.keys() - cls.model_fields.keys()
            if (known := third_party(str(name))) is not None
        }
        drivers = read({name: value for name, value in data.items() if name not in others})
        for name, known in others.items():
            section = known.settings.model_validate(data[name] or {})
            drivers._third_party[name] = section  # noqa: SLF001 - a class method's own instance
        return drivers

    def sections(self) -> dict[str, DriverSettings]:
        """Return what is configured, by the driver's name."""
        own = {name: section for name, section in self if section is not None}
        return own | self._third_party


class LightPart(Strict):
    """What a scene asks of the room's lights."""

    on: bool = True
    level: Unit | None = None
    kelvin: Annotated[int, Field(ge=1500, le=9000)] | None = None
    xy: tuple[Unit, Unit] | None = None
    transition_s: Annotated[float, Field(ge=0, le=600)] = 2.0


class MusicPart(Strict):
    """What a scene asks of the room's players: a point on the valence-energy plane."""

    valence: Axis = 0.0
    energy: Axis = 0.0
    volume: Unit | None = None
    stop: bool = False


class Scene(Strict):
    """Light, music and climate for one room at once; parts left out stay as they are."""

    name: str = ""
    lights: LightPart | None = None
    devices: dict[str, LightPart] = {}
    """Lights that differ from `lights`, by device id."""
    music: MusicPart | None = None
    target_c: Celsius | None = None
    fan: Unit | None = None
    """The speed of the room's fans; 0 turns them off."""
    cover: Unit | None = None
    """Where the room's blinds and curtains go: 0 closed, 1 open."""


class SensorIs(Strict):
    """A device's newest value: `device: mqtt:motion, kind: occupancy, is: true`."""

    device: str
    kind: str
    is_: Annotated[bool | str | float | None, Field(alias="is")] = None
    above: float | None = None
    below: float | None = None


class ButtonIs(Strict):
    """A press of a button: `device: mqtt:remote, action: toggle`."""

    device: str
    action: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The driver's word (`single`, `double`, `hold`, ...); any if not given."""


class When(Strict):
    """When a rule applies; everything that is given must hold."""

    mood: MoodRegion | None = None
    person: Name | None = None
    sensor: SensorIs | None = None
    button: ButtonIs | None = None
    between: tuple[Clock, Clock] | None = None
    sun: Literal["up", "down"] | None = None
    presence: bool | None = None


class MusicIntent(Strict):
    """Music as an answer: towards a point on the valence-energy plane."""

    valence: Axis
    energy: Axis
    volume: Unit | None = None


class Then(Strict):
    """What a rule does: exactly one of these."""

    scene: Name | None = None
    music: MusicIntent | None = None
    restore: bool = False


class Rule(Strict):
    """One policy: when this holds for so long in this room, do that."""

    enabled: bool = True
    """False keeps the rule without ever following it."""
    room: Name
    when: When
    then: Then
    for_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    cooldown_s: Annotated[float, Field(ge=0, le=86_400)] = 300
    in_quiet_hours: bool = False
    priority: Annotated[int, Field(ge=0, le=100)] = 50


class Guards(Strict):
    """Limits that no rule can lift."""

    confidence_floor: Unit = 0.35
    hysteresis: Annotated[float, Field(ge=0, le=0.5)] = 0.08
    """How far beyond a region's edge a mood must go before the rule counts as left."""
    quiet_hours: tuple[Clock, Clock] | None = None
    manual_override_s: Annotated[float, Field(ge=0, le=86_400)] = 3600
    max_level_per_s: Annotated[float, Field(gt=0, le=10)] = 0.5
    """Fastest automatic brightness change; slower transitions are stretched, never flashed."""
    min_change_interval_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Least time between two mood-driven changes of the same room."""
    target_c: tuple[Celsius, Celsius] = (16, 25)
    """Lowest and highest target that automation gives a thermostat."""
    max_target_change_c_per_h: Annotated[float, Field(gt=0, le=10)] = 2.0
    """How far apart the targets may lie that automation gives a thermostat within an hour."""
    max_fan: Unit = 1.0
    """The highest speed at which automation lets a fan run."""
    cover: tuple[Unit, Unit] = (0, 1)
    """How far automation closes (0) and opens (1) blinds and curtains."""


class MoodSettings(Strict):
    """How readings become a mood."""

    tick_s: Annotated[float, Field(ge=0.05, le=10)] = 0.5
    half_life_s: dict[Literal["face", "voice", "text", "body", "context"], HalfLife] = {
        "face": 8.0,
        "voice": 20.0,
        "text": 300.0,
        "body": 60.0,
        "context": 900.0,
    }


class StoreSettings(Strict):
    """Where records live and for how long."""

    directory: Path = Path("~/.local/state/moodsync")
    keep_readings_days: Annotated[float, Field(gt=0, le=365)] = 7
    keep_moods_days: Annotated[float, Field(gt=0, le=3650)] = 365
    commit_every_s: Annotated[float, Field(ge=0.1, le=600)] = 60
    reserve_bytes: Annotated[int, Field(ge=0, le=1 << 30)] = 4 << 20


class ModelSettings(Strict):
    """Which weights, and how much of the machine they may use."""

    licence: Literal["any", "open"] = "any"
    voice: Literal["auto", "full", "light"] = "auto"
    """`auto`: the light voice weights where a window of the full ones costs over 100 ms of a core.

    The light ones are weaker, and not open.
    """

    threads: Annotated[int, Field(ge=1, le=8)] = 1

    @model_validator(mode="after")
    def _light_is_not_open(self) -> Self:
        if self.licence == "open" and self.voice == "light":
            raise ValueError("voice: light cannot go with licence: open; use auto or full")
        return self


class LogSettings(Strict):
    """What the log holds. Moods, texts and secrets never do."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


HostName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class AcmeSettings(Strict):
    """A public authority that gives certificates by ACME (RFC 8555), asked by DNS-01 alone.

    The hub need not be reached from outside; the names' DNS has to be the household's.
    """

    directory: Annotated[str, Field(pattern=r"^https://\S+$")] = (
        "https://acme-v02.api.letsencrypt.org/directory"
    )
    hook: Annotated[tuple[str, ...], Field(min_length=1)]
    """A command that sets the TXT record at your DNS provider: it is run with `add NAME VALUE`, and
    afterwards with `remove NAME VALUE`."""
    agree: Literal[True]
    """That you agree to the authority's terms of service."""
    contact: Annotated[str, Field(pattern=r"^(mailto:[^@\s]+@[^@\s]+)?$")] = ""
    dns_wait_s: Annotated[float, Field(ge=0, le=900)] = 60
    """How long the record takes to be seen everywhere."""
    ca_file: Path | None = None
    """What to trust instead of the system's authorities, for an ACME server at home."""


class TlsSettings(Strict):
    """Where the API's certificate comes from.

    `own`: an authority that the hub makes for itself, which people trust once on each device.
    `custom`: files that something else renews, an ACME client for example; they are read again
    every few hours.
    `acme`: a public authority's for `api.hostnames`, got and renewed by DNS-01.
    """

    mode: Literal["own", "custom", "acme"] = "own"
    certificate_file: Path | None = None
    """`custom`: the chain as PEM, the hub's own certificate first."""
    key_file: Path | None = None
    acme: AcmeSettings | None = None


class PairingButton(Strict):
    """A button that opens pairing for two minutes, by the digits of the home's sticker."""

    device: str
    """Its device id, as in `moodsync devices`."""
    action: str = "hold"
    """The press that counts, in its driver's word: `single`, `double`, `hold`..."""


class ApiSettings(Strict):
    """The API and the app, served by the hub itself."""

    enabled: bool = True
    bind: Literal["loopback", "lan"] | tuple[IPvAnyAddress, ...] = "loopback"
    """Who can reach it: this machine alone, the home's network, or these addresses."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8443
    """https; 0 takes a free one."""
    http_port: Annotated[int, Field(ge=0, le=65_535)] | None = 8080
    """Plain http: the app on this machine itself, for all others a page on how to get to https."""
    hostnames: tuple[HostName, ...] = ()
    """Names by which the hub is reached besides its own `.local` name and its addresses."""
    announce: bool = True
    """Tell the home's network by mDNS; never when bound to loopback."""
    pairing_buttons: tuple[PairingButton, ...] = ()
    """Buttons that open pairing; see also `moodsync pair --button` for one on a GPIO line."""
    pairing_role: Literal["adult", "child", "guest"] = "guest"
    """What somebody becomes who pairs by such a button; owners can raise it in the app."""
    push_contact: Annotated[str, Field(pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$")] = (
        "mailto:moodsync@home.arpa"
    )
    """By which push services reach whoever runs this hub, as Web Push asks (RFC 8292)."""
    tls: TlsSettings = TlsSettings()


class Settings(Strict):
    """The whole configuration."""

    home: Home = Home()
    rooms: dict[Name, Room] = {}
    people: dict[Name, Person] = {}
    senses: Senses = Senses()
    drivers: Drivers = Drivers()
    scenes: dict[Name, Scene] = {}
    rules: dict[Name, Rule] = {}
    guards: Guards = Guards()
    mood: MoodSettings = MoodSettings()
    store: StoreSettings = StoreSettings()
    models: ModelSettings = ModelSettings()
    log: LogSettings = LogSettings()
    api: ApiSettings = ApiSettings()
    share: ShareSettings = ShareSettings()
