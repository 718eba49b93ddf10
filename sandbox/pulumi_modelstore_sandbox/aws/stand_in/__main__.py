"""Run the stand-in for AWS: `python -m pulumi_modelstore_sandbox.aws.stand_in FOLDER`, with the start token on stdin.

It listens on the loopback interface alone, on the port it had before where that is free, and writes server.json once
it does. It ends on SIGTERM, and when that file is no longer its own (the sandbox's home was removed).
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from moto import settings
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from pulumi_modelstore_sandbox.aws.endpoint import DEFAULT_REGION
from pulumi_modelstore_sandbox.aws.server_record import RECORD_NAME, ServerRecord, read_record, write_record
from pulumi_modelstore_sandbox.aws.stand_in import corrections
from pulumi_modelstore_sandbox.aws.stand_in.application import Application
from pulumi_modelstore_sandbox.aws.stand_in.bodies import BodyStore
from pulumi_modelstore_sandbox.aws.stand_in.deployer import deployer_key
from pulumi_modelstore_sandbox.aws.stand_in.snapshot import Snapshot, UnreadableSnapshotError

SNAPSHOT_NAME = "data.pickle"
WATCH_SECONDS = 2.0


class _Handler(MotoRequestHandler):
    """Logs requests without their query: a presigned one carries a signature."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - the base's signature
        self.log("info", "%s %s %s", self.command, self.path.partition("?")[0], code)


def _load(snapshot: Snapshot, bodies: BodyStore, path: Path) -> str | None:
    """Load what was saved; return a sentence for the user where that cannot be had."""
    try:
        snapshot.load()
    except UnreadableSnapshotError as error:
        aside = path.with_suffix(".unreadable")
        path.replace(aside)
        objects = bodies.set_aside()
        return (
            f"the sandbox's AWS was restarted and what was in it is gone: {path.name} cannot be read ({error}). "
            f"It is kept as {aside} and {objects}; "
            f"`modelstore sandbox refresh` makes the stack's state agree, `modelstore sandbox up` builds it anew."
        )
    return None


def _listen(port: int, application: Application) -> BaseWSGIServer:
    try:
        return make_server("127.0.0.1", port, application, threaded=True, request_handler=_Handler)
    except (OSError, SystemExit):
        # werkzeug exits where a port is taken; whoever has it may keep it.
        return make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Handler)


def _watch(folder: Path, token: str, stop: threading.Event, server: BaseWSGIServer) -> None:
    while not stop.wait(WATCH_SECONDS):
        record = read_record(folder)
        if record is None or record.token != token:
            break
    server.shutdown()


def main() -> None:
    """Serve until SIGTERM."""
    folder = Path(sys.argv[1])
    token = sys.stdin.readline().strip()
    lock = threading.RLock()
    bodies = BodyStore(folder / "objects")
    corrections.apply(bodies)
    snapshot = Snapshot(folder / SNAPSHOT_NAME, bodies, lock)
    notice = _load(snapshot, bodies, folder / SNAPSHOT_NAME)
    access_key_id, secret_access_key = deployer_key()
    snapshot.save()
    # From here on every request is checked: its signature, and what its key may do.
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0

    identity: dict[str, Any] = {"token": token, "pid": os.getpid()}
    previous = read_record(folder)
    server = _listen(previous.port if previous else 0, Application(snapshot, lock, identity))
    record = ServerRecord(
        url=f"http://127.0.0.1:{server.port}",
        pid=os.getpid(),
        token=token,
        access_key_id=access_key_id,
        secret_access_key=secret_access_key,
        region=DEFAULT_REGION,
        notice=notice,
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    write_record(folder, record)
    # Everything imported so far stays for good: collections need not look at it.
    gc.freeze()
    threading.Thread(target=_watch, args=(folder, token, stop, server), name="watch", daemon=True).start()
    server.serve_forever()
    if (folder / RECORD_NAME).exists():
        snapshot.save()
    sys.stdout.write(json.dumps({"stopped": identity["pid"]}) + "\n")
    sys.stdout.flush()
    # moto's objects warn, one line each, when the interpreter takes them apart.
    os._exit(0)


if __name__ == "__main__":
    main()
