"""Every picture by its name. A function may draw more than one."""

from collections.abc import Callable
from pathlib import Path

from tests.pictures import chats, choices, context, getting, machine, queue, tools

Draw = Callable[[Path, Path], None]
"""Where the pictures go, and a folder of its own for what is kept meanwhile."""

PICTURES: dict[str, Draw] = {
    "chat": chats.draw_chat,
    "versions": chats.draw_versions,
    "attachments": chats.draw_attachments,
    "personas": chats.draw_personas,
    "palette": chats.draw_palette,
    "chinese": chats.draw_chinese,
    "compact": chats.draw_compact,
    "context": context.draw_context,
    "full": context.draw_full,
    "queue": queue.draw_queue,
    "consent": tools.draw_consent,
    "tools": choices.draw_tools,
    "privacy": choices.draw_privacy,
    "hardware": machine.draw_hardware,
    "load": machine.draw_load_panel,
    "models": machine.draw_models,
    "gpus": machine.draw_gpus,
    "downloads": getting.draw_downloads,
    "first-start": getting.draw_first_start,
}
