"""The network itself: joining, leaving, groups, backups, another stick."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from drivers.types import BadCredentials, Refused, SetLight, SetSwitch, Unreachable
from tests.drivers.zigbee_rig import (
    LAMP,
    PLUG,
    SENSOR,
    address,
    device,
    driver_for,
    joined,
    operate,
    operation,
)
from tests.fakes.process import ROOT
from tests.fakes.running import running
from tests.fakes.znp.house import House
from tests.fakes.znp.kinds import Lamp, Plug
from tests.fakes.znp.memory import new_memory

pytestmark = pytest.mark.peer


def lamps(count: int, start: int = 0x100) -> list[Lamp]:
    return [Lamp(address(start + number)) for number in range(count)]


async def test_a_network_is_formed_and_kept_private(tmp_path: Path) -> None:
    with House() as house:
        driver = driver_for(house, tmp_path)
        async with running(driver):
            network = house.stick.network()
            assert network is not None
            assert network.channel == 15
            told = await operate(driver, "network")
            assert told["channel"] == 15
            assert told["pan_id"] == f"0x{network.pan_id:04x}"
            assert network.key.hex() not in json.dumps(told)
        folder = tmp_path / "own"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        modes = {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
        assert modes == {0o600}


async def test_nobody_joins_a_closed_network(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        (late,) = lamps(1)
        house.add(late)
        house.do(late.join)
        await asyncio.sleep(0.1)
        assert late.network is None
        answer = await operate(driver, "permit_join", seconds=1)
        assert [one["device"] for one in answer["joined"]] == [device(0x100)]
        assert any("is a Moodsync lamp" in line for line in answer["lines"])
        assert port.devices[device(0x100)].available


async def test_a_permit_that_is_given_up_closes_the_network(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver):
        waiting = asyncio.create_task(operate(driver, "permit_join", seconds=200))
        async with asyncio.timeout(5):
            while not house.stick.joining_s:
                await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert house.stick.joining_s == 0


async def test_a_device_joins_by_its_install_code(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver):
        (lamp,) = lamps(1)
        house.add(lamp)
        code = (
            "83FED3407A939723A5C639B26916D505C3B5"  # the example of Zigbee's base device behaviour
        )
        answer = await operate(
            driver, "permit_join_with_code", address=f"{lamp.ieee:016x}", code=code, seconds=1
        )
        assert [one["device"] for one in answer["joined"]] == [device(0x100)]
        with pytest.raises(Refused, match="no install code"):
            await operate(
                driver, "permit_join_with_code", address=f"{lamp.ieee:016x}", code=code[:-1] + "6"
            )


async def test_a_removed_device_is_gone_for_good(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver):
        async with running(driver) as port:
            assert operation(driver, "remove").destroys
            await operate(driver, "remove", device=PLUG)
            assert PLUG in port.removed
            plug = next(n for n in house.nodes if isinstance(n, Plug))
            async with asyncio.timeout(5):
                while plug.network is not None:
                    await asyncio.sleep(0.01)
            with pytest.raises(Refused):
                await driver.execute(SetSwitch(PLUG, on=True))
        async with running(driver) as port:
            assert PLUG not in port.devices
            with pytest.raises(Refused, match="no device"):
                await operate(driver, "remove", device=PLUG)


async def test_a_device_is_interviewed_again_and_blinks(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        answer = await operate(driver, "interview", device=LAMP)
        assert answer["devices"] == [LAMP]
        await operate(driver, "identify", device=LAMP)
        lamp = next(n for n in house.nodes if isinstance(n, Lamp))
        assert any(cluster == 3 for cluster, _ in lamp.received)
        await driver.execute(SetSwitch(LAMP, on=True))
        await port.until(lambda: port.state(LAMP).on is True)
        with pytest.raises(Refused, match="cannot blink"):
            await operate(driver, "identify", device=SENSOR)


async def test_lamps_change_together_by_one_frame(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        five = lamps(5)
        house.add(*five)
        await operate(driver, "permit_join", seconds=1)
        ids = [device(0x100 + number) for number in range(5)]
        everybody = [SetLight(one, level=0.5) for one in ids]
        assert await driver.execute_together(everybody) == [None] * 5
        assert {lamp.level for lamp in five} == {127}
        async with asyncio.timeout(10):  # meanwhile they become a group
            while not all(lamp.endpoints[1].groups for lamp in five):
                await asyncio.sleep(0.02)
            await port.until(lambda: all(port.state(one).level == 0.5 for one in ids))
            while driver._together is not None and driver._together._making:
                await asyncio.sleep(0.01)  # the driver hears of the last
        for lamp in five:
            lamp.changes.clear()
        unicasts, multicasts = house.air.unicasts, house.air.multicasts
        everybody = [SetLight(one, level=0.25, kelvin=2700) for one in ids]
        assert await driver.execute_together(everybody) == [None] * 5
        assert {lamp.level for lamp in five} == {64}
        assert {lamp.color["mireds"] for lamp in five} == {370}
        assert house.air.multicasts - multicasts == 2  # level, and colour
        assert house.air.unicasts == unicasts
        times = [next(at for at, what in lamp.changes if what == "level 64") for lamp in five]
        assert max(times) - min(times) < 0.5  # a frame for each would take as long as five

        # One does not hear it: it is commanded singly, the others are not held up.
        five[3].endpoints[1].groups.clear()
        everybody = [SetLight(one, on=False) for one in ids]
        assert await driver.execute_together(everybody) == [None] * 5
        assert not any(lamp.on for lamp in five)
        assert house.air.unicasts == unicasts + 1

        # And one is away: it alone is told so.
        five[0].unreachable = True
        everybody = [SetLight(one, level=1.0) for one in ids]
        results = await driver.execute_together(everybody)
        assert isinstance(results[0], Unreachable)
        assert results[1:] == [None] * 4
        assert all(lamp.on for lamp in five[1:])


async def test_groups_are_found_again_and_old_ones_given_up(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver):
        four = lamps(4)
        house.add(*four)
        ids = [device(0x100 + number) for number in range(4)]
        pairs = [[ids[a], ids[b]] for a in range(4) for b in range(a + 1, 4)]
        triples = [[x for x in ids if x != out] for out in ids]
        async with running(driver):
            await operate(driver, "permit_join", seconds=1)
            for level, members in enumerate([*pairs, *triples], start=1):  # ten sets of lamps
                commands = [SetLight(one, level=level / 20) for one in members]
                assert not any(await driver.execute_together(commands))
                async with asyncio.timeout(5):
                    while driver._together is not None and driver._together._making:
                        await asyncio.sleep(0.01)
            assert max(len(lamp.endpoints[1].groups) for lamp in four) <= 8
        async with running(driver):
            multicasts = house.air.multicasts
            commands = [SetLight(one, level=0.9) for one in triples[-1]]
            assert not any(await driver.execute_together(commands))
            assert house.air.multicasts == multicasts + 1


async def _answers(driver: object, house: House, port: object) -> None:
    await driver.execute(SetSwitch(LAMP, on=True))  # type: ignore[attr-defined]
    lamp = next(n for n in house.nodes if isinstance(n, Lamp))
    assert lamp.on


async def test_a_new_stick_takes_the_network_over(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver):
        async with running(driver):
            await operate(driver, "backup")
            before = house.stick.network()
        keys = {node.ieee: house.stick.memory.link_key(node.ieee) for node in house.nodes}
        house.replace(new_memory(0x00124B00_0000BEEF))
        house.back()
        async with running(driver) as port:
            assert house.stick.network() == before
            assert {n.ieee: house.stick.memory.link_key(n.ieee) for n in house.nodes} == keys
            await _answers(driver, house, port)
            assert len(port.devices) == 7


@pytest.mark.fault("refused")
async def test_a_stick_with_another_network_is_not_touched_unasked(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver):
        async with running(driver):
            before = house.stick.network()
        other = new_memory(0x00124B00_0000BEEF)
        other.form()
        house.replace(other)
        house.back()
        with pytest.raises(BadCredentials, match="another network") as refused:
            async with running(driver):
                pass
        assert before is not None
        assert before.key.hex() not in refused.value.reason
        theirs = house.stick.memory.network()
        assert theirs != before
        restoring = driver_for(house, tmp_path, stick="restore")
        async with running(restoring) as port:
            assert house.stick.network() == before
            await _answers(restoring, house, port)


async def test_a_sticks_own_network_is_adopted_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.zigbee.commands.RETRIES", 0)
    async with joined(tmp_path) as (house, _):
        other = new_memory(0x00124B00_0000BEEF)
        other.form()
        house.replace(other)
        house.back()
        theirs = other.network()
        adopting = driver_for(house, tmp_path, stick="adopt")
        async with running(adopting):
            assert house.stick.network() == theirs
            with pytest.raises(Unreachable):
                await adopting.execute(SetSwitch(LAMP, on=True))


async def test_a_backup_is_written_and_restored(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver):
        async with running(driver):
            answer = await operate(driver, "backup")
            assert answer["devices"] == 7
            before = house.stick.network()
            assert before is not None
            file = tmp_path / "own" / "backups" / answer["file"]
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert before.key.hex() in file.read_text()
            assert (await operate(driver, "network"))["backups"] == [answer["file"]]
            with pytest.raises(Refused, match="no backup"):
                await operate(driver, "restore", file="other.json")
            file.with_name("broken.json").write_text("{}")
            with pytest.raises(Refused, match="no backup of a Zigbee network"):
                await operate(driver, "restore", file="broken.json")
        other = new_memory(0x00124B00_0000BEEF)
        other.form()
        house.replace(other)
        house.back()
        adopting = driver_for(house, tmp_path, stick="adopt")
        async with running(adopting) as port:
            await operate(adopting, "restore", file=answer["file"])
            await port.until(lambda: not any(d.available for d in port.devices.values()))
        async with running(adopting) as port:
            assert house.stick.network() == before
            await _answers(adopting, house, port)


async def test_the_channel_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zigpy.application.CHANNEL_CHANGE_BROADCAST_DELAY_S", 0.02)
    monkeypatch.setattr("zigpy.application.CHANNEL_CHANGE_SETTINGS_RELOAD_DELAY_S", 0.02)
    async with joined(tmp_path) as (house, driver):
        async with running(driver) as port:
            await operate(driver, "change_channel", channel=25)
            network = house.stick.network()
            assert network is not None
            assert network.channel == 25
            await _answers(driver, house, port)
        async with running(driver) as port:
            await _answers(driver, house, port)


async def test_what_is_told_for_diagnosis_holds_no_key(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver):
        text = json.dumps(await operate(driver, "diagnose"))
        network = house.stick.network()
        assert network is not None
        secrets = [network.key, network.extended_pan_id, *(n.link_key for n in house.nodes)]
        for secret in secrets:
            assert secret is not None
            assert secret.hex() not in text.lower()
        assert "Moodsync" in text


async def test_operations_need_a_stick(tmp_path: Path) -> None:
    with House() as house:
        driver = driver_for(house, tmp_path)
        for one in driver.operations():
            given = {"device": "zigbee:1", "file": "x.json", "channel": 15, "address": "0" * 16}
            given |= {"code": "00"}
            wanted = {k: v for k, v in given.items() if k in one.arguments.model_fields}
            with pytest.raises(Unreachable):
                await one.run(one.arguments.model_validate(wanted), lambda _: None)


async def test_what_joined_survives_a_kill(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from tests.drivers.zigbee_rig import driver_for, operate
        from tests.fakes.port import RememberingPort

        class Place:
            path = sys.argv[1]

        async def main():
            driver = driver_for(Place, Path(sys.argv[2]))
            port = RememberingPort()
            run = asyncio.create_task(driver.run(port))
            await port.until(lambda: port.connections == 1)
            await operate(driver, "permit_join", seconds=1)
            print("ready", flush=True)
            await run

        asyncio.run(main())
    """)
    new = lamps(3)
    async with joined(tmp_path) as (house, driver):
        house.add(*new)
        with subprocess.Popen(  # noqa: ASYNC220 - nothing else runs meanwhile
            [sys.executable, "-c", program, house.path, str(tmp_path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            try:
                assert child.stdout is not None
                lines = iter(child.stdout.readline, "")
                ready = await asyncio.to_thread(lambda: any(line == "ready\n" for line in lines))
                assert ready
            finally:
                os.kill(child.pid, signal.SIGKILL)
        async with running(driver) as port:
            assert len(port.devices) == 10
            await driver.execute(SetSwitch(device(0x100), on=True))
            assert new[0].on
