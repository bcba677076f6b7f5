"""Short names for the command line: unique, and as `list` shows them."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.library.types import InstalledModel

_SHOWN = 12


def short_names(models: Sequence[InstalledModel]) -> dict[str, str]:
    """Key to name. The same model in two places gets the place, and a number if that is not
    enough."""
    plain = {model.key: _plain(model.title) for model in models}
    twice = Counter(name.lower() for name in plain.values())
    names: dict[str, str] = {}
    used: set[str] = set()
    for model in models:
        name = plain[model.key]
        if twice[name.lower()] > 1:
            name = f"{name}@{model.source.kind}"
        number, unique = 2, name
        while unique.lower() in used:
            unique, number = f"{name}~{number}", number + 1
        used.add(unique.lower())
        names[model.key] = unique
    return names


def find_model(models: Sequence[InstalledModel], text: str) -> InstalledModel:
    """By its name, a unique part of it, or the path of one of its files. Raises KnownError that
    lists the candidates."""
    names = short_names(models)
    wanted = _plain(text).lower()
    by_name = [model for model in models if names[model.key].lower() == wanted]
    if len(by_name) == 1:
        return by_name[0]
    path = Path(text).expanduser().absolute()
    for model in models:
        if any(path in (file.path, file.content) for file in model.files):
            return model
    parts = [model for model in models if wanted and wanted in names[model.key].lower()]
    if len(parts) == 1:
        return parts[0]
    candidates = parts or list(models)
    shown = ", ".join(names[model.key] for model in candidates[:_SHOWN])
    more = (
        tr(" and {candidates} more", candidates=len(candidates) - _SHOWN)
        if len(candidates) > _SHOWN
        else ""
    )
    if not models:
        raise KnownError(
            tr("No model is called {text}.", text=text),
            tr("There is no model on this computer that the program can find."),
            tr("“glm-launcher download” gets one."),
        )
    if parts:
        raise KnownError(
            tr("{text} may be any of several models.", text=text),
            tr("They are: {shown}{more}.", shown=shown, more=more),
        )
    raise KnownError(
        tr("No model is called {text}.", text=text),
        tr("There are: {shown}{more}.", shown=shown, more=more),
    )


def _plain(title: str) -> str:
    return re.sub(r"\s+", "-", title.strip())
