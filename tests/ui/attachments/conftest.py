"""A window with a model, and files to add."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from app.ui.chat.attachments.controller import Attachments
from app.ui.chat.attachments.desk import Item
from app.ui.chat.composer import Composer
from tests.ui.conftest import Driver


@dataclass
class Adding:
    """What a person does with files; folder: where they are."""

    driver: Driver
    folder: Path

    @property
    def attachments(self) -> Attachments:
        return self.driver.page.attachments

    @property
    def composer(self) -> Composer:
        return self.driver.page.composer

    @property
    def items(self) -> list[Item]:
        return self.attachments.desk.items

    def file(self, name: str, data: str | bytes = "some text\n") -> Path:
        path = self.folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def add(self, *paths: Path) -> None:
        self.attachments.add_files(paths)
        self.wait()

    def wait(self) -> None:
        """Until nothing is being read."""
        self.driver.wait(lambda: all(item.job is None for item in self.items))

    def details(self) -> list[str]:
        return [chip.detail for chip in self.attachments.tray.chips.values()]


@pytest.fixture
def adding(driver: Driver, tmp_path: Path) -> Adding:
    driver.load()
    folder = tmp_path / "files"
    folder.mkdir()
    return Adding(driver, folder)
