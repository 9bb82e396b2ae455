"""Start of the sensing process: `python -m hub.sense.process --fd N --parent PID [--loopback]`.

Network, capabilities and files are given up first, while there is one thread; what reads
cameras, microphones and texts is imported after that.
"""

import argparse
import os
import socket
import sys
import threading

from hub import log
from hub.sense.isolate import confine, isolate
from hub.sense.sensing import Sensing
from hub.sense.worker import print_where


def main(arguments: list[str] | None = None) -> None:
    """Serve the hub on the socket that it passed; never returns."""
    parser = argparse.ArgumentParser(prog="hub.sense.process")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--loopback", action="store_true")
    chosen = parser.parse_args(arguments)
    isolation = isolate(loopback=chosen.loopback)
    confine(chosen.parent)
    sys.excepthook = lambda _, err, __: print_where(err)
    threading.excepthook = lambda args: print_where(args.exc_value or RuntimeError())
    log.set_up("info", "json")
    status = 1
    try:
        Sensing(socket.socket(fileno=chosen.fd), isolation).run()
        status = 0
    finally:
        sys.stderr.flush()
        # Threads inside native code would crash an interpreter that tears itself down.
        os._exit(status)


if __name__ == "__main__":
    main()
