"""Start of the sensing process: `python -m hub.sense.process --fd N --parent PID [--loopback]`.

Network, capabilities and files are given up first, while there is one thread; everything else is
imported after that.
"""

import argparse
import os
import socket
import sys
import threading

from hub.sense.isolate import confine, isolate


def main(arguments: list[str] | None = None) -> None:
    """Serve the hub on the socket that it passed; never returns."""
    parser = argparse.ArgumentParser(prog="hub.sense.process")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--loopback", action="store_true")
    chosen = parser.parse_args(arguments)
    isolation = isolate(loopback=chosen.loopback)
    confine(chosen.parent)
    # structlog imports rich if it can, for traces that are never printed here: 5 MB and 0.3 s.
    sys.modules["rich"] = None  # type: ignore[assignment]
    from hub import log  # noqa: PLC0415 - see the top
    from hub.sense.sensing import Sensing  # noqa: PLC0415
    from hub.sense.worker import print_where  # noqa: PLC0415

    sys.excepthook = lambda _, err, __: print_where(err)
    threading.excepthook = lambda args: print_where(args.exc_value or RuntimeError())
    log.set_up("info", "json")
    status = 1
    try:
        Sensing(socket.socket(fileno=chosen.fd), isolation).run()
        status = 0
    except Exception as err:  # noqa: BLE001 - told here, because nothing is above
        print_where(err)
    finally:
        sys.stderr.flush()
        # Threads inside native code would crash an interpreter that tears itself down.
        os._exit(status)


if __name__ == "__main__":
    main()
