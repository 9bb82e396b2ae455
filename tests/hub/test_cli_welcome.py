"""What a household sees in the terminal where the hub runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.cli.welcome import pairing_lines, welcome
from tests.hub.api_device import Phone
from tests.hub.api_rig import Rig, running, settings_for

pytestmark = pytest.mark.slow


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    one = {"ada": {"name": "Ada"}}
    async with running(settings_for(state, people=one)) as rig:
        yield rig


async def test_a_terminal_shows_the_way_in_until_somebody_is_in(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    await welcome(rig.hub, terminal=True)
    shown = capsys.readouterr().err
    assert f"Test home: {rig.url}" in shown
    assert "█" in shown
    digits = shown.partition("and type:  ")[2].partition("\n")[0].replace(" ", "")
    assert len(digits) == 9
    phone = Phone(rig.client())
    assert await phone.pair_by_digits(digits) == 201, phone.last
    members = list(rig.hub.store.accounts.members.values())
    assert [(m.role, m.person) for m in members] == [("owner", "ada")]
    await welcome(rig.hub, terminal=True)
    later = capsys.readouterr().err
    assert rig.url in later
    assert "█" not in later


async def test_without_a_terminal_the_address_is_all_and_nothing_opens(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    await welcome(rig.hub, terminal=False)
    assert capsys.readouterr().err == f"Test home: {rig.url}\n"
    stranger = rig.client()
    async with stranger.get("/api/v1/pairing") as answer:
        assert (await answer.json())["state"] == "closed"


@pytest.mark.parametrize("lan", [True, False])
def test_nobody_is_told_to_scan_what_a_phone_cannot_reach(lan: bool) -> None:
    opened = {
        "where": {"url": "https://localhost:8443", "lan": lan, "authority": None},
        "digits": "123456789",
        "link": "https://localhost:8443/pair#1.x",
        "closes_in_s": 120.0,
    }
    shown = "\n".join(pairing_lines(opened))
    assert "123 456 789" in shown
    assert ("Scan this" in shown) is lan
    assert ("set api.bind: lan" in shown) is not lan
