"""How the API is reached, and by which certificate."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, IPvAnyAddress

from drivers.settings import Strict

HostName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class AcmeSettings(Strict):
    """A public authority that gives certificates by ACME (RFC 8555), asked by DNS-01 alone.

    The hub need not be reached from outside; the names' DNS has to be the household's.
    """

    directory: Annotated[str, Field(pattern=r"^https://\S+$")] = (
        "https://acme-v02.api.letsencrypt.org/directory"
    )
    hook: Annotated[tuple[str, ...], Field(min_length=1)]
    """A command that sets the TXT record at your DNS provider: it is run with `add NAME VALUE`, and
    afterwards with `remove NAME VALUE`."""
    agree: Literal[True]
    """That you agree to the authority's terms of service."""
    contact: Annotated[str, Field(pattern=r"^(mailto:[^@\s]+@[^@\s]+)?$")] = ""
    dns_wait_s: Annotated[float, Field(ge=0, le=900)] = 60
    """How long the record takes to be seen everywhere."""
    ca_file: Path | None = None
    """What to trust instead of the system's authorities, for an ACME server at home."""


class TlsSettings(Strict):
    """Where the API's certificate comes from.

    `own`: an authority that the hub makes for itself, which people trust once on each device.
    `custom`: files that something else renews, an ACME client for example; they are read again
    every few hours.
    `acme`: a public authority's for `api.hostnames`, got and renewed by DNS-01.
    """

    mode: Literal["own", "custom", "acme"] = "own"
    certificate_file: Path | None = None
    """`custom`: the chain as PEM, the hub's own certificate first."""
    key_file: Path | None = None
    acme: AcmeSettings | None = None


class PairingButton(Strict):
    """A button that opens pairing for two minutes, by the digits of the home's sticker."""

    device: str
    """Its device id, as in `moodsync devices`."""
    action: str = "hold"
    """The press that counts, in its driver's word: `single`, `double`, `hold`..."""


class ApiSettings(Strict):
    """The API and the app, served by the hub itself."""

    enabled: bool = True
    bind: Literal["loopback", "lan"] | tuple[IPvAnyAddress, ...] = "loopback"
    """Who can reach it: this machine alone, the home's network, or these addresses."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8443
    """https; 0 takes a free one."""
    http_port: Annotated[int, Field(ge=0, le=65_535)] | None = 8080
    """Plain http: the app on this machine itself, for all others a page on how to get to https."""
    hostnames: tuple[HostName, ...] = ()
    """Names by which the hub is reached besides its own `.local` name and its addresses."""
    announce: bool = True
    """Tell the home's network by mDNS; never when bound to loopback."""
    pairing_buttons: tuple[PairingButton, ...] = ()
    """Buttons that open pairing; see also `moodsync pair --button` for one on a GPIO line."""
    pairing_role: Literal["adult", "child", "guest"] = "guest"
    """What somebody becomes who pairs by such a button; owners can raise it in the app."""
    push_contact: Annotated[str, Field(pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$")] = (
        "mailto:moodsync@home.arpa"
    )
    """By which push services reach whoever runs this hub, as Web Push asks (RFC 8292)."""
    tls: TlsSettings = TlsSettings()
