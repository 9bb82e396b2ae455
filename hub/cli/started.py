"""When this program started, as near as it can know: imported before everything else.

The process's own age will not do: a shell that ends in `exec` may have prepared for minutes.
"""

import time

STARTED = time.monotonic()
