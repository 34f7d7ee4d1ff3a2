from tools.problems import Finding
from nbformat import NotebookNode


def findings(notebook: NotebookNode) -> list[Finding]:
    return []
