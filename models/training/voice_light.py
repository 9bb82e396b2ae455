"""Train the light voice model: `python -m models.training.voice_light`, options as there.

As `models.training.voice`, with only the two convolutions of Whisper tiny.en as the encoder: every
speaker, and every corpus, is judged by an ensemble that never heard it, and the shipped file is
fitted on all but voice_data.REPORTED.
"""

from collections.abc import Sequence

from models.training.voice import common_parser, train
from models.training.voice_light_net import load_light_encoder


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = common_parser("voice_light", __doc__, "voice_emotion_light", copies=3)
    parser.set_defaults(corpora=None, tune=0)
    options = parser.parse_args(arguments)
    train(options, load_light_encoder(options.encoder))


if __name__ == "__main__":
    main()
