"""`glm-launcher download`: get a quantization, whole and verified, and go on where one stopped."""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli_hardware import add_machine_option, machine_of
from app.core.errors import KnownError
from app.core.units import gigabytes

if TYPE_CHECKING:
    from app.catalog.hub import Hub, Repository
    from app.catalog.quantizations import Quantization
    from app.downloads.types import DownloadRequest, JobStatus, Target
    from app.hardware.types import Machine
    from app.settings.store import SettingsStore

EXIT_INTERRUPTED = 130
_RATE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kmg]?)(i?)b?(?:/s)?", re.IGNORECASE)
_FACTORS = {"": 0, "k": 1, "m": 2, "g": 3}


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand; its `run` default takes the parsed arguments."""
    parser = subparsers.add_parser(
        "download",
        help="get a quantization of a model; goes on where an earlier try stopped",
        description=(
            "Downloads a quantization from the Hub and verifies it. What an earlier try of the "
            "window or the terminal has brought is used; Ctrl+C keeps what has come."
        ),
    )
    parser.add_argument("repo", metavar="REPO", help="owner/name, such as unsloth/GLM-4.6-GGUF")
    parser.add_argument(
        "--quant", metavar="Q", help="such as Q4_K_M; the one recommended for this computer else"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="put the files there; by default where the settings say (the Hugging Face cache)",
    )
    parser.add_argument(
        "--connections", type=_connections, metavar="N", help="connections at once, 1 to 32"
    )
    parser.add_argument(
        "--limit", type=_rate, metavar="RATE", help="the most of the line to take, such as 20MB/s"
    )
    parser.add_argument(
        "--revision", metavar="R", help="a branch, tag or commit; the newest commit by default"
    )
    parser.add_argument(
        "--yes", action="store_true", help="do not ask, neither about what is recommended nor more"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_machine_option(parser)
    parser.set_defaults(run=run_download)


def run_download(arguments: argparse.Namespace) -> int:
    """Raises KnownError."""
    from app.bootstrap import load_settings, note_downloaded, open_hub, open_library
    from app.downloads.facade import download
    from app.downloads.requests import request_for
    from app.settings.declared import DOWNLOAD_BYTES_PER_SECOND, DOWNLOAD_CONNECTIONS

    settings, hub = load_settings(), open_hub()
    listed = hub.repository(arguments.repo, arguments.revision)
    chosen = _choose(hub, listed, arguments)
    if chosen is None:
        return 0
    if chosen.warning:
        _say(chosen.warning)
    title = f"{listed.repo.rpartition('/')[2]} {chosen.name}"
    request = request_for(listed.repo, chosen.files, title, _ref(arguments.revision))
    target = _target(arguments.folder, settings)
    shown = _Shown(request)
    try:
        status = download(
            request,
            target,
            hub.access,
            on_progress=shown.show,
            connections=arguments.connections or settings.get(DOWNLOAD_CONNECTIONS),
            bytes_per_second=arguments.limit or settings.get(DOWNLOAD_BYTES_PER_SECOND) or None,
            on_change=lambda change: arguments.yes or _drops_old(change.path),
        )
    except KeyboardInterrupt:
        shown.stop()
        return EXIT_INTERRUPTED
    finally:
        shown.close()
    note_downloaded(open_library(), status)
    _print_result(arguments, chosen, status)
    return 0


def _choose(
    hub: "Hub", listed: "Repository", arguments: argparse.Namespace
) -> "Quantization | None":
    """The quantization that is named, the only one, or the recommended one if the person agrees."""
    from app.planning.offers import dated_group

    there = dated_group(hub, listed)
    offered = [one for one in there if one.offered]
    wanted: str | None = arguments.quant
    if wanted is not None:
        return _named(there, wanted, listed.repo)
    if not offered:
        raise KnownError(
            f"{listed.repo} has no quantization that can be loaded.",
            " ".join(f"{one.name}: {one.problem}" for one in there[:3]) or "It holds no GGUF file.",
            "Choose another repository.",
        )
    if len(offered) == 1:
        return offered[0]
    name = _recommended(hub, listed, machine_of(arguments))
    chosen = _named(there, name, listed.repo)
    _say(
        f"{chosen.name} is the quantization recommended for this computer: "
        f"{gigabytes(chosen.size_bytes)} in {_files(len(chosen.files))}. --quant names another."
    )
    return chosen if arguments.yes or _agreed() else None


def _named(listed: "tuple[Quantization, ...]", name: str, repo: str) -> "Quantization":
    found = next((one for one in listed if one.name.lower() == name.lower()), None)
    if found is None:
        there = ", ".join(one.name for one in listed if one.offered) or "none"
        raise KnownError(
            f"{repo} has no quantization called {name}.",
            f"There are: {there}.",
            "Name one of these with --quant.",
        )
    if not found.offered:
        raise KnownError(
            f"{found.name} of {repo} is not offered.", found.problem, "Name another with --quant."
        )
    return found


def _recommended(hub: "Hub", listed: "Repository", machine: "Machine") -> str:
    """Raises KnownError when nothing in the repository can be judged."""
    from app.planning.offers import by_model, remote_offers
    from app.planning.recommend import Wish, recommend

    repo = listed.repo
    found = remote_offers(repo, hub=hub, revision=listed.commit)
    if not found.offers:
        raise KnownError(
            f"None of the quantizations of {repo} could be judged.",
            " ".join(f"{name}: {why}" for name, why in found.refused[:3]),
            "Name one with --quant.",
        )
    wanted, others = by_model([offer.candidate for offer in found.offers])
    result = recommend(wanted, others, machine, Wish())
    best = result.best or result.sibling
    return best.candidate.quant if best else min(wanted, key=lambda c: c.size_bytes).quant


def _agreed() -> bool:
    """True without a terminal: who writes a script means what it says."""
    return not _on_a_terminal() or _asks("Download it? [Y/n] ", default=True)


def _drops_old(path: str) -> bool:
    if not _on_a_terminal():
        raise KnownError(
            f"There is a part of another version of {path}.",
            "It is not dropped without being asked.",
            "Use --yes to drop it, or another --folder.",
        )
    return _asks(f"There is a part of another version of {path}. Drop it? [y/N] ", default=False)


def _on_a_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _asks(question: str, *, default: bool) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.strip():
        return default and bool(answer)
    return answer.strip().lower() in ("y", "yes")


def _target(folder: Path | None, settings: "SettingsStore") -> "Target":
    from app.chat.services import default_target
    from app.downloads.types import Target

    if folder is None:
        return default_target(settings)
    return Target("folder", folder.expanduser().absolute())


def _ref(revision: str | None) -> str | None:
    """A branch or tag is noted in a Hugging Face cache, a commit is not."""
    if revision is not None and re.fullmatch(r"[0-9a-f]{7,40}", revision):
        return None
    return revision or "main"


class _Shown:
    """The progress on stderr: a bar on a terminal, else a line now and then. `show` is called on
    the downloads thread."""

    def __init__(self, request: "DownloadRequest") -> None:
        from tqdm import tqdm  # type: ignore[import-untyped]

        tqdm.monitor_interval = 0  # no thread beside ours
        self._request = request
        self._last: JobStatus | None = None
        self._told = ""
        self._tenth = -1
        self._begun = False
        self._bar = None
        if sys.stderr.isatty():
            self._bar = tqdm(
                total=request.size_bytes,
                unit="B",
                unit_scale=True,
                desc=request.title[:40],
                file=sys.stderr,
                dynamic_ncols=True,
            )

    def show(self, status: "JobStatus") -> None:
        from app.downloads.types import JobState

        self._last = status
        self._tell(_trouble(status))
        if self._bar is not None:
            if not self._begun:
                # What was there before is not counted as speed.
                self._bar.initial = self._bar.n = self._bar.last_print_n = status.done_bytes
                self._begun = status.state is JobState.RUNNING
            self._bar.update(status.done_bytes - self._bar.n)
            behind = status.done_bytes - status.verified_bytes
            self._bar.set_postfix_str(
                f"{gigabytes(behind)} to verify" if behind > 10**8 else "", refresh=False
            )
        elif (tenth := int(status.percent // 10)) > self._tenth:
            self._tenth = tenth
            done, size = gigabytes(status.done_bytes), gigabytes(status.size_bytes)
            _say(f"{self._request.title}: {status.percent:.0f}% ({done} of {size})")

    def stop(self) -> None:
        """After Ctrl+C."""
        self.close()
        kept = gigabytes(self._last.done_bytes) if self._last else "What has come"
        _say(
            f"Stopped. {kept} of {gigabytes(self._request.size_bytes)} are kept; the same command "
            "goes on from there, and so does the window."
        )

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._told:
            if self._bar is not None:
                self._bar.write(trouble, file=sys.stderr)
            else:
                _say(trouble)
        self._told = trouble


def _trouble(status: "JobStatus") -> str:
    """Why nothing moves, "" when it does."""
    from app.downloads.types import JobState

    if status.state is JobState.NO_SPACE:
        return (
            f"The disk is full: {gigabytes(status.needed_bytes)} more are needed in "
            f"{status.target.folder}. It goes on when there is room."
        )
    if status.state is JobState.WAITING:
        return f"Waiting: {status.reason}."
    return status.reason


def _print_result(
    arguments: argparse.Namespace, chosen: "Quantization", status: "JobStatus"
) -> None:
    request = status.request
    files = list(zip(request.files, status.files, strict=True))
    if not arguments.json:
        first = status.files[0].location
        _say(f"{request.title} is complete and verified: {gigabytes(status.size_bytes)}.")
        print(first)
        return
    value = {
        "repo": request.repo,
        "commit": request.commit,
        "quant": chosen.name,
        "folder": str(status.target.folder),
        "layout": status.target.kind,
        "size_bytes": status.size_bytes,
        "files": [
            {
                "path": asked.path,
                "location": str(got.location),
                "size_bytes": asked.size_bytes,
                "sha256": asked.sha256,
            }
            for asked, got in files
        ],
    }
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _connections(text: str) -> int:
    from app.downloads.limits import MAX_CONNECTIONS

    if not re.fullmatch(r"\d{1,3}", text) or not 1 <= int(text) <= MAX_CONNECTIONS:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to {MAX_CONNECTIONS}")
    return int(text)


def _rate(text: str) -> int:
    """Bytes per second of `20MB/s`, `500k`, `2.5 MiB/s`."""
    match = _RATE.fullmatch(text.strip())
    rate = 0
    if match is not None:
        base = 1024 if match[3] else 1000
        rate = int(float(match[1]) * base ** _FACTORS[match[2].lower()])
    if rate < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a speed such as 20MB/s")
    return rate


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
