from mayabook.lab.plots import plot_heatmap


def test_a_missing_cell_of_a_heatmap_is_empty() -> None:
    grid = [[0.1, None], [None, 0.5]]
    figure = plot_heatmap("sweep", "Share of artifacts", grid, ("temperature", (0.3, 0.9)), ("top_p", (0.8, 1.0)))
    assert figure.svg.count("%</text>") == 2
    assert ">10%<" in figure.svg
    assert ">50%<" in figure.svg
    assert "nan" not in figure.svg
