"""Files as people add them, good and bad, through the same door as the program's."""

import os
import sys
from pathlib import Path

import docx
import pytest

from app.chat.attachments.extract import _Gathered, extract
from app.chat.attachments.pdf import read_pdf
from app.chat.attachments.pieces import Piece, Remark, Total, to_line
from app.chat.attachments.reading import ReadProgress, display_name, from_text, read_file
from app.chat.attachments.types import LARGEST_TEXT, ReadText
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.language import use_language
from tests.chat.attachments.made import archive, drawing_itself, encrypted, pdf


def read(path: Path) -> ReadText:
    return read_file(path, CancelToken())


def refused(path: Path) -> KnownError:
    with pytest.raises(KnownError) as caught:
        read(path)
    error = caught.value
    assert path.name[:40] in error.what
    assert error.next_step
    assert "!" not in str(error)
    return error


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


# Text


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("notes.md", "text/markdown"),
        ("table.CSV", "text/csv"),
        ("data.json", "application/json"),
        ("main.rs", "text/plain"),
        ("Makefile", "text/plain"),
    ],
)
def test_text_files(tmp_path: Path, name: str, media_type: str) -> None:
    found = read(written(tmp_path / name, "a,b\r\n1,2\r\n"))
    assert found.text == "a,b\n1,2\n"
    assert (found.name, found.media_type, found.size_bytes) == (name, media_type, 10)
    assert found.part.excerpt == ""


def test_a_guess_is_remarked(tmp_path: Path) -> None:
    assert "Windows-1252" in read(written(tmp_path / "a.txt", b"caf\xe9\n")).remarks[0]


def test_a_line_of_a_megabyte_and_deep_nesting(tmp_path: Path) -> None:
    assert len(read(written(tmp_path / "one.txt", "x" * 1_000_000)).text) == 1_000_000
    assert len(read(written(tmp_path / "deep.json", "[" * 200_000)).text) == 200_000


def test_direction_signs_stay_in_the_text_but_not_in_the_name(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a\u202etxt.exe", "x\u202ey"))
    assert found.text == "x\u202ey"
    assert "\u202e" not in found.name


def test_progress_is_told(tmp_path: Path) -> None:
    seen: list[ReadProgress] = []
    read_file(written(tmp_path / "big.txt", "a line\n" * 400_000), CancelToken(), seen.append)
    assert seen[-1] == ReadProgress(2_800_000, 2_800_000)
    assert len(seen) > 2


def test_a_cancelled_reading_stops(tmp_path: Path) -> None:
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        read_file(
            written(tmp_path / "big.txt", "a line\n" * 400_000), cancel, lambda _: cancel.cancel()
        )


# What is refused


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("photo.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "picture"),
        ("photo.txt", b"\xff\xd8\xff\xe0" + b"\0" * 50, "picture"),
        ("photo.webp", b"RIFF\0\0\0\0WEBPVP8 ", "picture"),
        ("photo.heic", b"\0\0\0\x18ftypheic" + b"\0" * 20, "picture"),
        ("song.mp3", b"ID3\x03" + b"\0" * 50, "sound"),
        ("film.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 20, "sound or film"),
        ("model.gguf", b"GGUF\x03\0\0\0", "model"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 50, "Office"),
        ("a.tar.gz", b"\x1f\x8b\x08\0" + b"\0" * 50, "archive"),
        ("a.db", b"SQLite format 3\0" + b"\0" * 50, "database"),
        ("a.exe", b"MZ\x90\0\3" + b"\0" * 50, "not text"),
        ("a.bin", bytes(range(256)) * 30, "not text"),
        ("empty.txt", b"", "empty"),
        ("blank.txt", b" \n\t\n", "empty"),
    ],
)
def test_it_says_what_is_wrong(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    assert says in refused(written(tmp_path / name, data)).what


def test_folders_and_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "folder" in refused(tmp_path / "folder").what
    assert "not there" in refused(tmp_path / "gone.txt").why


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "mine.txt", "x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "may not read" in refused(path).why


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert "not a file" in refused(tmp_path / "pipe.txt").what


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.log"
    with path.open("wb") as file:
        file.write(b"line\n" * 1000)
        file.truncate(LARGEST_TEXT + 1)
    assert "too large" in refused(path).what


# PDF


def test_a_pdf_page_by_page(tmp_path: Path) -> None:
    seen: list[ReadProgress] = []
    path = pdf(tmp_path / "report.pdf", ["First page", "Second page"])
    found = read_file(path, CancelToken(), seen.append)
    assert found.text == "[Page 1]\nFirst page\n\n[Page 2]\nSecond page\n"
    assert [found.text[at : at + 8] for at in found.starts] == ["[Page 1]", "[Page 2]"]
    assert found.pages == 2
    assert found.media_type == "application/pdf"
    assert seen == [ReadProgress(1, 2), ReadProgress(2, 2)]


def test_a_pdf_by_another_name(tmp_path: Path) -> None:
    assert "Hello" in read(pdf(tmp_path / "download.txt", ["Hello"])).text


def test_pages_without_text_are_said(tmp_path: Path) -> None:
    found = read(pdf(tmp_path / "mixed.pdf", ["Words", "", "More"]))
    assert "[Page 2]\n(no text)" in found.text
    assert found.remarks == ("Pages without text, perhaps pictures only: 2.",)
    assert "scanned" in refused(pdf(tmp_path / "scan.pdf", ["", ""])).why


def test_a_pdf_with_a_password(tmp_path: Path) -> None:
    assert "password" in refused(encrypted(tmp_path / "locked.pdf", "open sesame")).what
    assert "Secret words" in read(encrypted(tmp_path / "rights.pdf", "")).text


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + b"\xde\xad" * 4000])
def test_a_broken_pdf(tmp_path: Path, data: bytes) -> None:
    assert "damaged" in refused(written(tmp_path / "broken.pdf", data)).why


