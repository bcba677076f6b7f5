"""The tools that come with the program."""

from app.tools.calculator import CALCULATOR
from app.tools.clock import CURRENT_TIME
from app.tools.tool import Tool

BUILTIN_TOOLS: tuple[Tool, ...] = (CURRENT_TIME, CALCULATOR)
