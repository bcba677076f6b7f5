"""The settings page on the real services."""

from collections.abc import Sequence
from typing import Literal

from PySide6.QtWidgets import QWidget

from app.catalog.access import checked_endpoint
from app.chat.services import Services
from app.core.errors import KnownError
from app.core.paths import log_dir
from app.library.relocating import Relocation
from app.settings.declared import HUB_ENDPOINT, MODELS_FOLDER
from app.settings.of_thinking import KEEP_REASONING, THINKING_BUDGET
from app.settings.of_tools import SEARXNG_ADDRESS, TOOLS_READ_FREELY
from app.tools.search_web.providers import wrong_instance
from app.ui.chat.model_state import Ability
from app.ui.personas.whole import persona_rows
from app.ui.settings.chats_row import ChatsRow
from app.ui.settings.contacts_row import ContactsRow
from app.ui.settings.info import about_rows, privacy_rows, shortcut_rows
from app.ui.settings.mcp.row import McpRow
from app.ui.settings.page import Extra, SettingsPage
from app.ui.settings.python_row import PythonRow
from app.ui.settings.rows import Row
from app.ui.settings.search_row import SearchRow
from app.ui.settings.storage_row import StorageRow
from app.ui.settings.token_row import TokenRow
from app.ui.settings.tool_log_row import ChangedFilesRow, ToolLogRow
from app.ui.settings.tool_rows import FoldersRow, PermissionsRow, SwitchesRow
from app.ui.shell import Shell


def settings_page(shell: Shell, services: Services) -> QWidget:
    def token() -> Sequence[Row]:
        return [TokenRow(services.tokens, services.hub, shell.tasks)]

    def storage() -> Sequence[Row]:
        relocation = Relocation(services.library, services.downloads)
        return [StorageRow(shell, relocation, services.default_target)]

    def chats() -> Sequence[Row]:
        window = shell.window
        return [
            ChatsRow(
                services.chats,
                shell.tasks,
                window.chats_changed,
                lambda: window.chats_changed(all_gone=True),
            )
        ]

    def search() -> Sequence[Row]:
        return [SearchRow(services.settings, services.search, shell.tasks)]

    def python() -> Sequence[Row]:
        return [PythonRow(services.python, shell.tasks)]

    def privacy() -> Sequence[Row]:
        return [*privacy_rows(), ContactsRow(services.contacts, shell.tasks)]

    def servers() -> Sequence[Row]:
        changed = shell.window.settings_changed
        return [McpRow(shell.look, services.settings, services.mcp, shell.tasks, changed)]

    def tools() -> Sequence[Row]:
        box, look = services.toolbox, shell.look
        settings, changed = services.settings, shell.window.settings_changed
        return [
            FoldersRow(look, settings, changed, box, shell.tasks),
            PermissionsRow(look, settings, changed),
            SwitchesRow(look, settings, changed, box),
        ]

    def records() -> Sequence[Row]:
        box = services.toolbox
        return [ChangedFilesRow(box, shell.tasks), ToolLogRow(box, shell.tasks)]

    def personas() -> Sequence[Row]:
        return persona_rows(shell)

    def about() -> Sequence[Row]:
        return about_rows(services.settings.path, log_dir())

    return SettingsPage(
        shell.look,
        services.settings,
        shell.window.settings_changed,
        (
            Extra("Models and storage", storage, after=MODELS_FOLDER.key),
            Extra("Chat", chats),
            Extra("Personas", personas),
            Extra("Tools", tools, after=TOOLS_READ_FREELY.key),
            Extra("Network", token),
            Extra("Tools", search, after=SEARXNG_ADDRESS.key),
            Extra("Tools", python),
            Extra("Tools", servers),
            Extra("Tools", records),
            Extra("Privacy", privacy),
            Extra("Shortcuts", lambda: shortcut_rows(shell.window.keys())),
            Extra("About", about),
        ),
        {HUB_ENDPOINT.key: _wrong_address, SEARXNG_ADDRESS.key: _wrong_instance},
        {
            KEEP_REASONING.key: lambda: _of_model(shell, "keep_reasoning"),
            THINKING_BUDGET.key: lambda: _of_model(shell, "answer_now"),
        },
    )


def _wrong_address(text: str) -> str:
    """ "" for a sound one."""
    if not text:
        return ""
    try:
        checked_endpoint(text)
    except KnownError as error:
        return error.why
    return ""


def _wrong_instance(text: str) -> str:
    """ "" for a sound one, and for none."""
    return wrong_instance(text) if text else ""


def _of_model(shell: Shell, name: Literal["keep_reasoning", "answer_now"]) -> Ability:
    """Of the open model; without one, what is chosen holds for the next."""
    ready = shell.models.ready
    if ready is None:
        return Ability(True)
    return ready.keep_reasoning if name == "keep_reasoning" else ready.answer_now
