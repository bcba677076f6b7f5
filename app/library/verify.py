"""Is every byte what it should be? Hashes whole files; where no hash is known, checks structure."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from app.catalog.names import RepoFile
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import mark, tr
from app.gguf.read import read_header
from app.library.records import FileRecord, Records
from app.library.types import InstalledModel, ModelFile, Verified

_PIECE_BYTES = 4 * 1024 * 1024
_TELL_SECONDS = 0.1
_log = logging.getLogger(__name__)

ListFiles = Callable[[str, str | None], Iterable[RepoFile]]
"""The GGUF files of a repository at a commit, None for the newest. Raises KnownError."""


@dataclass(frozen=True)
class VerifyProgress:
    """Of all bytes that are read. bytes_per_second: since the beginning, None at first."""

    name: str
    done_bytes: int
    size_bytes: int
    bytes_per_second: float | None = None

    @property
    def seconds_left(self) -> float | None:
        if not self.bytes_per_second:
            return None
        return (self.size_bytes - self.done_bytes) / self.bytes_per_second


@dataclass(frozen=True)
class WrongFile:
    """sure: False when the hash is that of the newest version on the Hub and this may be an earlier
    one. found: None when the structure is wrong already."""

    file: ModelFile
    why: str
    expected: str | None = None
    found: str | None = None
    sure: bool = True


@dataclass(frozen=True)
class Verification:
    """verified: None when something is wrong. unknown: names of files without a known hash, whose
    structure alone was checked."""

    model: InstalledModel
    verified: Verified | None
    wrong: tuple[WrongFile, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        if self.wrong:
            return " ".join(f"{one.file.name}: {one.why}" for one in self.wrong)
        if not self.unknown:
            return tr("Every byte is what the publisher released (SHA-256).")
        if len(self.unknown) == len(self.model.files):
            return tr("No known hash: only the structure was checked, and it is sound.")
        return tr(
            "No known hash for {value}: there, only the structure was checked.",
            value=", ".join(self.unknown),
        )


@dataclass(frozen=True)
class _Expected:
    """why: what to say when it is something else."""

    sha256: str
    sure: bool = True
    why: str = mark("It is damaged: its content is not what the publisher released.")


def verify(
    model: InstalledModel,
    records: Records,
    now: Callable[[], datetime],
    *,
    on_progress: Callable[[VerifyProgress], None] = lambda _: None,
    cancel: CancelToken | None = None,
    list_files: ListFiles | None = None,
) -> Verification:
    """What it finds is remembered. list_files: asks the Hub for hashes that nothing here knows,
    None to ask nobody. Raises Cancelled, KnownError when a file cannot be read or changes.
    """
    if model.state == "partial":
        raise KnownError(
            tr("{title} is not complete.", title=model.title),
            model.why,
            tr("Finish the download, then verify."),
        )
    token = cancel or CancelToken()
    expected = _expected(model, records, list_files)
    hashed = [file for file in model.files if file.content in expected]
    meter = _Meter(sum(file.done_bytes for file in hashed), on_progress)
    wrong = _structure(model, {file.content for file in hashed})
    for file in hashed:
        wanted = expected[file.content]
        found = hash_file(file, meter, token)
        if found != wanted.sha256:
            wrong.append(_wrong(file, wanted, found))
    unknown = tuple(file.name for file in model.files if file.content not in expected)
    verified = None if wrong else Verified(now(), "structure" if unknown else "sha256")
    _remember(model, records, expected, {one.file.content: one for one in wrong}, now())
    return Verification(model, verified, tuple(wrong), unknown)


def hash_file(file: ModelFile, meter: "_Meter", cancel: CancelToken) -> str:
    """Raises Cancelled, KnownError."""
    digest, buffer = hashlib.sha256(), memoryview(bytearray(_PIECE_BYTES))
    try:
        before = file.content.stat()
        with file.content.open("rb", buffering=0) as reading:
            while count := reading.readinto(buffer):
                cancel.raise_if_cancelled()
                digest.update(buffer[:count])
                meter.add(file.name, count)
        after = file.content.stat()
    except OSError as error:
        raise KnownError(
            tr("{name} cannot be read.", name=file.name),
            tr("The system says: {strerror}.", strerror=error.strerror or error),
            tr("Check the disk or the network folder it lies on."),
            repr(error),
        ) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise KnownError(
            tr("{name} has changed while it was being read.", name=file.name),
            tr("Another program is writing to it."),
            tr("Let that one finish, then verify again."),
        )
    return digest.hexdigest()


class _Meter:
    def __init__(self, size_bytes: int, tell: Callable[[VerifyProgress], None]) -> None:
        self._size, self._tell = size_bytes, tell
        self._done = 0
        self._started = self._told = time.monotonic()

    def add(self, name: str, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if now - self._told < _TELL_SECONDS and self._done < self._size:
            return
        self._told = now
        elapsed = now - self._started
        rate = self._done / elapsed if elapsed > 0 else None
        self._tell(VerifyProgress(name, self._done, self._size, rate))


def known_repository(model: InstalledModel, records: Records) -> str:
    """`owner/name` of the Hub, by the model's place or by our record of the download; else ""."""
    if model.repository:
        return model.repository
    kept = [records.at(file.content) for file in model.files]
    return next((record.repo for record in kept if record is not None and record.repo), "")


