"""Who may come in at a broker, and which broker is the right one: passwords, certificates."""

from pathlib import Path

import pytest

from drivers.types import BadCredentials, SetSwitch, Unreachable
from tests.drivers.mqtt_rig import (
    PLUG,
    driver_at,
)
from tests.fakes.broker import PASSWORD, USER, Broker
from tests.fakes.certificates import Authority
from tests.fakes.running import open_sockets, outcome, running

pytestmark = pytest.mark.peer


@pytest.mark.fault("refused")
async def test_with_a_password_over_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "home")
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    secrets = {
        "tls": True,
        "host": "localhost",
        "ca_file": authority.ca_file,
        "username": USER,
        "password_file": password,
    }
    certificate = authority.issue("broker")
    with Broker(tmp_path, password=True, certificate=certificate) as broker:
        driver = driver_at(broker.port, **secrets)
        async with running(driver) as port:
            await driver.execute(SetSwitch(PLUG, on=True))
            assert port.connections == 1
            before = open_sockets()
        assert open_sockets() == before - 1

        password.write_text("wrong")
        error = await outcome(driver_at(broker.port, **secrets))
        assert isinstance(error, BadCredentials)
        assert "password" in error.reason
        assert "wrong" not in error.reason

        error = await outcome(driver_at(broker.port, tls=True, ca_file=authority.ca_file))
        assert isinstance(error, BadCredentials)

        plain = {"username": USER, "password_file": password}
        assert isinstance(await outcome(driver_at(broker.port, **plain)), Unreachable)


@pytest.mark.fault("refused")
async def test_certificates_that_a_person_must_look_at(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path, "home"), Authority(tmp_path, "other")
    wrong_host = ours.issue("elsewhere", host="elsewhere.example")
    with Broker(tmp_path, certificate=ours.issue("broker")) as broker:
        error = await outcome(driver_at(broker.port, tls=True, ca_file=other.ca_file))
        assert isinstance(error, BadCredentials)
        assert "certificate" in error.reason
    with Broker(tmp_path, certificate=wrong_host) as broker:
        error = await outcome(driver_at(broker.port, tls=True, ca_file=ours.ca_file))
        assert isinstance(error, BadCredentials)


async def test_a_certificate_out_of_date_is_tried_again(tmp_path: Path) -> None:
    ours = Authority(tmp_path, "home")
    with Broker(tmp_path, certificate=ours.issue("broker", ended=True)) as broker:
        error = await outcome(driver_at(broker.port, tls=True, ca_file=ours.ca_file))
        assert isinstance(error, Unreachable)
        assert "expired" in error.reason


async def test_tls_to_a_broker_without_it_is_unreachable(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        assert isinstance(await outcome(driver_at(broker.port, tls=True)), Unreachable)


async def test_files_that_cannot_be_read_need_a_person(tmp_path: Path) -> None:
    missing = {"username": "me", "password_file": tmp_path / "missing"}
    assert isinstance(await outcome(driver_at(1, **missing)), BadCredentials)
    no_ca = tmp_path / "ca.crt"
    assert isinstance(await outcome(driver_at(1, tls=True, ca_file=no_ca)), BadCredentials)
    no_ca.write_text("not a certificate")
    assert isinstance(await outcome(driver_at(1, tls=True, ca_file=no_ca)), BadCredentials)
