"""What the ledger knows of a job as a whole: the request that it was made for, and the names of its facts."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mayabook.core.settings import Settings

CHECKS = "checks"
"""Name of the ledger's fact that holds the identity of the checks that judged last."""
ENGINE = "engine"
"""Name of the ledger's fact that holds the EngineChoice, so that a job resumes with the engine it began with."""
FALLBACK_ENGINE = "fallback engine"
"""Name of the ledger's fact that holds the EngineChoice of the fallback engine, once it was needed."""
REQUEST = "request"
"""Name of the ledger's fact that holds the AudiobookRequest, so that a review can run the job again."""


class AudiobookRequest(BaseModel):
    """What `make_audiobook` was asked for, as the job keeps it. Paths are absolute."""

    model_config = ConfigDict(frozen=True)

    book: Path
    output: Path
    lexicon: Path | None = None
    settings: Settings = Settings()