def _expected(
    model: InstalledModel, records: Records, list_files: ListFiles | None
) -> dict[Path, _Expected]:
    known: dict[Path, _Expected] = {}
    for file in model.files:
        record = records.at(file.content)
        if file.sha256 is not None:
            known[file.content] = _Expected(file.sha256)
        elif record is None or record.sha256 is None:
            continue
        elif record.matches(file):
            known[file.content] = _Expected(record.sha256)
        elif record.owned:
            why = tr("It has changed since this program downloaded and verified it.")
            known[file.content] = _Expected(record.sha256, why=why)
    repo = known_repository(model, records)
    if len(known) == len(model.files) or not repo or list_files is None:
        return known
    try:
        files = list_files(repo, model.commit)
    except KnownError:
        _log.info("The Hub could not be asked about %s", repo, exc_info=True)
        return known
    listed = {(file.name, file.size_bytes): file for file in files}
    for file in model.files:
        of_hub = listed.get((file.path.name, file.done_bytes))
        if file.content not in known and of_hub is not None and of_hub.sha256 is not None:
            same = of_hub.revision == model.commit
            known[file.content] = _Expected(of_hub.sha256) if same else _newest(of_hub.sha256)
    return known


def _newest(sha256: str) -> _Expected:
    why = tr(
        "Its content is not what the Hub has under this name now; it is damaged, or an earlier "
    )
    return _Expected(sha256, sure=False, why=f"{why}version.")


def _structure(model: InstalledModel, hashed: set[Path]) -> list[WrongFile]:
    """Header and extent of the tensor data; hashes say more where they are known."""
    rest = [file for file in model.files if file.content not in hashed]
    if not rest:
        return []
    try:
        read_header(rest[0].path)
    except KnownError as error:
        named = next((file for file in rest if error.what.startswith(file.path.name)), rest[0])
        return [WrongFile(named, f"{error.what} {error.why}".strip())]
    return []


def _wrong(file: ModelFile, wanted: _Expected, found: str) -> WrongFile:
    return WrongFile(file, tr(wanted.why), wanted.sha256, found, wanted.sure)


def _remember(
    model: InstalledModel,
    records: Records,
    expected: dict[Path, _Expected],
    wrong: dict[Path, WrongFile],
    now: datetime,
) -> None:
    kept: list[tuple[Path, FileRecord]] = []
    for file in model.files:
        before = records.at(file.content)
        known = expected.get(file.content)
        good = file.content not in wrong
        proof = Verified(now, "structure" if known is None else "sha256") if good else None
        sha256 = known.sha256 if known is not None and (known.sure or good) else None
        record = replace(
            before or FileRecord(0, 0),
            size_bytes=file.done_bytes,
            mtime_ns=file.mtime_ns,
            sha256=sha256,
            verified=proof,
            damaged=not good and wrong[file.content].sure,
        )
        kept.append((file.content, record))
    records.keep(kept)
