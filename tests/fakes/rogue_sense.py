"""A sensing process that misbehaves: `python -m tests.fakes.rogue_sense MODE --fd N ...`.

It says Hello and Ready, beats, and confirms what is switched off, as a good one does; then, by
mode:
    junk        5 messages that the schema does not know, and goes on
    much_junk   more of them than are forgiven
    picture     announces a frame of a picture's size
    foreign     readings of a source that is not configured
    model       readings of a model that is not in the catalog
    future      readings from the future
    version     speaks another version
    deaf        does not confirm what is switched off, but says that it is on
    eager       says that it is on without having been allowed
    stubborn    goes on sending readings after it confirmed
    mute        stops beating
    never       is never ready
    crash       prints a camera's url and ends with status 3
    spy         asks for a connection to what is no network camera
    connect     asks for a connection whenever it is told what is allowed; failed: it got none
    text        answers a text for a model that is not in the catalog, then dies over the next
"""

import argparse
import os
import socket
import sys
import threading
import time

from hub.sense.framing import FROM_SENSE_LIMIT, TO_SENSE_LIMIT, FrameBuffer, encode
from hub.sense.isolate import Isolation
from hub.sense.message_fields import VERSION, Reason
from hub.sense.messages_from_sense import (
    Beat,
    ConnectRequest,
    Face,
    FromSense,
    Hello,
    Ready,
    StateChange,
    TextResult,
    frame_from_sense,
)
from hub.sense.messages_to_sense import Allow, CameraUnreachable, Stop, Text, parse_to_sense
from hub.sense.wire_reading import WireReading
from hub.types import SenseState

CAMERA = "camera:c"


class Rogue:
    def __init__(self, mode: str, sock: socket.socket) -> None:
        self.mode = mode
        self.sock = sock
        self.lock = threading.Lock()

    def send(self, message: FromSense) -> None:
        self.send_raw(frame_from_sense(message))

    def send_raw(self, frame: bytes) -> None:
        with self.lock:
            self.sock.sendall(frame)

    def face(self, source: str = CAMERA, model: str = "face_emotion", ahead_s: float = 0.0) -> None:
        reading = WireReading(v=0.5, a=0.1, vv=0.1, av=0.1, p=(), quality=1, model=model)
        at = time.monotonic() + ahead_s
        self.send(Face(source=source, at=at, track=1, box=(0, 0, 1, 1), reading=reading))

    def beat(self) -> None:
        while self.mode != "mute":
            self.send(Beat())
            time.sleep(0.3)

    def misbehave(self) -> None:
        match self.mode:
            case "junk" | "much_junk":
                for _ in range(5 if self.mode == "junk" else 50):
                    self.send_raw(encode(b'{"t":"face","said":"geheim"}', FROM_SENSE_LIMIT))
            case "picture":
                self.send_raw((640 * 480 * 3).to_bytes(4, "big") + b"\0" * 10_000)
            case "foreign":
                self.face("camera:other")
            case "model":
                self.face(model="stranger")
            case "future":
                self.face(ahead_s=100.0)
            case "crash":
                print("cannot open rtsp://user:geheim@cam/ now", file=sys.stderr, flush=True)
                os._exit(3)
            case "spy" | "connect":
                self.send(ConnectRequest(source=CAMERA))

    def switch(self, message: Allow) -> None:
        if CAMERA in message.sources:
            self.send(StateChange(source=CAMERA, state=SenseState.ON, reason=Reason.NONE))
            self.face()
            time.sleep(0.2)  # what came so far is read before
            self.misbehave()
        elif self.mode in ("deaf", "eager"):
            self.send(StateChange(source=CAMERA, state=SenseState.ON, reason=Reason.NONE))
        elif self.mode == "connect":
            self.send(ConnectRequest(source=CAMERA))
        elif self.mode != "text":  # there a hub without a camera is played for
            self.send(StateChange(source=CAMERA, state=SenseState.OFF, reason=Reason.NONE))
            if self.mode == "stubborn":
                self.face()

    def answer(self, text: Text) -> None:
        if text.text == "die":
            os._exit(4)
        reading = WireReading(v=0, a=0, vv=0.1, av=0.1, p=(), quality=1, model="stranger")
        self.send(TextResult(id=text.id, reading=reading))

    def serve(self) -> None:
        version = VERSION + (self.mode == "version")
        self.send(Hello(version=version, pid=os.getpid(), isolation=Isolation.GIVEN))
        if self.mode != "never":
            self.send(Ready(loaded=()))
        threading.Thread(target=self.beat, daemon=True).start()
        buffer = FrameBuffer(TO_SENSE_LIMIT)
        while data := self.sock.recv(65_536):
            for message in map(parse_to_sense, buffer.feed(data)):
                match message:
                    case Allow():
                        self.switch(message)
                    case Text():
                        self.answer(message)
                    case CameraUnreachable():
                        state, reason = SenseState.FAILED, Reason.UNREACHABLE
                        self.send(StateChange(source=CAMERA, state=state, reason=reason))
                    case Stop():
                        return


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mode")
    parser.add_argument("--fd", type=int)
    chosen, _ = parser.parse_known_args()
    try:
        Rogue(chosen.mode, socket.socket(fileno=chosen.fd)).serve()
    except OSError:
        os._exit(1)
