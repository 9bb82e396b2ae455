"""The hub's own authority, by the eyes of OpenSSL."""

import asyncio
import datetime as dt
import ipaddress
import json
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.api.certificates import NOTE, fingerprint, own_files
from hub.api.names import LOOPBACK
from hub.settings import ApiSettings
from hub.supervisor import NeedsAttention
from tests.fakes.certificates import Authority as OtherAuthority
from tests.hub.api_rig import API, running, settings_for

pytestmark = pytest.mark.slow

NOW = dt.datetime.now(dt.UTC)


@pytest.mark.slow
async def test_a_certificate_is_made_once_and_renewed_before_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    files = await own_files(folder, ["localhost"], LOOPBACK, NOW)
    first, authority = fingerprint(files.certificate), fingerprint(folder / "ca.crt")
    for name in ("ca.key", "hub.key", "ca.crt", "hub.crt"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    await own_files(folder, ["localhost"], LOOPBACK, NOW + dt.timedelta(days=59))
    assert fingerprint(files.certificate) == first
    await own_files(folder, ["localhost"], LOOPBACK, NOW + dt.timedelta(days=61))
    second = fingerprint(files.certificate)
    assert second != first
    await own_files(folder, ["localhost", "den.local"], LOOPBACK, NOW)
    assert fingerprint(files.certificate) != second
    assert fingerprint(folder / "ca.crt") == authority  # devices trust it still
    (folder / NOTE).write_text("broken")
    await own_files(folder, ["localhost"], LOOPBACK, NOW)
    assert json.loads((folder / NOTE).read_text())["wanted"]["names"] == ["localhost"]


async def test_a_stolen_authority_cannot_stand_for_another_site(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    await own_files(folder, ["localhost", "evil.example"], LOOPBACK, NOW)
    leaf = x509.load_pem_x509_certificate((folder / "hub.crt").read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    forged, key = forge(folder, "evil.example")
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        await shake_hands(folder, forged, key, "evil.example")
    good, key = forge(folder, "den.local")
    await shake_hands(folder, good, key, "den.local")


def forge(folder: Path, name: str) -> tuple[Path, Path]:
    """Sign a certificate with the authority's key, as a thief would."""
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    signer = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    files = folder / f"{name}.crt", folder / f"{name}.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


async def shake_hands(folder: Path, certificate: Path, key: Path, name: str) -> None:
    """Do a TLS handshake over loopback with a client that trusts the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
    client = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    try:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname=name
        )
        writer.close()
    finally:
        server.close()


async def test_a_household_can_bring_its_own_certificate(state: Path, tmp_path: Path) -> None:
    authority = OtherAuthority(tmp_path, "public")
    certificate, key = authority.issue("hub")
    tls = {"mode": "custom", "certificate_file": str(certificate), "key_file": str(key)}
    api = {"port": 0, "http_port": None, "tls": tls}
    async with running(settings_for(state, api=api), cafile=authority.ca_file) as rig:
        async with rig.client().get(f"{API}/pairing") as answer:
            assert (await answer.json())["authority"] is None
    assert not (state / "tls").exists()


async def test_a_certificate_that_cannot_be_read_asks_for_attention(tmp_path: Path) -> None:
    from hub.api.tls import Tls  # noqa: PLC0415
    from hub.clock import SystemClock  # noqa: PLC0415

    wrong = tmp_path / "wrong.crt"
    wrong.write_text("nothing")
    for tls in (
        {"mode": "custom"},
        {"mode": "custom", "certificate_file": wrong, "key_file": wrong},
    ):
        settings = ApiSettings.model_validate({"tls": tls})
        with pytest.raises(NeedsAttention, match=r"api\.tls"):
            await Tls(settings, tmp_path, SystemClock()).load()


def test_the_announcement_tells_where_and_nothing_of_who() -> None:
    from hub.api.announce import service  # noqa: PLC0415

    address = {"port": 8443, "addresses": ["192.168.1.7", "127.0.0.1"]}
    info = service("Ada's home. In town", address)
    assert info.type == "_moodsync._tcp.local."
    assert info.port == 8443
    assert info.parsed_addresses() == ["192.168.1.7"]
    assert set(info.decoded_properties) == {"v", "path", "api"}
    assert ipaddress.ip_address(info.parsed_addresses()[0]).is_private
