"""Packs the folder `four-minutes-slow` into `four-minutes-slow.epub`, the same bytes on every machine.

Members keep one date and stand uncompressed, because zlib builds differ in what they make of the same bytes;
text files get `\\n` line ends whatever the checkout did. The order is that of the manifest.
"""

import argparse
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

SOURCE = Path(__file__).parent / "four-minutes-slow"
PACKAGE = "EPUB/package.opf"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a ZIP can hold
OPF = "{http://www.idpf.org/2007/opf}"


def members(source: Path) -> Iterator[str]:
    """Names of the files to pack; `mimetype` comes first, as EPUB demands (OCF 3.3, section 4.2)."""
    yield "mimetype"
    yield "META-INF/container.xml"
    yield PACKAGE
    for item in ElementTree.parse(source / PACKAGE).iter(f"{OPF}item"):
        yield (Path(PACKAGE).parent / unquote(item.attrib["href"])).as_posix()


def content(file: Path) -> bytes:
    if file.suffix == ".jpg":
        return file.read_bytes()
    return file.read_text(encoding="utf-8").encode("utf-8")


def build(source: Path, output: Path) -> None:
    """Raises ValueError, naming the files, where the folder and the manifest do not hold the same ones."""
    names = list(members(source))
    present = {file.relative_to(source).as_posix() for file in source.rglob("*") if file.is_file()}
    if astray := present.symmetric_difference(names):
        raise ValueError(f"Only in the folder or only in the manifest: {', '.join(sorted(astray))}")
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as epub:
        for name in names:
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system = 3  # Unix, on every system
            member.external_attr = 0o644 << 16
            epub.writestr(member, content(source / name))


def main() -> None:
    parser = argparse.ArgumentParser(description="Builds the EPUB of the sample book.")
    parser.add_argument("output", nargs="?", type=Path, default=SOURCE.with_suffix(".epub"))
    parser.add_argument("--source", type=Path, default=SOURCE, help="folder of the unpacked book")
    arguments = parser.parse_args()
    try:
        build(arguments.source, arguments.output)
    except (OSError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
