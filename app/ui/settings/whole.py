"""The settings page on the real services."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from app.catalog.access import checked_endpoint
from app.chat.services import Services
from app.core.errors import KnownError
from app.core.paths import log_dir
from app.library.relocating import Relocation
from app.settings.declared import HUB_ENDPOINT, MODELS_FOLDER
from app.ui.settings.chats_row import ChatsRow
from app.ui.settings.info import about_rows, privacy_rows, shortcut_rows
from app.ui.settings.page import Extra, SettingsPage
from app.ui.settings.rows import Row
from app.ui.settings.storage_row import StorageRow
from app.ui.settings.token_row import TokenRow
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

    def about() -> Sequence[Row]:
        return about_rows(services.settings.path, log_dir())

    return SettingsPage(
        shell.look,
        services.settings,
        shell.window.settings_changed,
        (
            Extra("Models and storage", storage, after=MODELS_FOLDER.key),
            Extra("Chat", chats),
            Extra("Network", token),
            Extra("Privacy", privacy_rows),
            Extra("Shortcuts", lambda: shortcut_rows(shell.window.keys())),
            Extra("About", about),
        ),
        {HUB_ENDPOINT.key: _wrong_address},
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
