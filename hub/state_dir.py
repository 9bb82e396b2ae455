"""Where the hub's files lie."""

from pathlib import Path

from hub.settings import StoreSettings


def state_dir(settings: StoreSettings) -> Path:
    """Return the state directory as an absolute path; it need not exist yet."""
    return settings.directory.expanduser().absolute()


def control_socket(settings: StoreSettings) -> Path:
    """Return the path of the control socket."""
    return state_dir(settings) / "control.sock"
