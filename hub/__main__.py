"""`python -m hub` is `moodsync`."""

import sys

from hub.cli.main import main

sys.exit(main())
