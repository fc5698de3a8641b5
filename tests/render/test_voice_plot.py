"""The plots of the voice over a book, and the chunks that stand out in them."""

from mayabook.core.verdict import VoiceMeasures
from mayabook.render.voice_plot import HEIGHT, WIDTH, plot_voice


def measures(pitch: float | None = 180.0, pace: float = 14.0, level: float = -20.0) -> VoiceMeasures:
    return VoiceMeasures(pitch, pace, level, speaker=0.01)


def test_what_differs_from_the_other_chunks_is_named() -> None:
    chunks = [(number, measures(pitch=180 + number % 5)) for number in range(1, 40)]
    chunks[6] = (7, measures(pitch=260.0))
    chunks[20] = (21, measures(level=-35.0))
    chunks[30] = (31, VoiceMeasures(182.0, 14.0, -20.0, speaker=0.3))
    outliers = {plot.label.split(",")[0]: plot.outliers for plot in plot_voice(chunks)}
    assert outliers == {
        "Pitch": ((7, 260.0),),
        "Pace": (),
        "Level": ((21, -35.0),),
        "Distance of the speaker beyond the usual one": ((31, 0.3),),
    }


def test_each_value_is_a_point_inside_the_plot() -> None:
    (pitch, *_) = plot_voice([(1, measures(100.0)), (2, None), (3, measures(None)), (4, measures(300.0))])
    assert pitch.values == ((1, 100.0), (4, 300.0))
    assert pitch.path.count("M") == 2
    assert all(0 < pitch.x(chunk) < WIDTH and 0 < pitch.y(value) < HEIGHT for chunk, value in pitch.values)


def test_without_measures_there_is_no_plot() -> None:
    assert plot_voice([(1, None), (2, None)]) == ()
