"""Large imports do not stop the loop by collecting garbage."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from drivers.imports import load, made_to_last, without


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    gc.unfreeze()
    assert gc.isenabled()


def test_nothing_is_collected_until_all_are_done() -> None:
    both_in, one_out = Barrier(2), Barrier(2)

    def first() -> bool:
        with made_to_last():
            both_in.wait(10)
        one_out.wait(10)
        return gc.isenabled()

    def second() -> bool:
        with made_to_last():
            both_in.wait(10)
            one_out.wait(10)
            return gc.isenabled()

    with ThreadPoolExecutor(2) as threads:
        begun = [threads.submit(first), threads.submit(second)]
        assert not begun[1].result(10)
        begun[0].result(10)
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with made_to_last():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_module_that_is_not_there_leaves_the_collector_on() -> None:
    with pytest.raises(ModuleNotFoundError):
        load("no_such_module_anywhere")
    assert gc.isenabled()


def test_what_was_imported_is_passed_over_later() -> None:
    sys.modules.pop("turtledemo", None)
    made = load("turtledemo")
    seen = {id(one) for one in gc.get_objects()}
    assert id(made.__dict__) not in seen


def test_what_can_be_done_without_is_not_there_for_that_while(tmp_path: Path) -> None:
    part = "moodsync_optional_part"
    (tmp_path / f"{part}.py").write_text("")
    sys.path.insert(0, str(tmp_path))
    try:
        with without(part), pytest.raises(ModuleNotFoundError):
            load(part)
        there = load(part)
        with without(part):
            assert load(part) is there
        assert sys.modules.pop(part) is there
        with pytest.raises(ZeroDivisionError), without(part):
            raise ZeroDivisionError
        assert part not in sys.modules
    finally:
        sys.path.remove(str(tmp_path))


@pytest.mark.slow
def test_zigbee_takes_along_no_library_of_another_network() -> None:
    code = (
        "import sys; from drivers.zigbee.radio import application_class as c; "
        "from drivers.zigbee_settings import ZigbeeSettings as S; "
        "c(S(path=sys.argv[1])); print('aioesphomeapi' in sys.modules)"
    )
    for path, takes in (("/dev/ttyUSB0", "False"), ("esphome://node/?port_name=a", "True")):
        done = subprocess.run(
            [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == takes
