"""`python -m server …`: see `cli`."""

import sys

from server.cli import main

sys.exit(main())
