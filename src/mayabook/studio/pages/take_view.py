"""A take on a page: play button, waveform, spectrogram, and the places of its findings."""

from pathlib import Path

from nicegui.element import Element

from mayabook.core.verdict import Verdict
from mayabook.render import StoredTake
from mayabook.studio.pages.client_assets import STATIC
from mayabook.studio.pages.media_routes import media_address


class TakeView(Element, component=str(Path(__file__).parent.parent / "static" / "take_view.js")):
    def __init__(self, book_id: str, take: StoredTake, verdict: Verdict | None, *, is_kept: bool) -> None:
        """verdict: None where the present checks have not judged the take."""
        super().__init__()
        address = media_address(book_id, "takes", take.file.name)
        self.props["number"] = take.attempt + 1
        self.props["audio"] = address
        self.props["picture"] = f"{address}/picture"
        self.props["marks"] = [
            [finding.start, finding.start if finding.end is None else finding.end, finding.kind.replace("_", " ")]
            for finding in (verdict.findings if verdict else ())
            if finding.start is not None
        ]
        self.props["seconds"] = take.n_samples / take.sample_rate
        self.props["icons"] = f"{STATIC}/icons.svg"
        self.props["kept"] = is_kept
