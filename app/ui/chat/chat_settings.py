"""What the settings say about chats, in step with the page."""

from collections.abc import Callable

from app.settings.of_thinking import KEEP_REASONING, MODEL_TITLES, THINKING_BUDGET
from app.settings.store import SettingsStore
from app.ui.chat.page import ChatPage
from app.ui.chat.session import ChatSession


def follow_chat_settings(
    page: ChatPage, session: ChatSession, settings: SettingsStore, changed: Callable[[], None]
) -> list[Callable[[], None]]:
    """changed: to be called when they have to be saved. The functions end it."""
    budget = page.composer.budget

    def choose(tokens: int) -> None:
        settings.set(THINKING_BUDGET, tokens)
        changed()

    def keep(on: bool) -> None:
        page.keep_reasoning = on

    def name_chats(on: bool) -> None:
        session.titles.enabled = on

    budget.chosen.connect(choose)
    budget.set_tokens(settings.get(THINKING_BUDGET))
    keep(settings.get(KEEP_REASONING))
    name_chats(settings.get(MODEL_TITLES))
    return [
        settings.subscribe(THINKING_BUDGET, budget.set_tokens),
        settings.subscribe(KEEP_REASONING, keep),
        settings.subscribe(MODEL_TITLES, name_chats),
    ]
