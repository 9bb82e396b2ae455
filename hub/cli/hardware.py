"""The demo on a machine with a webcam or a microphone: asks for consent and uses the real ones."""

import argparse
import sys
from pathlib import Path

from drivers.media_devices import list_cameras
from hub.settings import Camera, Microphone, Settings


def with_real_hardware(settings: Settings, args: argparse.Namespace) -> Settings:
    """Return the demo's settings with the real camera and microphone that were consented to."""
    senses = settings.senses
    room = next(iter(settings.rooms))
    cameras = list_cameras()
    if cameras and _agreed("camera", yes=args.yes_camera, ask=not args.no_input):
        webcam = Camera(room=room, url=cameras[0].index)
        senses = senses.model_copy(update={"cameras": {"webcam": webcam}})
    if has_microphone() and _agreed("microphone", yes=args.yes_microphone, ask=not args.no_input):
        microphones = {"microphone": Microphone(room=room)}
        senses = senses.model_copy(update={"microphones": microphones})
    return settings.model_copy(update={"senses": senses})


def has_microphone() -> bool:
    """Tell whether ALSA knows an input (alsa-lib lists them in /proc/asound/pcm)."""
    try:
        return "capture" in Path("/proc/asound/pcm").read_text()
    except OSError:
        return False


def _agreed(what: str, *, yes: bool, ask: bool) -> bool:
    if yes:
        return True
    if not ask or not sys.stdin.isatty():
        return False
    print(
        f"There is a {what}. MoodSync can read moods from it, on this machine only: nothing is "
        "recorded and nothing leaves the house."
    )
    return input(f"Use the {what}? [y/N] ").strip().lower() in {"y", "yes"}
