"""Where an element stands in its document: /html/body/section[1]/p[3]."""

_DEEPEST_PATH = 200
"""Longest path, in steps; text in deeper elements is given the path of its ancestor at this depth."""


class ElementPath:
    """The path of the element that a walk is in."""

    def __init__(self) -> None:
        self._steps: list[str] = []
        self._siblings: list[dict[str, int]] = [{}]

    def __len__(self) -> int:
        return len(self._steps)

    def enter(self, tag: str) -> None:
        siblings = self._siblings[-1]
        siblings[tag] = siblings.get(tag, 0) + 1
        self._steps.append(tag if tag in ("html", "body") else f"{tag}[{siblings[tag]}]")
        self._siblings.append({})

    def leave(self) -> None:
        self._steps.pop()
        self._siblings.pop()

    def first(self, n_steps: int) -> str:
        """The path of the ancestor at a depth."""
        return "/" + "/".join(self._steps[: min(n_steps, _DEEPEST_PATH)])

    def __str__(self) -> str:
        return self.first(len(self._steps))
