"""`models.licence` decides which voice weights the sensing process loads."""

import pytest

from hub.settings import ModelSettings
from models.types import Sense
from tests.hub.sense_rig import configuration, running


@pytest.mark.peer
@pytest.mark.parametrize(
    ("licence", "model"), [("any", "voice_emotion"), ("open", "voice_emotion_open")]
)
async def test_the_configuration_chooses_the_voice_weights(licence: str, model: str) -> None:
    chosen = ModelSettings.model_validate({"licence": licence})
    settings = configuration(microphone="demo:").model_copy(update={"models": chosen})
    async with running(settings) as rig:
        await rig.until(lambda: rig.link.stats().models, 20)
        assert rig.link.stats().models[Sense.VOICE] == (model,)
