"""A process killed while it writes its state leaves the whole file of one moment."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from pulumi_modelstore_sandbox.state.home import Home
from pulumi_modelstore_sandbox.state.store import StateFile

WRITE = """
import sys
from pathlib import Path
from pulumi_modelstore_sandbox.engine.resource import ResourceState
from pulumi_modelstore_sandbox.state.home import Home
from pulumi_modelstore_sandbox.state.store import StateFile
home = Home(Path(sys.argv[1]))
state = StateFile(home.state("proj", "dev"), home)
number = 0
while True:
    number += 1
    state.write(
        [
            ResourceState(f"urn:pulumi:dev::proj::test:index:T::{i}", "test:index:T", custom=True, id=str(number),
                          inputs={"filling": "x" * 2000})
            for i in range(200)
        ],
        [],
    )
    if number == 1:
        print("writing", flush=True)
"""


def test_the_file_is_whole_after_each_kill(tmp_path: Path) -> None:
    home = Home(tmp_path)
    path = home.state("proj", "dev")
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", WRITE, str(tmp_path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"writing\n"
            time.sleep(random.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        resources = StateFile(path, home).snapshot()
        assert len(resources) == 200
        assert len({resource.id for resource in resources}) == 1, "resources of two moments in one file"
    leftovers = {file.name for file in path.parent.iterdir()} - {"dev.json", "dev.json.draft"}
    assert not leftovers
