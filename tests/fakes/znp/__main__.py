"""A house as a process: `python -m tests.fakes.znp LAMPS`; prints `ready PATH`."""

import sys
import threading

from tests.fakes.znp.house import House
from tests.fakes.znp.kinds import Lamp

FIRST = 0x00158D00_0A000001


def main() -> None:
    with House([Lamp(FIRST + number) for number in range(int(sys.argv[1]))]) as house:
        print("ready", house.path, flush=True)
        threading.Event().wait()


main()
