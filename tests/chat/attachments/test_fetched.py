"""A PDF of the web is read as one that was added."""

import pathlib

import pytest

from app.chat.attachments.fetched import pdf_text
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from tests.chat.attachments.made import pdf


def test_a_pdf_page_by_page(tmp_path: pathlib.Path) -> None:
    data = pdf(tmp_path / "a.pdf", ["Hello first", "Hello second"]).read_bytes()
    text = pdf_text(data, "a.pdf", CancelToken())
    assert text.startswith("[Page 1]\nHello first\n")
    assert "[Page 2]\nHello second" in text


def test_what_was_not_read_is_said(tmp_path: pathlib.Path) -> None:
    data = pdf(tmp_path / "a.pdf", ["Hello", ""]).read_bytes()
    assert "without text" in pdf_text(data, "a.pdf", CancelToken()).splitlines()[-1]


def test_a_broken_one_is_named() -> None:
    with pytest.raises(KnownError, match=r"a\.pdf"):
        pdf_text(b"%PDF-1.7 nonsense", "a.pdf", CancelToken())


def test_a_disk_that_takes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(KnownError, match="Free some space"):
        pdf_text(b"%PDF-1.7", "a.pdf", CancelToken())


def test_cancelling(tmp_path: pathlib.Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        pdf_text(pdf(tmp_path / "a.pdf", ["x"]).read_bytes(), "a.pdf", cancel)
