"""Exercise notebooks as students hand them in: read, changed, written."""

import json
from pathlib import Path

from cnnlib.checks.registry import questions

ROOT = Path(__file__).parents[1]
TASKS = [question.name for question in questions().values() if question.lesson == "03"]


class Book:
    """A notebook, of "exercises" or "solutions", to be changed at will."""

    def __init__(self, kind: str, name: str = "03_pooling") -> None:
        text = (ROOT / kind / f"{name}.ipynb").read_text(encoding="utf-8")
        self.raw = json.loads(text)

    @property
    def cells(self) -> list[dict]:
        return self.raw["cells"]

    def cell(self, name: str) -> dict:
        return next(cell for cell in self.cells if cell.get("id") == name)

    def place(self, name: str) -> int:
        return self.cells.index(self.cell(name))

    def write(self, name: str, source: str) -> None:
        self.cell(name)["source"] = source.splitlines(keepends=True)

    def add(self, place: int, source: str, **more: object) -> dict:
        cell = {
            "cell_type": "code",
            "execution_count": None,
            "id": f"mine-{len(self.cells)}",
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        } | more
        self.cells.insert(place, cell)
        return cell

    def drop(self, name: str) -> dict:
        return self.cells.pop(self.place(name))

    def forget(self, ids: bool = True, marks: bool = True) -> None:
        """Lose what some programs lose: ids, and what the course wrote in metadata."""
        for number, cell in enumerate(self.cells):
            if ids:
                cell["id"] = f"x{number}"
            if marks:
                cell["metadata"] = {}
        if marks:
            self.raw["metadata"] = {"colab": {"provenance": []}}

    def save(self, folder: Path, name: str = "03_pooling.ipynb") -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.raw, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")
        return path
