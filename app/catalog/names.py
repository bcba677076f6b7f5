"""Names of repositories and files, and the addresses made from them."""

import re
from dataclasses import dataclass
from urllib.parse import quote

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_PART_BYTES = 240


@dataclass(frozen=True)
class RepoFile:
    """path: inside the repository. sha256: of the content, None for small files kept in git.
    revision: the commit that this was listed at."""

    path: str
    size_bytes: int
    sha256: str | None
    revision: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def is_repository_name(text: str) -> bool:
    """`owner/name`."""
    return _NAME.fullmatch(text) is not None and ".." not in text


def is_safe_path(path: str) -> bool:
    """No way out of the folder that the files will be stored in, on any system, and printable."""
    return path.isprintable() and all(
        part
        and part not in (".", "..")
        and not re.search(r'[\\:*?"<>|]', part)
        and part[-1] not in ". "
        and not _RESERVED.fullmatch(part)
        and len(part.encode()) <= _LONGEST_PART_BYTES
        for part in path.split("/")
    )


def file_url(endpoint: str, repo: str, file: RepoFile) -> str:
    return f"{endpoint}/{quote(repo)}/resolve/{quote(file.revision)}/{quote(file.path)}"
