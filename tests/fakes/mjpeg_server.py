"""MJPEG cameras over HTTP, good and bad; `python -m tests.fakes.mjpeg_server PORT`.

The path says which: `ok` 15 stamped pictures a second; `fast` 30; `large` 1280x960; `black`;
`noise`; `damaged` every third picture is random bytes; `junk` all are;
`brief` closes after 10 pictures; `stall` sends 5 and then nothing; `mute` accepts and never
answers.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

from tests.fakes.process import Peer, free_port
from tests.fakes.stamped import picture


def mjpeg_cameras() -> tuple[Peer, str]:
    """Return the peer, not yet started, and the url to which a mode is added."""
    port = free_port()
    peer = Peer([sys.executable, "-m", "tests.fakes.mjpeg_server", str(port)])
    return peer, f"http://127.0.0.1:{port}/"


def _jpeg(mode: str, step: int, random: np.random.Generator) -> bytes:
    if mode == "junk" or (mode == "damaged" and step % 3 == 2):
        return random.bytes(4000)
    image = picture(step)
    match mode:
        case "black":
            image[:] = 0
        case "noise":
            image = random.integers(0, 256, image.shape, np.uint8)
        case "large":
            image = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)
    return cv2.imencode(".jpg", image)[1].tobytes()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        mode = self.path.removeprefix("/")
        if mode == "mute":
            time.sleep(600)
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        random = np.random.default_rng(1)
        step = 0
        while not (mode == "brief" and step == 10):
            if mode == "stall" and step == 5:
                time.sleep(600)
            jpeg = _jpeg(mode, step, random)
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            try:
                self.wfile.write(head.encode() + jpeg + b"\r\n")
            except OSError:
                return
            step += 1
            time.sleep(1 / 30 if mode == "fast" else 1 / 15)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
