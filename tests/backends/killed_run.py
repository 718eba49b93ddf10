"""`modelstore sandbox` that dies, as by `kill -9`, when the named resource was created and is not recorded yet.

Arguments: the resource's name, then those of `modelstore sandbox`.
"""

import os
import signal
import sys
from typing import Any

from pulumi_modelstore.cli import main
from pulumi_modelstore_sandbox.engine.actions.create import Create

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    record = Create.record

    def dies(action: Create, run: Any, operation: Any, state: Any) -> Any:
        if not run.preview and action.wanted.urn.rpartition("::")[2] == name:
            os.kill(os.getpid(), signal.SIGKILL)
        return record(action, run, operation, state)

    Create.record = dies  # type: ignore[method-assign]
    sys.argv = ["modelstore", "sandbox", *arguments]
    sys.exit(main())
