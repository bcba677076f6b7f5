"""Small documents, made where they are needed."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from pypdf import PdfReader, PdfWriter


def pdf(path: Path, pages: Sequence[str], *, extra: str = "", kids: str = "") -> Path:
    """One line of text for each page. extra: more of the catalogue; kids: instead of the pages."""
    objects = [f"<< /Type /Catalog /Pages 2 0 R {extra} >>", ""]
    numbers: list[str] = []
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    for text in pages:
        number = len(objects) + 1
        numbers.append(f"{number} 0 R")
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET" if text else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {number + 1} 0 R "
            f"/Resources << /Font << /F1 {font} >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    shown = kids or " ".join(numbers)
    objects[1] = f"<< /Type /Pages /Kids [{shown}] /Count {len(pages)} >>"
    return pdf_of(path, objects)


def drawing_itself(path: Path) -> Path:
    """A page with a form that is drawn within itself, twice."""
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    form = "/X Do /X Do BT /F1 9 Tf (again) Tj ET"
    resources = f"/Resources << /XObject << /X 5 0 R >> /Font << /F1 {font} >> >>"
    kind = f"/Type /XObject /Subtype /Form /BBox [0 0 9 9] {resources}"
    return pdf_of(
        path,
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /MediaBox [0 0 9 9] {resources} >>",
            "<< /Length 5 >>\nstream\n/X Do\nendstream",
            f"<< {kind} /Length {len(form)} >>\nstream\n{form}\nendstream",
        ],
    )


def pdf_of(path: Path, objects: Sequence[str]) -> Path:
    """The first object is the catalogue."""
    body = "%PDF-1.4\n"
    offsets: list[int] = []
    for number, value in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{value}\nendobj\n"
    rows = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}"
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    trailer += f"startxref\n{len(body)}\n%%EOF\n"
    path.write_bytes((body + table + trailer).encode("latin-1"))
    return path


def encrypted(path: Path, password: str, owner: str = "owner") -> Path:
    plain = pdf(path.with_name("plain.pdf"), ["Secret words"])
    writer = PdfWriter(clone_from=PdfReader(plain))
    writer.encrypt(password, owner, algorithm="AES-256")
    writer.write(path)
    return path


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path
