"""EPUBs for tests, made of plain strings.

    path = write_epub(tmp_path / "book.epub", {"one.xhtml": "<h1>One</h1><p>Text.</p>"}, toc=[("One", "one.xhtml")])

`epub_files` gives the same as a dict of zip entry -> content, so that a test can break one of them before
`write_zip`.
"""

import zipfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

Files = dict[str, str | bytes]
Toc = Sequence[tuple[Any, ...]]
"""(title, href) or (title, href, nested entries); an href of None is a heading without a link."""

CONTAINER = "META-INF/container.xml"
OPF = "EPUB/package.opf"
PIXEL_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000" + "1f15c4890000000d49444154789c6360f8cf500f000382"
    "0181be9a2dab0000000049454e44ae426082"
)


def xhtml(body: str, title: str = "", body_attributes: str = "", html_attributes: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
        f"{html_attributes}><head><title>{title}</title></head><body{body_attributes}>{body}</body></html>"
    )


def container_xml(opf: str = OPF) -> str:
    return (
        '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        f'<rootfiles><rootfile full-path="{opf}" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )


def nav_xhtml(toc: Toc, landmarks: Mapping[str, str] | None = None) -> str:
    """landmarks: href -> epub:type."""

    def items(entries: Toc) -> str:
        found = []
        for title, href, *nested in entries:
            label = f"<span>{title}</span>" if href is None else f'<a href="{href}">{title}</a>'
            found.append(f"<li>{label}{items(nested[0]) if nested else ''}</li>")
        return f"<ol>{''.join(found)}</ol>"

    links = "".join(f'<li><a epub:type="{t}" href="{href}">{t}</a></li>' for href, t in (landmarks or {}).items())
    marked = f'<nav epub:type="landmarks" hidden=""><ol>{links}</ol></nav>' if links else ""
    return xhtml(f'<nav epub:type="toc">{items(toc)}</nav>{marked}', "Contents")


def ncx_xml(toc: Toc) -> str:
    def points(entries: Toc) -> str:
        found = []
        for title, href, *nested in entries:
            inner = points(nested[0]) if nested else ""
            label = f"<navLabel><text>{title}</text></navLabel>"
            found.append(f'<navPoint>{label}<content src="{href}"/>{inner}</navPoint>')
        return "".join(found)

    return (
        '<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" '
        '"http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">'
        f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1"><navMap>{points(toc)}</navMap></ncx>'
    )


def opf_xml(
    manifest: Sequence[str],
    spine: Sequence[str],
    metadata: str = "",
    version: int = 3,
    spine_attributes: str = "",
    guide: Mapping[str, str] | None = None,
) -> str:
    """manifest, spine: `<item/>` and `<itemref/>` elements. guide: href -> type."""
    references = "".join(f'<reference type="{t}" href="{href}"/>' for href, t in (guide or {}).items())
    return (
        f'<?xml version="1.0" encoding="utf-8"?><package xmlns="http://www.idpf.org/2007/opf" '
        f'version="{version}.0" unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:opf="http://www.idpf.org/2007/opf">{metadata}</metadata>'
        f"<manifest>{''.join(manifest)}</manifest><spine{spine_attributes}>{''.join(spine)}</spine>"
        f"{f'<guide>{references}</guide>' if references else ''}</package>"
    )


def epub_files(
    pages: Mapping[str, str | bytes],
    *,
    toc: Toc = (),
    title: str = "The Test Book",
    author: str = "Ann Author",
    language: str = "en",
    metadata: str = "",
    version: int = 3,
    landmarks: Mapping[str, str] | None = None,
    guide: Mapping[str, str] | None = None,
    not_linear: Sequence[str] = (),
    nav_in_spine: bool = False,
    cover: bytes | None = None,
    extra: Mapping[str, str | bytes] | None = None,
) -> Files:
    """A whole EPUB as zip entry -> content, its package in `EPUB/`.

    pages: file name -> body of a document, or a whole one if it starts with `<?xml`, `<!DOCTYPE` or `<html`, or
    bytes as they are; in reading order. toc: becomes a nav in version 3, an NCX in version 2; hrefs relative to
    `EPUB/`. extra: further entries, by their full names.
    """
    manifest = [
        f'<item id="page{n}" href="{escape(name)}" media-type="application/xhtml+xml"/>' for n, name in enumerate(pages)
    ]
    spine = [f'<itemref idref="page{n}"{_linear(name, not_linear)}/>' for n, name in enumerate(pages)]
    files: Files = {"mimetype": "application/epub+zip", CONTAINER: container_xml()}
    spine_attributes = ""
    if version == 3 and (toc or landmarks):
        manifest.append('<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>')
        files["EPUB/nav.xhtml"] = nav_xhtml(toc, landmarks)
        spine = ['<itemref idref="nav"/>', *spine] if nav_in_spine else spine
    elif toc:
        manifest.append('<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>')
        files["EPUB/toc.ncx"] = ncx_xml(toc)
        spine_attributes = ' toc="ncx"'
    if cover is not None:
        manifest.append('<item id="the-cover" href="cover.png" media-type="image/png" properties="cover-image"/>')
        files["EPUB/cover.png"] = cover
    dublin_core = (
        f"<dc:title>{title}</dc:title><dc:creator>{author}</dc:creator><dc:language>{language}</dc:language>"
        '<dc:identifier id="id">urn:test:1</dc:identifier>'
    )
    files[OPF] = opf_xml(manifest, spine, metadata or dublin_core, version, spine_attributes, guide)
    for name, content in pages.items():
        files[f"EPUB/{name}"] = content if _is_whole(content) else xhtml(str(content))
    return {**files, **(extra or {})}


def write_zip(path: Path, files: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else compression)
    return path


def write_epub(path: Path, pages: Mapping[str, str | bytes], **options: Any) -> Path:
    """`epub_files` written to `path`."""
    return write_zip(path, epub_files(pages, **options))


def _linear(name: str, not_linear: Sequence[str]) -> str:
    return ' linear="no"' if name in not_linear else ""


def _is_whole(content: str | bytes) -> bool:
    return isinstance(content, bytes) or content.lstrip().startswith(("<?xml", "<!DOCTYPE", "<!doctype", "<html"))
