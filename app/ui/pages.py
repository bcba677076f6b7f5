"""The pages of the rail beside the chat, on the real services."""

from PySide6.QtWidgets import QWidget

from app.chat.services import Services
from app.ui.models.live import LiveSource
from app.ui.models.page import ModelsPage
from app.ui.shell import MODELS, Builders, Shell


def page_builders(services: Services) -> Builders:
    """A place without a builder is not on the rail."""

    def models(shell: Shell) -> QWidget:
        return ModelsPage(shell, LiveSource(services))

    return {MODELS.key: models}
