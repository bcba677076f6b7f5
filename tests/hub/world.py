"""What the local Hub holds: repositories, people and their tokens."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.hub.content import Content

UPLOADED = "2026-03-01T12:00:00.000Z"


def commit_id(name: str, number: int) -> str:
    return hashlib.sha1(f"{name}#{number}".encode()).hexdigest()  # noqa: S324 - git's own hash


@dataclass(frozen=True)
class HubFile:
    """lfs: stored outside git, so that size and sha256 are listed and the bytes come by the CDN."""

    content: Content
    lfs: bool = True

    @property
    def blob_id(self) -> str:
        return hashlib.sha1(self.content.sha256.encode()).hexdigest()  # noqa: S324

    @property
    def xet_hash(self) -> str:
        """What the CDN names as ETag: neither the sha256 nor the git hash."""
        return hashlib.sha256(b"xet" + self.content.sha256.encode()).hexdigest()


@dataclass
class Repo:
    """gated: listed for everyone, files only for users in `allowed`. private: as if missing for
    everyone else. commits: files at each commit, oldest first; refs: branch or tag to commit.
    extra: further fields of the model info (tags, gguf, cardData ...). dates: when a file was last
    changed, where that is not last_modified."""

    name: str
    commits: dict[str, dict[str, HubFile]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    gated: bool = False
    private: bool = False
    disabled: bool = False
    allowed: set[str] = field(default_factory=set)
    downloads: int = 1000
    likes: int = 10
    last_modified: str = UPLOADED
    extra: dict[str, Any] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, HubFile], ref: str = "main") -> str:
        """Replace the files of the branch; the new commit's id."""
        identity = commit_id(self.name, len(self.commits))
        self.commits[identity] = dict(files)
        self.refs[ref] = identity
        return identity

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, tag or commit names."""
        known = self.refs.get(revision, revision)
        return known if known in self.commits else None

    @property
    def head(self) -> str:
        return self.refs["main"]

    def replace(self, path: str, content: Content) -> str:
        """A new commit on main in which one file is another."""
        return self.commit({**self.commits[self.head], path: HubFile(content)})


@dataclass
class World:
    """tokens: token to user name. renamed: old repository name to new."""

    repos: dict[str, Repo] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    page_size: int = 1000

    def add(self, name: str, files: Mapping[str, Content], **options: Any) -> Repo:
        repo = Repo(name, **options)
        repo.commit({path: HubFile(content) for path, content in files.items()})
        self.repos[name] = repo
        return repo

    def files_with_hash(self, xet_hash: str) -> HubFile | None:
        for repo in self.repos.values():
            for files in repo.commits.values():
                for file in files.values():
                    if file.xet_hash == xet_hash:
                        return file
        return None
