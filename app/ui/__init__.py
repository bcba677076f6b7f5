"""Show it. The only room that imports PySide6."""

from app.ui.immortal import make_singletons_immortal

make_singletons_immortal()

from app.ui.application import run  # noqa: E402 - nothing of Qt may be called before

__all__ = ["run"]
