"""`models.licence` and `models.voice` decide which voice weights the sensing process loads."""

import pytest
from pydantic import ValidationError

from hub.settings import ModelSettings
from models.types import Sense
from tests.hub.sense_rig import configuration, running


@pytest.mark.peer
@pytest.mark.parametrize(
    ("licence", "voice", "model"),
    [
        ("any", "full", "voice_emotion"),
        ("any", "light", "voice_emotion_light"),
        ("open", "auto", "voice_emotion_open"),
    ],
)
async def test_the_configuration_chooses_the_voice_weights(
    licence: str, voice: str, model: str
) -> None:
    chosen = ModelSettings.model_validate({"licence": licence, "voice": voice})
    settings = configuration(microphone="demo:").model_copy(update={"models": chosen})
    async with running(settings) as rig:
        await rig.until(lambda: rig.link.stats().models, 20)
        assert rig.link.stats().models[Sense.VOICE] == (model,)


def test_light_voice_weights_are_not_open() -> None:
    with pytest.raises(ValidationError, match="light"):
        ModelSettings.model_validate({"licence": "open", "voice": "light"})
