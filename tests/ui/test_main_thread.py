"""The way back to the GUI thread."""

import threading

from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from app.ui.main_thread import MainThread


def test_closures_of_many_threads_run_on_the_gui_thread_in_order(qtbot: QtBot) -> None:
    main = MainThread()
    here = threading.current_thread()
    seen: dict[int, list[int]] = {number: [] for number in range(4)}
    strangers: list[threading.Thread] = []

    def note(source: int, number: int) -> None:
        seen[source].append(number)
        if threading.current_thread() is not here:
            strangers.append(threading.current_thread())

    def work(source: int) -> None:
        for number in range(500):
            main.post(lambda number=number: note(source, number))  # type: ignore[misc]

    threads = [threading.Thread(target=work, args=(source,)) for source in seen]
    for thread in threads:
        thread.start()
    qtbot.waitUntil(lambda: sum(map(len, seen.values())) == 2000, timeout=10_000)
    for thread in threads:
        thread.join()
    assert not strangers
    assert all(numbers == list(range(500)) for numbers in seen.values())


def test_a_flood_lets_input_through(qtbot: QtBot) -> None:
    main = MainThread()
    ran: list[int] = []

    def slow(number: int) -> None:
        QThread.msleep(3)
        ran.append(number)

    for number in range(20):
        main.post(lambda number=number: slow(number))  # type: ignore[misc]
    qtbot.waitUntil(lambda: bool(ran), timeout=10_000)
    assert len(ran) < 20  # the event loop came round before all was done
    qtbot.waitUntil(lambda: len(ran) == 20, timeout=10_000)


def test_an_error_does_not_stop_those_behind_it(qtbot: QtBot) -> None:
    main = MainThread()
    ran: list[str] = []

    def fail() -> None:
        raise ValueError("one of them")

    with qtbot.captureExceptions() as caught:
        main.post(fail)
        main.post(lambda: ran.append("next"))
        qtbot.waitUntil(lambda: bool(ran), timeout=10_000)
    assert [kind for kind, _, _ in caught] == [ValueError]


def test_nothing_runs_after_close(qtbot: QtBot) -> None:
    main = MainThread()
    ran: list[int] = []
    main.post(lambda: ran.append(1))
    main.close()
    main.post(lambda: ran.append(2))
    qtbot.wait(1)
    assert ran == []
