"""Bytes of any encoding become text, and guesses are said."""

import pytest

from app.chat.attachments.decoding import NotTextError, decode

CHINESE = "我需要把一个四十吉字节的表移动到另一个表空间，不能停机。谢谢！\n" * 3
GERMAN = "Grüße aus Köln, fünf Größen für Jürgen.\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain\n", "ascii"),
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (CHINESE, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (CHINESE, "utf-16-le"),
        (GERMAN, "utf-32"),
        (CHINESE, "utf-8"),
        (CHINESE, "gb18030"),
        ("x = 1  # 说明：这是一个测试文件\n" * 5, "gb18030"),
        ("emoji 🙂 and أهلا\n", "utf-8"),
    ],
)
def test_text_is_read_as_what_it_is(text: str, encoding: str) -> None:
    found = decode(text.encode(encoding))
    assert found.text == text
    assert found.remark == ""


@pytest.mark.parametrize("text", [GERMAN, "Café\n", "naïve façade, déjà vu – 5 €\n", "ÄÖÜ äöü ß\n"])
def test_western_european_is_the_last_resort_and_says_so(text: str) -> None:
    found = decode(text.encode("cp1252"))
    assert found.text == text
    assert "Windows-1252" in found.remark


KOREAN = "이 파일은 회의 기록입니다. 다음 주에 다시 이야기하겠습니다.\n" * 2
JAPANESE = "このファイルは会議の記録です。来週また話しましょう。カタカナも。\n" * 2
TRADITIONAL = "我們需要把這個表格移到另一個地方，請不要停機，謝謝大家的幫忙！\n" * 2
RUSSIAN = "Это протокол совещания. Ёлка, вопросы и ответы на следующей неделе.\n" * 2


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        (KOREAN, "euc_kr", "Korean"),
        (JAPANESE, "shift_jis", "Japanese (Shift JIS)"),
        (JAPANESE, "euc_jp", "Japanese (EUC)"),
        (TRADITIONAL, "big5", "Chinese (Big5)"),
        (RUSSIAN, "cp1251", "Cyrillic"),
        (f"# comment\nname = 'x'  # {RUSSIAN}", "cp1251", "Cyrillic"),
    ],
)
def test_other_encodings_are_told_apart_and_named(text: str, encoding: str, named: str) -> None:
    found = decode(text.encode(encoding))
    assert found.text == text
    assert named in found.remark


def test_line_ends_are_one_kind() -> None:
    assert decode(b"a\r\nb\rc\n").text == "a\nb\nc\n"


def test_a_few_broken_places_do_not_spoil_a_file() -> None:
    data = (GERMAN * 200).encode() + b"cut \xe4\xb8" + b"\nend\n"
    found = decode(data)
    assert found.encoding == "utf-8"
    assert found.text.endswith("cut \ufffd\nend\n")
    assert found.remark.endswith(": 1.")


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 20,
        b"\x00" * 5000,
        b"text\x00more\x00text" * 100,
        b"\x01\x02\x03\x04" * 500,
        b"\xff\xfe" + bytes(range(256)) * 40 + b"\xd8" * 3000,
    ],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(NotTextError):
        decode(data)


def test_terminal_colours_are_text() -> None:
    assert decode(b"\x1b[31mred\x1b[0m\n" * 50).text.startswith("\x1b[31m")
