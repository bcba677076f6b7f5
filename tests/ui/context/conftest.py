"""A chat that fills a small context."""

from dataclasses import replace

import pytest

from app.ui.chat.model_state import LoadedModel
from tests.ui.kept import Kept, answer
from tests.ui.scripted import DEMO, model

LONG = 120
SMALL = 2048


def context_tokens(kept: Kept) -> int:
    ready = kept.desktop.session.ready
    return ready.info.context_tokens if ready is not None else 0


def small(context_tokens: int = SMALL) -> LoadedModel:
    loaded = model(DEMO)
    return replace(loaded, info=replace(loaded.info, context_tokens=context_tokens))


@pytest.fixture
def full(kept: Kept) -> Kept:
    """Four turns in a small context; another one does not fit."""
    kept.backend.loads[DEMO] = small()
    kept.load()
    kept.wait(lambda: context_tokens(kept) == SMALL)
    kept.page.composer.tools.setChecked(False)
    for number in range(4):
        kept.ask(f"{number}" * LONG, answer("a" * 280))
    assert len(kept.backend.histories) == 4
    return kept