def test_a_pdf_whose_pages_are_their_own_parents(tmp_path: Path) -> None:
    refused(pdf(tmp_path / "loop.pdf", ["a"], kids="2 0 R"))


def test_a_pdf_whose_fonts_say_nothing(tmp_path: Path) -> None:
    path = tmp_path / "signs.pdf"
    pdf(path, ["Some words of it"])
    path.write_bytes(path.read_bytes().replace(b"/F1 <<", b"/F9 <<"))
    assert "fonts" in refused(path).why


def test_a_pdf_that_draws_itself_without_end(tmp_path: Path) -> None:
    assert read(drawing_itself(tmp_path / "again.pdf")).text.startswith("[Page 1]\nagain")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_parser_that_hangs_is_ended(tmp_path: Path) -> None:
    """A pipe that nobody writes to stands for whatever a parser can be made to wait for."""
    os.mkfifo(tmp_path / "hang.pdf")
    with pytest.raises(KnownError, match="took longer"):
        extract(
            tmp_path / "hang.pdf", "hang.pdf", "pdf", 1, CancelToken(), lambda *_: None, seconds=0.5
        )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_parser_that_hangs_is_cancelled(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hang.pdf")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        extract(tmp_path / "hang.pdf", "hang.pdf", "pdf", 1, cancel, lambda *_: None)


# Word


def test_a_word_document(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Title here", 1)
    document.add_paragraph("Plain text.")
    document.add_paragraph("An item", style="List Bullet")
    table = document.add_table(2, 2)
    for row, texts in zip(table.rows, (("Step", "Lock"), ("Create", "a|b")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.add_paragraph("After the table.")
    path = tmp_path / "report.docx"
    document.save(str(path))
    assert read(path).text == (
        "# Title here\n\nPlain text.\n\n- An item\n\n"
        "| Step | Lock |\n| --- | --- |\n| Create | a\\|b |\n\nAfter the table."
    )


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word(path: Path, body: str, head: str = "") -> Path:
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
    )
    document = f"{head}<w:document {W}><w:body>{body}</w:body></w:document>"
    files = {"[Content_Types].xml": types, "_rels/.rels": rels, "word/document.xml": document}
    return archive(path, {name: text.encode() for name, text in files.items()})


def test_insertions_controls_and_inner_tables_are_text_and_deletions_are_not(
    tmp_path: Path,
) -> None:
    body = (
        "<w:p><w:r><w:t>kept </w:t></w:r><w:ins><w:r><w:t>added </w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>controlled</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:tbl><w:tr><w:tc><w:tbl><w:tr><w:tc><w:p><w:r><w:t>inner</w:t></w:r></w:p></w:tc></w:tr>"
        "</w:tbl></w:tc></w:tr></w:tbl>"
    )
    text = read(word(tmp_path / "a.docx", body)).text
    assert text.startswith("kept added\n\ncontrolled\n\n| ")
    assert text.count("inner") == 1
    assert "gone" not in text


def test_entities_that_multiply_do_not(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    head = f'<!DOCTYPE x [<!ENTITY e0 "aaaaaaaaaa">{levels}]>'
    path = word(tmp_path / "laughs.docx", "<w:p><w:r><w:t>x&e11;</w:t></w:r></w:p>", head=head)
    try:
        assert len(read(path).text) < 1000
    except KnownError as error:
        assert error.next_step


def test_elements_that_nest_without_end(tmp_path: Path) -> None:
    path = word(tmp_path / "deep.docx", "<w:sdt>" * 50_000 + "</w:sdt>" * 50_000)
    refused(path)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    files = {"word/document.xml": b"\0" * 120_000_000}
    assert "fill up memory" in refused(archive(tmp_path / "bomb.docx", files)).why
    many = {f"word/{n}": b"" for n in range(6000)}
    assert "6,000 parts" in refused(archive(tmp_path / "many.docx", many)).why


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("xl/workbook.xml", "spreadsheet"),
        ("ppt/presentation.xml", "presentation"),
        ("content.xml", "OpenDocument"),
        ("anything.txt", "archive"),
    ],
)
def test_other_archives_are_named(tmp_path: Path, entry: str, says: str) -> None:
    assert says in refused(archive(tmp_path / "a.zip", {entry: b"x"})).what


def test_a_broken_archive(tmp_path: Path) -> None:
    refused(written(tmp_path / "broken.docx", b"PK\x03\x04" + b"junk" * 100))
    refused(archive(tmp_path / "half.docx", {"word/document.xml": b"<w:document"}))


# Names and pasted text


def test_a_long_name_keeps_its_end() -> None:
    name = display_name(Path("x" * 400 + ".csv"))
    assert len(name) <= 200
    assert name.endswith("x.csv")


def test_pasted_text() -> None:
    found = from_text("pasted-text.txt", "a\r\nb\0")
    assert found.text == "a\nb"
    assert found.size_bytes is None


def test_the_reading_process_says_it_in_the_language_in_force(tmp_path: Path) -> None:
    use_language(lambda text: {"{name} is an archive.": "{name} 是压缩包。"}.get(text, ""))
    try:
        error = refused(archive(tmp_path / "{a}.zip", {"x": b"x"}))
    finally:
        use_language(None)
    assert error.what == "{a}.zip 是压缩包。"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
def test_a_parser_that_eats_memory_is_ended(tmp_path: Path) -> None:
    path = word(tmp_path / "fat.docx", "<w:p/>" * 2_000_000)
    with pytest.raises(KnownError, match=r"fat\.docx cannot be read") as caught:
        extract(
            path,
            path.name,
            "archive",
            1,
            CancelToken(),
            lambda *_: None,
            memory_bytes=300_000_000,
        )
    assert caught.value.next_step


def test_a_pdf_of_more_pages_than_are_read_is_an_excerpt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.chat.attachments.pdf._MOST_PAGES", 2)
    said = list(read_pdf(pdf(tmp_path / "long.pdf", ["a", "b", "c"])))
    assert [piece.page for piece in said if isinstance(piece, Piece)] == [1, 2]
    assert said[-1] == Remark(
        "Only the first {read} of {total} pages were read.", {"read": "2", "total": "3"}
    )
    gathered = _Gathered("long.pdf", lambda *_: None)
    gathered.take([to_line(piece) for piece in said])
    found = gathered.result("application/pdf", 9)
    assert found.excerpt == "pages 1–2 of 3"
    assert found.remarks == ("Only the first 2 of 3 pages were read.",)


def test_what_was_read_before_the_process_broke_off_is_kept() -> None:
    gathered = _Gathered("long.pdf", lambda *_: None)
    gathered.take([to_line(Total(3)), to_line(Piece("one", 1)), '["piece", "tw'])
    assert not gathered.done
    gathered.broke_off(after_seconds=60)
    found = gathered.result("application/pdf", 9)
    assert found.text == "[Page 1]\none\n"
    assert found.excerpt == "page 1 of 3"
    assert "longer than 1 min" in found.remarks[0]
