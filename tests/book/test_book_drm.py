from pathlib import Path

import pytest

from mayabook.core.errors import DrmError
from tests.book.book_reading import all_text, read_files
from tests.epubs import epub_files

PAGES = {"one.xhtml": "<h1>One</h1><p>First text.</p>"}
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
IDPF_FONT = "http://www.idpf.org/2008/embedding"
ADOBE_FONT = "http://ns.adobe.com/pdf/enc#RC"


def encryption(*entries: tuple[str, str], key_info: str = "") -> str:
    """entries: (algorithm, what is encrypted)."""
    data = "".join(
        f'<enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/>{key_info}<enc:CipherData>'
        f'<enc:CipherReference URI="{uri}"/></enc:CipherData></enc:EncryptedData>'
        for algorithm, uri in entries
    )
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        f'xmlns:enc="http://www.w3.org/2001/04/xmlenc#">{data}</encryption>'
    )


def rights(key_length: int) -> str:
    key = "A" * key_length
    return (
        '<adept:rights xmlns:adept="http://ns.adobe.com/adept"><licenseToken>'
        f'<adept:encryptedKey keyInfo="user">{key}</adept:encryptedKey></licenseToken></adept:rights>'
    )


LCP_KEY = (
    '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:RetrievalMethod '
    'URI="license.lcpl#/encryption/content_key" Type="http://readium.org/2014/01/lcp#EncryptedContentKey"/></ds:KeyInfo>'
)
ENCRYPTION, RIGHTS = "META-INF/encryption.xml", "META-INF/rights.xml"
ONE = (AES, "EPUB/one.xhtml")


@pytest.mark.parametrize(
    ("extra", "scheme"),
    [
        ({ENCRYPTION: encryption(ONE), RIGHTS: rights(172)}, "Adobe ADEPT"),
        ({RIGHTS: rights(172)}, "Adobe ADEPT"),
        ({ENCRYPTION: encryption(ONE), RIGHTS: rights(64)}, "Barnes & Noble"),
        ({ENCRYPTION: encryption(ONE), "META-INF/sinf.xml": "<sinf/>"}, "Apple FairPlay"),
        ({ENCRYPTION: encryption(ONE, key_info=LCP_KEY)}, "Readium LCP"),
        ({ENCRYPTION: encryption(ONE), "META-INF/license.lcpl": "{}"}, "Readium LCP"),
        ({ENCRYPTION: encryption(ONE), RIGHTS: "<package><kdrm/></package>"}, "Kobo"),
        ({ENCRYPTION: encryption(ONE)}, f"an unknown scheme ({AES})"),
        ({ENCRYPTION: encryption((IDPF_FONT, "EPUB/font.otf"), ONE)}, f"an unknown scheme ({AES})"),
        ({ENCRYPTION: encryption((ADOBE_FONT, "EPUB/one.xhtml"))}, f"an unknown scheme ({ADOBE_FONT})"),
        ({ENCRYPTION: "not xml"}, "an unknown scheme (unreadable encryption.xml)"),
    ],
)
def test_the_scheme_is_named(tmp_path: Path, extra: dict[str, str], scheme: str) -> None:
    with pytest.raises(DrmError) as caught:
        read_files(tmp_path, epub_files(PAGES, extra=extra))
    assert str(caught.value) == (
        f"book.epub is encrypted by {scheme}, which MayaBook cannot decrypt: get a copy without DRM."
    )


@pytest.mark.parametrize(
    "content",
    [
        encryption((IDPF_FONT, "EPUB/fonts/a.otf"), (ADOBE_FONT, "EPUB/fonts/b.TTF"), (IDPF_FONT, "c.woff2")),
        encryption((IDPF_FONT, "EPUB/fonts/00012.dat"), (ADOBE_FONT, "EPUB/fonts/noname"), (IDPF_FONT, "a.b/c.obf")),
        encryption(),
    ],
)
def test_obfuscated_fonts_are_no_drm(tmp_path: Path, content: str) -> None:
    book = read_files(tmp_path, epub_files(PAGES, extra={ENCRYPTION: content}))
    assert all_text(book) == "One First text."
    assert book.warnings == ()


def test_rights_of_another_kind_are_no_drm(tmp_path: Path) -> None:
    extra = {RIGHTS: "<rights>All rights reserved.</rights>"}
    assert all_text(read_files(tmp_path, epub_files(PAGES, extra=extra))) == "One First text."
