"""Files and folders dropped on the window."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.library.dropped import look_at_dropped
from app.settings.declared import LIBRARY_FOLDERS
from app.ui.library.offer import dropped_paths
from tests.library.trees import gguf, put, shard_files
from tests.ui.conftest import Driver


def mime(paths: Sequence[Path]) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(driver: Driver, *paths: Path) -> None:
    data = mime(paths)
    driver.desktop.window.dropEvent(
        QDropEvent(
            QPointF(QPoint(50, 50)),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    return [put(tmp_path / "m" / name, data) for name, data in shard_files("GLM-Q2_K").items()]


@pytest.mark.parametrize("which", [[0], [1], [2, 1], [0, 1, 2]])
def test_shards_open_the_first_of_their_model(
    driver: Driver, shards: list[Path], which: list[int]
) -> None:
    drop(driver, *[shards[index] for index in which])
    driver.wait(lambda: driver.desktop.session.ready is not None)
    assert driver.desktop.session.models.path == str(shards[0])
    assert not driver.desktop.window.drop_offer.isVisible()


@pytest.mark.usefixtures("shards")
def test_a_folder_with_one_model_opens_it(driver: Driver, tmp_path: Path) -> None:
    drop(driver, tmp_path / "m")
    driver.wait(lambda: driver.desktop.session.ready is not None)


def test_several_models_are_offered_as_a_folder(driver: Driver, tmp_path: Path) -> None:
    folder = tmp_path / "GLM-4.6-GGUF"
    for name in ("A-Q4_0", "B-Q8_0"):
        put(folder / "deep" / f"{name}.gguf", gguf(name))
    offer, settings = driver.desktop.window.drop_offer, driver.desktop.window._settings
    drop(driver, folder)
    driver.wait(offer.isVisible)
    assert "These are 2 models" in offer.text.text()
    assert "“GLM-4.6-GGUF”" in offer.text.text()
    offer.no.click()
    assert not offer.isVisible()
    assert settings.get(LIBRARY_FOLDERS) == ()
    drop(driver, folder / "deep" / "A-Q4_0.gguf", folder / "deep" / "B-Q8_0.gguf")
    driver.wait(offer.isVisible)
    offer.add.click()
    assert settings.get(LIBRARY_FOLDERS) == (str(folder / "deep"),)
    assert driver.desktop.session.ready is None


def test_a_folder_without_models_is_told(driver: Driver, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    drop(driver, tmp_path / "empty")
    driver.wait(driver.desktop.window.notice.isVisible)
    assert driver.desktop.window.notice.text.text().startswith("empty holds no model.")


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("a.gguf", True), ("A.GGUF", True), ("models", True), ("GLM-4.6-GGUF", True),
        ("v1.5", True), ("notes.txt", False), ("paper.pdf", False), ("picture.jpeg", False),
    ],
)  # fmt: skip
def test_what_may_be_dropped(name: str, taken: bool) -> None:
    assert bool(dropped_paths(mime([Path("/x") / name]))) is taken
    assert not dropped_paths(mime([Path("/x/a.gguf"), Path("/x/notes.txt")]))
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/a.gguf")])
    assert not dropped_paths(data)


def test_files_that_are_no_models(tmp_path: Path) -> None:
    text = put(tmp_path / "README", b"")
    with pytest.raises(KnownError, match="README is no model file"):
        look_at_dropped([text], CancelToken())
    gone = tmp_path / "gone.gguf"
    assert look_at_dropped([gone], CancelToken()).load == gone
