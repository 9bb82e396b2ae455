"""What went wrong in a group of tasks, as the one error that a driver reports."""

from drivers.types import DriverError


def reason_of(errors: ExceptionGroup) -> Exception:
    """Return the first driver error in a group.

    Where anything else is among them, that is a fault of ours: the group itself is returned.
    """
    mine, others = errors.split(DriverError)
    if others is not None or mine is None:
        return errors
    first: BaseException = mine
    while isinstance(first, ExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, DriverError)
    return first
