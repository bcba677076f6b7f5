"""The pages of the rail beside the chat, on the real services."""

from PySide6.QtWidgets import QWidget

from app.chat.services import Services
from app.ui.models.whole import models_page
from app.ui.shell import MODELS, Builders, Shell


def page_builders(services: Services) -> Builders:
    """A place without a builder is not on the rail."""

    def models(shell: Shell) -> QWidget:
        return models_page(shell, services)

    return {MODELS.key: models}
