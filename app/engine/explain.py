"""What llama.cpp's log means, in words a person understands."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.engine import files

_Explanation = Callable[[Path, re.Match[str], str], KnownError]
_DETAIL_LINES = 12
_UPDATE = "Update the program, or choose another model."


def load_failure(path: Path, lines: Iterable[str]) -> KnownError:
    """Why a load did not work. lines: what llama.cpp logged meanwhile."""
    lines = list(lines)
    details = "\n".join(lines[-_DETAIL_LINES:])
    try:
        files.inspect(path)
    except KnownError as error:  # it vanished or changed since it was looked at
        return error
    for line in reversed(lines):
        for pattern, explanation in _EXPLANATIONS:
            if match := pattern.search(line):
                return explanation(path, match, details)
    return KnownError(
        tr("{name} could not be loaded.", name=path.name),
        tr("The engine refused it."),
        tr("Download it again or choose another model. The details say what the engine reported."),
        details,
    )


def check_crashed(path: Path, return_code: int, details: str) -> KnownError:
    """The process that looked at the file ended without an answer."""
    how = f"signal {-return_code}" if return_code < 0 else f"code {return_code}"
    return KnownError(
        tr("{name} cannot be loaded.", name=path.name),
        tr("The engine stopped with an internal error while looking at it ({how}).", how=how),
        tr(
            "The file is probably damaged or made for another program: download it "
            "again, or choose another one."
        ),
        details,
    )


def out_of_memory(details: str) -> KnownError:
    return KnownError(
        tr("There is not enough memory for this model with these settings."),
        tr("A device refused to give the memory that the engine asked for."),
        tr(
            "Choose a smaller context or fewer layers on the graphics card, close "
            "other programs, or take a smaller model."
        ),
        details,
    )


def _unknown_architecture(path: Path, match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        tr(
            "This version of the program does not know the model architecture {match}.",
            match=match[1],
        ),
        tr("{name} was made for another kind of model.", name=path.name),
        _UPDATE,
        details,
    )


def _unnamed_architecture(path: Path, _match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        tr("{name} is not a language model.", name=path.name),
        tr("It does not say which architecture it has."),
        tr("Choose the main file of the model."),
        details,
    )


def _incomplete(path: Path, _match: re.Match[str], details: str) -> KnownError:
    return files.incomplete(path, details)


def _not_a_model(path: Path, match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        tr("{name} is not a complete language model.", name=path.name),
        tr("It lacks {match}.", match=match[1]),
        tr("Choose the main file of the model, or another conversion of it."),
        details,
    )


def _unsupported_kv_type(_path: Path, match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        tr(
            "This model cannot have a {match} cache of type {match2}.",
            match=match[1],
            match2=match[2],
        ),
        tr("Its attention heads do not divide into blocks of that type."),
        tr("Set the type to f16."),
        details,
    )


def _out_of_memory(_path: Path, _match: re.Match[str], details: str) -> KnownError:
    return out_of_memory(details)


def _bad_pattern(_path: Path, _match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        tr("A tensor override is not understood."),
        tr("Its pattern is not a valid regular expression."),
        tr("Correct the pattern in the placement settings."),
        details,
    )


def _no_such_gpu(_path: Path, match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        tr("There is no main device number {match}.", match=match[1]),
        tr("The engine has {match} devices to choose from.", match=match[2]),
        tr("Choose another main device."),
        details,
    )


_EXPLANATIONS: tuple[tuple[re.Pattern[str], _Explanation], ...] = tuple(
    (re.compile(pattern), explanation)
    for pattern, explanation in (
        (r"unknown model architecture: '(.+)'", _unknown_architecture),
        (r"unknown model architecture: ''", _unnamed_architecture),
        (r"CLIP cannot be used as main model", lambda path, _, details: _clip(path, details)),
        (r"invalid magic characters", lambda path, _, details: _not_gguf(path, details)),
        (
            (
                r"not within the file bounds|exceeds remaining file size|failed to (?:read|seek)"
                r"|read error|unexpectedly reached end"
            ),
            _incomplete,
        ),
        (r"([KV]) cache type (\S+) with block size", _unsupported_kv_type),
        (r"invalid value for main_gpu: (-?\d+) \(available devices: (\d+)\)", _no_such_gpu),
        (r"failed to allocate|unable to allocate|out of memory|bad_alloc", _out_of_memory),
        (r"regex|regular expression", _bad_pattern),
        (r"key not found in model: (\S+)", _not_a_model),
        (r"missing tensor '(.*)'", _not_a_model),
        (r"tensor '(.*)' not found", _not_a_model),
    )
)


def _clip(path: Path, details: str) -> KnownError:
    return KnownError(
        tr("{name} is only the eyes of a model.", name=path.name),
        tr("It holds the part that reads images."),
        tr("Open the language model that belongs to it."),
        details,
    )


def _not_gguf(path: Path, details: str) -> KnownError:
    error = files.not_a_gguf(path)
    error.details = details
    return error
