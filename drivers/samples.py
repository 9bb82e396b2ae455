"""What body sensors measure; it travels only where consent is asked for."""

from dataclasses import dataclass

from drivers.device import DeviceId


@dataclass(frozen=True, slots=True)
class HeartSample:
    """A heart strap's notification: rate, and the RR intervals since the last one (seconds)."""

    device: DeviceId
    bpm: int
    rr_s: tuple[float, ...]
    contact: bool | None
    monotonic_s: float


@dataclass(frozen=True, slots=True)
class SkinSample:
    """Skin conductance in microsiemens, oldest first, ending at `monotonic_s`."""

    device: DeviceId
    microsiemens: tuple[float, ...]
    rate_hz: float
    monotonic_s: float


Sample = HeartSample | SkinSample
