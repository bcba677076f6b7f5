"""What can stand beside the chat."""

from PySide6.QtWidgets import QFrame


class SidePanel(QFrame):
    """side_width: how much room it takes where there is enough, in pixels."""

    side_width = 340

    def focus_first(self) -> None:
        """Put the focus on the first control."""
        raise NotImplementedError

    def escape(self) -> None:
        """The Esc key."""
        raise NotImplementedError
