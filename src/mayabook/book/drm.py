"""Detects DRM, and by which scheme. Obfuscated fonts do not count as DRM, because the text is not encrypted."""

from mayabook.book.container import Container
from mayabook.book.xml_parsing import parse_xml
from mayabook.core.errors import DrmError

_FONT_OBFUSCATION = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
_TEXT_SUFFIXES = (".xhtml", ".html", ".htm", ".xml", ".opf", ".ncx", ".css", ".svg")
"""Files that no font is named like, whatever a converter calls its fonts."""
_BARNES_AND_NOBLE_KEY_LENGTH = 64
"""Characters of the wrapped book key: 172 with Adobe's RSA, 64 with Barnes & Noble's passhash."""
_MARKS = (
    ("readium.org/2014/01/lcp", "Readium LCP"),
    ("license.lcpl", "Readium LCP"),
    ("itunes.apple.com", "Apple FairPlay"),
    ("fairplay", "Apple FairPlay"),
    ("barnesandnoble", "Barnes & Noble"),
    ("ns.adobe.com/adept", "Adobe ADEPT"),
    ("kdrm", "Kobo"),
    ("marlin", "Marlin"),
)
"""Strings in the files of META-INF -> DRM scheme."""


def refuse_drm(container: Container) -> None:
    """Raises DrmError with the name of the scheme if any text of the book is encrypted."""
    encrypted = _encrypted(container)
    rights = _text(container, "META-INF/rights.xml")
    licensed = "ns.adobe.com/adept" in rights or container.find("META-INF/sinf.xml") is not None
    if not encrypted and not licensed:
        return
    scheme = _scheme(container, rights) or f"an unknown scheme ({next(iter(encrypted), 'no algorithm named')})"
    raise DrmError(
        f"{container.path.name} is encrypted by {scheme}, which MayaBook cannot decrypt: get a copy without DRM."
    )


def _encrypted(container: Container) -> list[str]:
    """Algorithms of all encrypted files except obfuscated fonts."""
    name = container.find("META-INF/encryption.xml")
    if name is None:
        return []
    root = parse_xml(container.read(name)).root
    if root is None:
        return ["unreadable encryption.xml"]
    found = []
    for data in root.iter("{*}EncryptedData"):
        methods = [element.get("Algorithm", "") for element in data.iterchildren("{*}EncryptionMethod")]
        targets = [element.get("URI", "") for element in data.iter("{*}CipherReference")]
        algorithm = next(iter(methods), "") or "no algorithm named"
        if algorithm not in _FONT_OBFUSCATION or any(t.lower().endswith(_TEXT_SUFFIXES) for t in targets):
            found.append(algorithm)
    return found


def _scheme(container: Container, rights: str) -> str:
    if container.find("META-INF/sinf.xml") is not None:
        return "Apple FairPlay"
    if container.find("META-INF/license.lcpl") is not None:
        return "Readium LCP"
    key = rights.partition("encryptedKey")[2].partition(">")[2].partition("<")[0].strip()
    if len(key) == _BARNES_AND_NOBLE_KEY_LENGTH:
        return "Barnes & Noble"
    evidence = (rights + _text(container, "META-INF/encryption.xml")).lower()
    return next((scheme for mark, scheme in _MARKS if mark in evidence), "")


def _text(container: Container, href: str) -> str:
    name = container.find(href)
    return container.read(name).decode("utf-8", "replace") if name is not None else ""
