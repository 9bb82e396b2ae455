"""What can be wrong with a backup.

BackupError (a HubError)
+-- WrongPassphrase   the passphrase does not open it
+-- BackupBroken      damaged, cut off, changed, or no backup at all
+-- BackupNewer       a newer version has made it
"""

from hub.errors import HubError


class BackupError(HubError):
    """A backup could not be made or restored."""


class WrongPassphrase(BackupError):  # noqa: N818 - says what is wrong
    """The passphrase does not open it."""


class BackupBroken(BackupError):  # noqa: N818
    """Damaged, cut off, changed, or no backup at all."""


class BackupNewer(BackupError):  # noqa: N818
    """A newer version has made it; nothing was touched."""


KINDS: dict[str, type[BackupError]] = {
    kind.__name__: kind for kind in (BackupError, WrongPassphrase, BackupBroken, BackupNewer)
}
