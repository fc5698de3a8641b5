"""What can be set for Kokoro: the table [kokoro] of a settings file."""

from pydantic import Field

from mayabook.core.settings import SettingsGroup
from mayabook_kokoro.files import REPOSITORY


class KokoroSettings(SettingsGroup):
    """Kokoro-82M on ONNX Runtime."""

    model: str = REPOSITORY
    """Where the model files are: a folder, or a repository on the model hub."""
    onnx_file: str = "onnx/model_quantized.onnx"
    """The ONNX file in it; the repository has several precisions."""
    voice: str = "af_heart"
    """Voice: af_ and am_ are American, bf_ and bm_ British; the second letter says female or male."""
    speed: float = Field(default=1.0, ge=0.5, le=2.0)
    """Pace of speech; 1 is the voice's own."""
    workers: int = Field(default=0, ge=0, le=256)
    """Takes at once; 0 takes one for each core."""
