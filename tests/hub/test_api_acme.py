"""Certificates by ACME and DNS-01, from Let's Encrypt's own test server."""

import datetime as dt
import json
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from hub.api.acme import Acme, AcmeError, AcmeRefused, Wanted
from hub.api.acme_files import FAILED, NOTE, AcmeFiles
from hub.errors import HubError
from hub.settings import AcmeSettings
from hub.supervisor import NeedsAttention
from tests.fakes.pebble import Pebble
from tests.fakes.process import free_port
from tests.hub.api_rig import API, running, settings_for

pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.timeout(240)]

NAMES = ("hub.home.example", "other.home.example")
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def pebble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    with Pebble(tmp_path_factory.mktemp("pebble")) as running:
        yield running


def asked(pebble: Pebble, **changes: Any) -> AcmeSettings:
    return AcmeSettings.model_validate(
        {
            "directory": pebble.directory,
            "hook": pebble.hook,
            "agree": True,
            "contact": "mailto:ada@home.example",
            "dns_wait_s": 0,
            "ca_file": str(pebble.ca_file),
        }
        | changes
    )


def serial(folder: Path) -> int:
    return x509.load_pem_x509_certificate((folder / "acme.crt").read_bytes()).serial_number


async def test_a_certificate_is_got_kept_renewed_in_time_and_records_are_removed(
    pebble: Pebble, tmp_path: Path
) -> None:
    folder = tmp_path / "tls"
    acme = AcmeFiles(folder, asked(pebble), NAMES)
    files = await acme.current(NOW)
    leaf = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    alternatives = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(alternatives.get_values_for_type(x509.DNSName)) == set(NAMES)
    for name in ("acme.key", "acme.crt", "acme-account.key", NOTE):
        assert oct((folder / name).stat().st_mode)[-3:] == "600"
    lines = [line.split() for line in pebble.hook_log.read_text().splitlines()]
    added, removed = ([line[1:] for line in lines if line[0] == w] for w in ("add", "remove"))
    assert sorted(added) == sorted(removed)
    assert {name for name, _ in added} == {f"_acme-challenge.{name}" for name in NAMES}

    first, life = serial(folder), leaf.not_valid_after_utc - leaf.not_valid_before_utc
    await acme.current(NOW + 0.6 * life)
    assert serial(folder) == first
    await acme.current(NOW + 0.7 * life)
    assert serial(folder) != first
    second = serial(folder)
    await AcmeFiles(folder, asked(pebble), NAMES[:1]).current(NOW)  # other names
    assert serial(folder) != second


async def test_a_refusal_is_told_and_not_asked_again_until_something_changes(
    pebble: Pebble, tmp_path: Path
) -> None:
    script, tries = tmp_path / "failing.py", tmp_path / "tries"
    script.write_text(f"open({str(tries)!r}, 'a').write('x'); raise SystemExit(3)")
    failing = asked(pebble, hook=(sys.executable, str(script)))
    folder = tmp_path / "tls"
    for _ in range(3):  # as the supervisor would, or somebody who restarts the hub
        with pytest.raises(NeedsAttention, match=r"hook failed \(add: exit code 3"):
            await AcmeFiles(folder, failing, NAMES[:1]).current(NOW)
    assert tries.read_text() in {"x", "xx"}  # one try to add; what was begun is removed
    once = tries.read_text()
    with pytest.raises(NeedsAttention):
        await AcmeFiles(folder, failing, NAMES[:1]).current(NOW + dt.timedelta(hours=23))
    assert tries.read_text() == once
    await AcmeFiles(folder, asked(pebble), NAMES[:1]).current(NOW)  # mended
    assert not (folder / FAILED).exists()


async def test_what_goes_wrong_has_a_type_that_says_whether_to_try_again(pebble: Pebble) -> None:
    trusted, distrusted = (
        ssl.create_default_context(cafile=pebble.ca_file),
        ssl.create_default_context(),
    )
    no_record = (sys.executable, "-c", "")
    for name, hook, tls, kind, text in (
        ("blocked.example", pebble.hook, trusted, AcmeRefused, "the authority says"),
        ("no-record.home.example", no_record, trusted, AcmeError, "the authority says"),
        ("no-hook.home.example", ("/nowhere/hook",), trusted, AcmeRefused, "cannot be run"),
        ("home.example", pebble.hook, distrusted, AcmeRefused, "not trusted"),
    ):
        wanted = Wanted(pebble.directory, (name,), hook, "", 0.0)
        key, account = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        async with aiohttp.ClientSession() as session:
            with pytest.raises(kind, match=text):
                await Acme(session, tls, account).issue(wanted, key)
    plain = Wanted(pebble.directory.replace("https", "http"), ("home.example",), no_record, "", 0.0)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(AcmeRefused, match="https alone"):
            await Acme(session, trusted, account).issue(plain, key)


async def test_an_authority_that_is_away_is_asked_later_and_a_good_certificate_stays(
    pebble: Pebble, tmp_path: Path
) -> None:
    folder = tmp_path / "tls"
    away = asked(pebble, directory=f"https://localhost:{free_port()}/dir")
    pauses = []
    at = NOW
    for _ in range(2):
        with pytest.raises(HubError, match="cannot be reached"):
            await AcmeFiles(folder, away, NAMES[:1]).current(at)
        note = json.loads((folder / FAILED).read_text())
        with pytest.raises(HubError, match="cannot be reached"):  # too early: nobody is asked
            await AcmeFiles(folder, away, NAMES[:1]).current(at)
        assert json.loads((folder / FAILED).read_text()) == note
        later = dt.datetime.fromisoformat(note["next"])
        pauses.append(later - at)
        at = later + dt.timedelta(seconds=1)
    assert pauses[0] < pauses[1] <= dt.timedelta(days=1)

    good = AcmeFiles(folder, asked(pebble), NAMES[:1])
    await good.current(NOW)
    first = serial(folder)
    note = json.loads((folder / NOTE).read_text())
    note["directory"] = away.directory
    (folder / NOTE).write_text(json.dumps(note))
    life = dt.datetime.fromisoformat(note["ends"]) - dt.datetime.fromisoformat(note["starts"])
    renewing = AcmeFiles(folder, away, NAMES[:1])
    files = await renewing.current(NOW + 0.9 * life)  # it cannot be renewed, and is good still
    assert files.certificate.is_file()
    assert serial(folder) == first
    assert "cannot be reached" in renewing.problem
    with pytest.raises(HubError):
        await renewing.current(NOW + 1.1 * life)


async def test_the_hub_serves_what_it_got(pebble: Pebble, state: Path, tmp_path: Path) -> None:
    acme = asked(pebble).model_dump(mode="json")
    api = {
        "port": 0,
        "http_port": None,
        "hostnames": ["localhost"],
        "tls": {"mode": "acme", "acme": acme},
    }
    root = tmp_path / "root.pem"
    root.write_text(pebble.root())
    async with running(settings_for(state, api=api), cafile=root) as rig:
        async with rig.client().get(f"{API}/pairing") as answer:
            assert answer.status == 200
            assert (await answer.json())["authority"] is None
