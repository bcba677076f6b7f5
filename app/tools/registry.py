"""The tools that come with the program."""

from app.tools.ask import ASK_PERSON
from app.tools.backups import Backups
from app.tools.calculator import CALCULATOR
from app.tools.clock import CURRENT_TIME
from app.tools.files_read import reading_tools
from app.tools.files_write import writing_tools
from app.tools.opening import Opener
from app.tools.tool import Tool

BUILTIN_TOOLS: tuple[Tool, ...] = (CURRENT_TIME, CALCULATOR)
"""Those that touch nothing."""


def own_tools(opener: Opener, backups: Backups) -> tuple[Tool, ...]:
    return (
        *BUILTIN_TOOLS,
        ASK_PERSON,
        *reading_tools(opener),
        *writing_tools(opener, backups),
    )
