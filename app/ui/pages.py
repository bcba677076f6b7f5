"""The pages of the rail beside the chat, on the real services."""

from app.chat.services import Services
from app.ui.shell import Builders


def page_builders(services: Services) -> Builders:
    """A place without a builder is not on the rail."""
    del services
    return {}
