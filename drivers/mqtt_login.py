"""Where the broker is and who we are to it, from the settings and the files they name."""

import ssl

from drivers.mqtt_connection import Broker
from drivers.mqtt_settings import MqttSettings
from drivers.mqtt_wire import Will
from drivers.types import BadCredentials


def broker_of(settings: MqttSettings) -> Broker:
    """Read what the settings point to. Raises BadCredentials when a file cannot be read."""
    return Broker(
        settings.host,
        settings.port,
        settings.client_id,
        settings.keepalive_s,
        max(settings.max_payload_bytes, settings.discovery.largest_bytes),
        _tls(settings),
        settings.username,
        _password(settings),
        Will(f"{settings.client_id}/availability", b"offline"),
    )


def _tls(settings: MqttSettings) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as err:  # ssl.SSLError is one
        raise BadCredentials(f"ca_file {settings.ca_file} cannot be used: {err}") from err


def _password(settings: MqttSettings) -> str | None:
    if settings.password_file is None:
        return None
    try:
        return settings.password_file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as err:
        raise BadCredentials(f"password_file {settings.password_file} cannot be read") from err
