"""A Hub on loopback with one repository of small, real models."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.gguf.servers import Answer, Seen, http_server

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def listing(files: Mapping[str, Path], **changes: Any) -> Answer:
    """The answer of the API for a repository with these files."""
    siblings: list[dict[str, Any]] = [{"rfilename": "README.md", "size": 12, "blobId": "x"}]
    for path, source in files.items():
        data = source.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        lfs = {"sha256": digest, "size": len(data), "pointerSize": 130}
        siblings.append({"rfilename": path, "size": len(data), "blobId": "y", "lfs": lfs})
    value = {"id": "owner/name", "sha": COMMIT, "siblings": siblings, **changes}
    return Answer(body=json.dumps(value).encode())


@contextmanager
def hub(repo: str, files: Mapping[str, Path]) -> Iterator[tuple[str, Seen]]:
    """Gives its address, and what was asked of it."""
    answers = {f"/api/models/{repo}?blobs=true": listing(files, id=repo)}
    for path, source in files.items():
        data = source.read_bytes()
        headers = {
            "X-Linked-ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "X-Repo-Commit": COMMIT,
        }
        url = f"/{repo}/resolve/{COMMIT}/{quote(path)}"
        answers[url] = Answer(headers=headers, body=data, ranges=True)
    with http_server(answers) as served:
        yield served
