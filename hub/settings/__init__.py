"""What may stand in the configuration. `config/schema.json` is generated from here."""

from drivers.settings import Strict
from hub.setting_types import Name
from hub.settings.api import AcmeSettings, ApiSettings
from hub.settings.household import Home, Person, Room
from hub.settings.machine import LogSettings, ModelSettings, MoodSettings, StoreSettings
from hub.settings.networks import Drivers
from hub.settings.rules import ButtonIs, Guards, MusicIntent, Rule, SensorIs, Then, When
from hub.settings.scenes import LightPart, MusicPart, Scene
from hub.settings.senses import Camera, Microphone, Senses, TextSense, VoiceSense, Wearable
from hub.share_settings import ShareSettings

__all__ = [
    "AcmeSettings",
    "ApiSettings",
    "ButtonIs",
    "Camera",
    "Drivers",
    "Guards",
    "Home",
    "LightPart",
    "LogSettings",
    "Microphone",
    "ModelSettings",
    "MoodSettings",
    "MusicIntent",
    "MusicPart",
    "Person",
    "Room",
    "Rule",
    "Scene",
    "Senses",
    "SensorIs",
    "Settings",
    "StoreSettings",
    "TextSense",
    "Then",
    "VoiceSense",
    "Wearable",
    "When",
]


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
