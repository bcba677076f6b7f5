"""A warmed process that forks one downloader per line on its input, so that killing 50 of them does
not cost 50 starts of Python. Prints the child's process id, and its exit code when it is over."""

import json
import os
import sys
import traceback
from pathlib import Path

from app.core.hub_access import HubAccess
from app.downloads import dial, staff
from app.downloads.facade import download
from app.downloads.types import DownloadRequest, FileRequest, Target


def _download(order: dict[str, object]) -> int:
    request = DownloadRequest(
        str(order["repo"]),
        str(order["commit"]),
        tuple(FileRequest(*file) for file in order["files"]),  # type: ignore[attr-defined]
    )
    target = Target("hub-cache", Path(str(order["folder"])))
    endpoint = str(order["endpoint"])
    connections = int(str(order["connections"]))
    download(request, target, HubAccess(lambda: endpoint), connections=connections)
    return 0


def main() -> None:
    staff.RAMP_SECONDS = 0.0  # all connections from the start, though the line is very fast
    dial.RECEIVE_BUFFER_BYTES = 64 * 1024  # what the sockets hold would blur the count
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = _download(json.loads(line))
            except BaseException:  # noqa: BLE001 - the parent must see a failure as such
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
