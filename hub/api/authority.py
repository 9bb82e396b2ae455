"""The hub's own certificate authority, and the certificate that it gives the hub.

The authority may vouch for names and addresses of homes alone (name constraints, RFC 5280
4.2.1.10): a stolen key cannot stand for a bank. Its key never leaves the state directory. People
trust its certificate once on each device; the hub's own certificate, renewed well before it ends,
is then trusted by itself.
"""

import datetime as dt
import ipaddress
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.api.certificates import NOTE
from hub.api.names import Address

CA_DAYS = 3650
LEAF_DAYS = 90
DAY = dt.timedelta(days=1)
DOMAINS = ("localhost", "local", "lan", "home", "internal", "home.arpa")
"""Domains that no public authority vouches for (RFC 6762, 8375; ICANN keeps .internal private)."""
NETWORKS = (
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
    *("100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"),
)


class Authority:
    """Lives in a folder of mode 0700."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate_file = folder / "ca.crt"
        self._key_file = folder / "ca.key"

    def issue(self, names: Iterable[str], addresses: Iterable[Address], now: dt.datetime) -> Path:
        """Return a new certificate for these names, its key `hub.key` beside it.

        The authority is made first where there is none.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.certificate_file.is_file() or not self._key_file.is_file():
            self._make(now)
        leaf = self._folder / "hub.crt"
        self._issue(leaf, self._folder / "hub.key", _alternatives(names, addresses), now)
        return leaf

    def _make(self, now: dt.datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"MoodSync home {os.urandom(3).hex()}")
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + CA_DAYS * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(sign=True), critical=True)
            .add_extension(
                x509.NameConstraints(
                    [
                        *(x509.DNSName(domain) for domain in DOMAINS),
                        *(x509.IPAddress(ipaddress.ip_network(n)) for n in NETWORKS),
                    ],
                    None,
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .sign(key, hashes.SHA256())
        )
        write(self._key_file, pem(key))
        write(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM))

    def _issue(
        self, leaf: Path, key_file: Path, wanted: list[x509.GeneralName], now: dt.datetime
    ) -> None:
        authority = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        signer = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name("MoodSync hub"))
            .issuer_name(authority.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + LEAF_DAYS * DAY)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(sign=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(x509.SubjectAlternativeName(wanted), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
            )
            .sign(signer, hashes.SHA256())
        )
        write(key_file, pem(key))
        write(leaf, certificate.public_bytes(serialization.Encoding.PEM))


def main() -> None:
    """Make what is needed in the folder named on the command line; the names come by stdin."""
    folder = Path(sys.argv[1])
    wanted = json.loads(sys.stdin.read())
    now = dt.datetime.now(dt.UTC)
    addresses = [ipaddress.ip_address(one) for one in wanted["addresses"]]
    leaf = Authority(folder).issue(wanted["names"], addresses, now)
    found = x509.load_pem_x509_certificate(leaf.read_bytes())
    note = {
        "wanted": wanted,
        "ends": found.not_valid_after_utc.isoformat(),
        "sha256": found.fingerprint(hashes.SHA256()).hex(),
    }
    write(folder / NOTE, json.dumps(note).encode())


def _alternatives(names: Iterable[str], addresses: Iterable[Address]) -> list[x509.GeneralName]:
    """Return what the authority may vouch for; other names need `custom` or `acme`."""
    networks = [ipaddress.ip_network(one) for one in NETWORKS]
    return [
        *(x509.DNSName(n) for n in names if any(n == d or n.endswith(f".{d}") for d in DOMAINS)),
        *(x509.IPAddress(a) for a in addresses if any(a in network for network in networks)),
    ]


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign,
        crl_sign=sign,
        encipher_only=False,
        decipher_only=False,
    )


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key as PEM, not encrypted: the folder is for its owner alone."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def write(path: Path, data: bytes) -> None:
    """Put a file in place at once, for nobody but its owner."""
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


if __name__ == "__main__":
    main()
