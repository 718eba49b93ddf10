"""`python -m pulumi_modelstore_provider.transfer REQUEST.json`."""

from __future__ import annotations

import sys

from pulumi_modelstore_provider.transfer.command import main

sys.exit(main())
