"""The banner about a GPU that is not used."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QFrame, QLabel

from app.core.errors import KnownError
from app.hardware.types import Machine
from tests.planning.made import shipped
from tests.ui.conftest import Driver


def test_an_unused_gpu_is_told_with_the_remedy(driver: Driver) -> None:
    driver.desktop.look_at_machine(lambda: shipped("two-3060-cpu-engine"))
    notice = driver.desktop.window.notice
    driver.wait(notice.isVisible)
    card = notice.findChild(QFrame, "findingCard")
    command = notice.findChild(QLabel, "findingCommand")
    copy = notice.findChild(QAbstractButton, "findingCopy")
    assert card is not None and command is not None and copy is not None
    assert command.text() == "python3 launch.py --engine cuda"
    assert "RTX 3060" in card.accessibleName()
    copy.click()
    assert QGuiApplication.clipboard().text() == command.text()
    assert copy.text() == "Copied"
    notice.say("Something else.")
    close = notice.findChild(QAbstractButton, "findingClose")
    assert close is not None
    close.click()
    assert notice.isVisible()
    notice.clear()
    assert notice.isHidden()


def test_a_machine_where_all_is_well_says_nothing(driver: Driver) -> None:
    task = driver.desktop.look_at_machine(lambda: shipped("workstation-256gb-3090"))
    driver.wait(lambda: task.ended)
    driver.load()
    assert driver.desktop.window.notice.isHidden()


def test_a_machine_that_cannot_be_read_is_no_obstacle(driver: Driver) -> None:
    def machine() -> Machine:
        raise KnownError("Nothing can be read.")

    task = driver.desktop.look_at_machine(machine)
    driver.wait(lambda: task.ended)
    driver.load()
    assert driver.desktop.window.notice.isHidden()
