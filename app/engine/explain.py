"""What llama.cpp's log means, in words a person understands."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from app.core.errors import KnownError
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
        f"{path.name} could not be loaded.",
        "The engine refused it.",
        "Download it again or choose another model. The details say what the engine reported.",
        details,
    )


def check_crashed(path: Path, return_code: int, details: str) -> KnownError:
    """The process that looked at the file ended without an answer."""
    how = f"signal {-return_code}" if return_code < 0 else f"code {return_code}"
    return KnownError(
        f"{path.name} cannot be loaded.",
        f"The engine stopped with an internal error while looking at it ({how}).",
        "The file is probably damaged or made for another program: download it again, or choose "
        "another one.",
        details,
    )


def out_of_memory(details: str) -> KnownError:
    return KnownError(
        "There is not enough memory for this model with these settings.",
        "A device refused to give the memory that the engine asked for.",
        "Choose a smaller context or fewer layers on the graphics card, close other programs, or "
        "take a smaller model.",
        details,
    )


def _unknown_architecture(path: Path, match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        f"This version of the program does not know the model architecture {match[1]}.",
        f"{path.name} was made for another kind of model.",
        _UPDATE,
        details,
    )


def _unnamed_architecture(path: Path, _match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        f"{path.name} is not a language model.",
        "It does not say which architecture it has.",
        "Choose the main file of the model.",
        details,
    )


def _incomplete(path: Path, _match: re.Match[str], details: str) -> KnownError:
    return files.incomplete(path, details)


def _not_a_model(path: Path, match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        f"{path.name} is not a complete language model.",
        f"It lacks {match[1]}.",
        "Choose the main file of the model, or another conversion of it.",
        details,
    )


def _unsupported_kv_type(_path: Path, match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        f"This model cannot have a {match[1]} cache of type {match[2]}.",
        "Its attention heads do not divide into blocks of that type.",
        "Set the type to f16.",
        details,
    )


def _out_of_memory(_path: Path, _match: re.Match[str], details: str) -> KnownError:
    return out_of_memory(details)


def _bad_pattern(_path: Path, _match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        "A tensor override is not understood.",
        "Its pattern is not a valid regular expression.",
        "Correct the pattern in the placement settings.",
        details,
    )


def _no_such_gpu(_path: Path, match: re.Match[str], details: str) -> KnownError:
    return KnownError(
        f"There is no main device number {match[1]}.",
        f"The engine has {match[2]} devices to choose from.",
        "Choose another main device.",
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
        f"{path.name} is only the eyes of a model.",
        "It holds the part that reads images.",
        "Open the language model that belongs to it.",
        details,
    )


def _not_gguf(path: Path, details: str) -> KnownError:
    error = files.not_a_gguf(path)
    error.details = details
    return error
