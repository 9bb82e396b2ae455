"""A new device is told whom to report to, what and how often; then it is asked how it is.

Binding and reporting as in ZCL 8, 2.5.7 and Zigbee 2.4.3.2; IAS zones are enrolled (8.2.2.2.3).
A device that refuses to report is asked instead, so a refusal is no failure.
"""

from typing import Any, Final

import structlog
from zigpy.application import ControllerApplication
from zigpy.device import Device as ZigpyDevice
from zigpy.endpoint import Endpoint
from zigpy.exceptions import ZigbeeException
from zigpy.zcl import Cluster
from zigpy.zcl.foundation import Status, ZCLAttributeDef
from zigpy.zcl.helpers import ReportingConfig

from drivers.zigbee.buttons import CLIENTS
from drivers.zigbee.lights import (
    ABILITIES,
    HUE,
    MIREDS,
    MIREDS_MAX,
    MIREDS_MIN,
    MODE,
    SATURATION,
    X,
    Y,
)
from drivers.zigbee.parts import (
    BASIC,
    FAN_MODE,
    HIGHEST_SETPOINT,
    LIFT_PERCENT,
    LOWEST_SETPOINT,
    PLACE,
    SETPOINT,
    VERSION,
)
from drivers.zigbee.readings import (
    COLOR,
    COVERING,
    FAN,
    IAS_ZONE,
    LEVEL,
    MULTISTATE,
    ON_OFF,
    READINGS,
    THERMOSTAT,
    ZONE_STATUS,
    ZONE_TYPE,
)

log = structlog.get_logger(__name__)

_STATES: Final[dict[int, dict[int, tuple[int, int, int]]]] = {
    ON_OFF: {0: (0, 900, 1)},
    LEVEL: {0: (1, 900, 1)},
    COLOR: {X: (1, 900, 100), Y: (1, 900, 100), MIREDS: (1, 900, 1), MODE: (1, 900, 1)},
    THERMOSTAT: {SETPOINT: (1, 900, 10)},
    COVERING: {LIFT_PERCENT: (1, 900, 1)},
    FAN: {FAN_MODE: (1, 900, 1)},
    MULTISTATE: {0x0055: (0, 3600, 1)},
}
"""How what can be commanded is reported: least and greatest seconds, least change."""
_CONSTANTS: Final[dict[int, tuple[int, ...]]] = {
    BASIC: (VERSION, PLACE),
    COLOR: (ABILITIES, MIREDS_MIN, MIREDS_MAX, HUE, SATURATION),
    THERMOSTAT: (LOWEST_SETPOINT, HIGHEST_SETPOINT),
    IAS_ZONE: (ZONE_TYPE, ZONE_STATUS),
}
_CIE_ADDRESS: Final = 0x0010
_ENROLLED_AS: Final = 0
Failure = (TimeoutError, ZigbeeException, RuntimeError)


async def set_up(application: ControllerApplication, node: ZigpyDevice) -> bool:
    """Bind and configure everything, then read it. Returns False when the device went silent.

    The caller sets the time limit.
    """
    reached = True
    for endpoint in node.non_zdo_endpoints:
        for number in CLIENTS:
            if number in endpoint.out_clusters:
                reached &= await _bind(endpoint.out_clusters[number])
        for number, cluster in endpoint.in_clusters.items():
            wanted = _wanted(number, cluster)
            if number == IAS_ZONE:
                reached &= await _enrol(application, cluster)
            if wanted and await _bind(cluster):
                reached &= await _report(cluster, wanted)
    return await ask(node) and reached


async def ask(node: ZigpyDevice, *, everything: bool = True) -> bool:
    """Read how a device is; with `everything`, also what never changes. False when silent."""
    for endpoint in node.non_zdo_endpoints:
        for number, cluster in endpoint.in_clusters.items():
            wanted = [*_wanted(number, cluster)]
            if everything:
                wanted += _fixed(number)
            if not await _read(cluster, wanted):
                return False
    return True


async def ask_state(endpoint: Endpoint) -> bool:
    """Read what a command may have changed."""
    for number, attributes in _STATES.items():
        cluster = endpoint.in_clusters.get(number)
        if cluster is not None and not await _read(cluster, list(attributes)):
            return False
    return True


def _wanted(number: int, cluster: Cluster) -> dict[int, tuple[int, int, int]]:
    found = dict(_STATES.get(number, {}))
    for reading in READINGS:
        if reading.cluster == number and reading.report is not None:
            found[reading.attribute] = reading.report
    known = {a: how for a, how in found.items() if not cluster.is_attribute_unsupported(a)}
    if number == COLOR and (abilities := cluster.get(ABILITIES)) is not None:
        if not int(abilities) & 0x08:
            known.pop(X, None)
            known.pop(Y, None)
        if not int(abilities) & 0x10:
            known.pop(MIREDS, None)
    return known


def _fixed(number: int) -> list[int]:
    found = [*_CONSTANTS.get(number, ())]
    for reading in READINGS:
        if reading.cluster == number:
            found += [a for a in (*reading.needs, reading.attribute) if a not in found]
    return found


async def _bind(cluster: Cluster) -> bool:
    try:
        answer = await _untyped(cluster).bind()
    except Failure:
        return False
    if answer[0] != Status.SUCCESS:
        log.debug("zigbee_binding_refused", cluster=cluster.name)
    return True


async def _report(cluster: Cluster, wanted: dict[int, tuple[int, int, int]]) -> bool:
    config = {}
    for attribute, (least, most, change) in wanted.items():
        if attribute not in cluster.attributes:
            continue
        config[cluster.find_attribute(attribute)] = ReportingConfig(
            min_interval=least, max_interval=most, reportable_change=change
        )
    try:
        await cluster.configure_reporting_multiple(config)
    except Failure:
        return False
    return True


async def _enrol(application: ControllerApplication, cluster: Cluster) -> bool:
    try:
        await _untyped(cluster).bind()
        await cluster.write_attributes({_CIE_ADDRESS: application.state.node_info.ieee})
        # Auto-enrol-response: right for devices that ask and for those that wait to be told.
        await cluster.enroll_response(enroll_response_code=0, zone_id=_ENROLLED_AS)
    except Failure:
        return False
    return True


async def _read(cluster: Cluster, attributes: list[int]) -> bool:
    known: list[int | str | ZCLAttributeDef] = [
        a for a in dict.fromkeys(attributes) if a in cluster.attributes
    ]
    if not known:
        return True
    try:
        await cluster.read_attributes(known)
    except Failure:
        return False
    return True


def _untyped(cluster: Cluster) -> Any:
    """Return it as what it is to mypy: zigpy leaves some of its methods without types."""
    return cluster
