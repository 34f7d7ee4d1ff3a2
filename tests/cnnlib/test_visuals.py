"""What all visuals share: three faces, one script, nothing random, nothing loaded."""

import ast
import base64
import copy
import html.parser
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from posixpath import normpath

import nbformat
import pytest
import torch

import cnnlib
from cnnlib import (
    explore_kernel,
    explore_sizes,
    step_conv,
    step_pool,
    train_here,
    worked_example,
)
from cnnlib.visuals.shared.bundle import _in_order, bundle
from cnnlib.visuals.shared.visual import Visual
from tools.build.live_scripts import modules
from tools.build.markup import html_faults
from tools.build.outputs import inline_pngs, png_chunks

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "cnnlib" / "visuals"
MODULES = sorted(modules().values())
LIBRARY = re.compile(r'^import \* as \w+ from "\./vendor/[\w/-]+\.mjs";$', re.M)
TOP_LEVEL = re.compile(
    r"^(?:export )?(?:const|let|function) (?:\[([^]]*)\]|(\w+))", re.M
)


def makers():
    ramp = torch.arange(25.0).reshape(5, 5)
    return {
        "conv": lambda: step_conv(ramp, torch.eye(3), bias=1, padding=1),
        "pool": lambda: step_pool(ramp, 2, "avg"),
        "kernel": lambda: explore_kernel(ramp.repeat(2, 2)),
        "sizes": lambda: explore_sizes(),
        "train": lambda: train_here(),
        "box": lambda: worked_example("hzdr-same").predict(1, 2),
    }


@cache
def visual(name) -> Visual:
    return makers()[name]()


names = pytest.mark.parametrize("name", list(makers()))


class Reader(html.parser.HTMLParser):
    """Collects tags with their attributes, the text, and the scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.script, self.inside = [], "", "", ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.script += data
        else:
            self.text += data

    def of(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@names
def test_the_faces_tell_the_same(name):
    faces = visual(name)._repr_mimebundle_()
    assert list(faces) == ["text/plain", "text/html", "image/png"]
    read = Reader(faces["text/html"])
    (image,) = read.of("img")
    assert image["alt"] == faces["text/plain"] == visual(name).sentence
    assert image["src"] == f"data:image/png;base64,{faces['image/png']}"
    assert visual(name).caption in read.text


def test_names_come_from_the_content():
    ramp = torch.arange(25.0).reshape(5, 5)
    one, other = step_conv(ramp, torch.eye(3)), step_conv(ramp, 2 * torch.eye(3))
    assert one.key == step_conv(ramp, torch.eye(3)).key != other.key
    assert len({visual(name).key for name in makers()}) == len(makers())
    for name in makers():
        read = Reader(visual(name)._repr_html_())
        assert not any("id" in attrs for _, attrs in read.tags)
        assert read.tags[0][1]["data-cnnlib"] == visual(name).key


@names
def test_the_page_would_load_nothing_and_the_png_holds_only_the_picture(name):
    face = visual(name)._repr_html_()
    assert html_faults(face) == []
    script = Reader(face).script
    addresses = set(re.findall(r"https?://[^\s\"'`]+", script))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    for word in (
        "import(",
        "fetch(",
        "XMLHttpRequest",
        "Math.random",
        "Date.now",
        "eval(",
    ):
        assert word not in script.replace("net.eval()", "")  # of the PyTorch code
    (png,) = inline_pngs(face)
    assert {kind for kind, _ in png_chunks(png)} <= {b"IHDR", b"PLTE", b"IDAT", b"IEND"}


@names
def test_what_is_written_into_the_page_cannot_leave_its_script(name):
    face = visual(name)._repr_html_()
    assert face.count("<script>") == face.count("</script>") == 1
    assert face.endswith("</script></div>")
    assert "<!--" not in face


@names
def test_a_visual_is_small(name):
    digits = 115_000 if name == "train" else 0  # 1,797 of 8x8 cells, a letter each
    assert len(visual(name)._repr_html_()) < 120_000 + digits


@pytest.mark.parametrize("module", MODULES)
def test_modules_stand_together_as_one_script(module):
    code = bundle(module)
    assert not re.search(r"^\s*(import|export)\b", code, re.M)
    assert not re.search(r"^\s*(//|/\*)", code, re.M)
    assert "_COLOURS" not in code
    assert "function mount(" in code
    assert "function render(" in code


@pytest.mark.parametrize("module", MODULES)
def test_no_two_modules_of_a_script_use_a_name(module):
    # two functions of one name would silently be one in the page
    found = []
    for name in _in_order(module, []):
        text = (SCRIPTS / f"{name}.js").read_text()
        for several, one in TOP_LEVEL.findall(text):
            found += [one] if one else several.split(", ")
    assert len(found) > 20
    assert sorted(found) == sorted(set(found))


def scripts():
    """Every module's text, by its name in the folder of the visuals: "step/words"."""
    return {
        path.relative_to(SCRIPTS).with_suffix("").as_posix(): path.read_text()
        for path in SCRIPTS.glob("*/*.js")
    }


def imports_of(name, text):
    """Yield (module, names) of every import of a module; libraries are none of ours."""
    text = LIBRARY.sub("", text)
    lines = re.findall(r'^import \{([^}]*)\} from "([./\w]+)\.js";$', text, re.M)
    assert len(lines) == len(re.findall(r"^import\b", text, re.M)), name
    for words, path in lines:
        names = {word.strip().partition(" as ")[0] for word in words.split(",")}
        yield normpath(f"{name}/../{path}"), names


def test_every_import_names_something_that_is_exported():
    texts = scripts()
    assert set(MODULES) < set(texts)
    exports = {
        name: set(re.findall(r"^export (?:const|function) (\w+)", text, re.M))
        for name, text in texts.items()
    }
    used = {name: set() for name in exports}
    for name, text in texts.items():
        body = re.sub(r"^import .*$", "", text, flags=re.M)
        for module, imported in imports_of(name, text):
            assert imported <= exports[module], name
            here = imported - {"render"}  # it has another name here
            unused = [word for word in here if not re.search(rf"\b{word}\b", body)]
            assert unused == [], name
            used[module] |= imported
    own = {name: {"render"} if name in MODULES else set() for name in exports}
    own["shared/page"] = {"mount"}
    for name, known in exports.items():
        for word in known - used[name] - own[name]:
            assert len(re.findall(rf"\b{word}\b", texts[name])) > 1, f"{name}: {word}"


def test_one_visual_takes_nothing_from_the_folder_of_another():
    """Scripts share through shared/ alone; in Python the film looks inside nets.

    Practice shows the pictures of step/ and sizes/ whole, beside its items.
    """
    arrows = set()
    for name, text in scripts().items():
        for module, _ in imports_of(name, text):
            arrows.add((name.partition("/")[0], module.partition("/")[0]))
    own = {(a, b) for a, b in arrows if a != b and b != "shared"}
    assert own == {("items", "step"), ("items", "sizes")}
    modules = set()
    for path in SCRIPTS.glob("*/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                package, _, rest = node.module.partition("cnnlib.visuals.")
                folder = rest.partition(".")[0]
                if not package and folder not in ("", path.parent.name, "shared"):
                    modules.add((path.parent.name, rest))
            assert not (isinstance(node, ast.ImportFrom) and node.level > 1), path
    assert modules == {
        ("film", "network.inside"),
        ("film", "network.sums"),
        ("items", "sizes"),
        ("items", "sizes.explore_sizes"),
        ("items", "step"),
        ("items", "step.steps"),
    }


def test_rules_begin_with_the_root_of_the_visual():
    """The page puts the class of one kind of visual for .V, in every one of them."""
    files = sorted(SCRIPTS.glob("*/*.css"))
    assert {"shared/look.css", "step/step_conv.css"} <= {
        file.relative_to(SCRIPTS).as_posix() for file in files
    }
    notices = r"\.jp-OutputArea-child:has\(\.V\) \+ "  # what JupyterLab puts below one
    for path in files:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        rules = re.findall(r"([^{}]+)\{[^{}]*\}", re.sub(r"@[^{]*\{", "", text))
        assert rules, path.name
        for selector in [one for rule in rules for one in split_list(rule)]:
            assert re.match(rf"(\.V(?![\w-])|{notices})", selector), (
                path.name,
                selector,
            )


def split_list(selectors):
    """Split a list of selectors at its commas, not at those in parentheses."""
    return [one.strip() for one in re.split(r",(?![^(]*\))", selectors)]


def test_modules_are_short_and_plain():
    assert len(scripts()) > 30
    for name, text in scripts().items():
        lines = text.splitlines()
        assert len(lines) < 250, name
        assert max(map(len, lines)) <= 112, name
        assert lines[0].startswith("// "), name


def test_the_scripts_are_part_of_the_package():
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text())
    data = setup["tool"]["setuptools"]["package-data"]["cnnlib"]
    package = ROOT / "cnnlib"
    covered = {path for pattern in data for path in package.glob(pattern)}
    vendored = {path for path in SCRIPTS.glob("*/vendor/*/*") if path.is_file()}
    needed = {*SCRIPTS.rglob("*.js"), *SCRIPTS.rglob("*.css"), *vendored}
    assert needed
    assert needed <= covered


def test_every_public_name_has_a_docstring():
    assert cnnlib.visuals.__doc__
    for name in cnnlib.visuals.__all__:
        assert getattr(cnnlib.visuals, name).__doc__, name


@names
def test_saved_as_a_page_and_as_a_picture(name, tmp_path):
    page, picture = tmp_path / "page.html", tmp_path / "picture.png"
    visual(name).save(page)
    visual(name).save(str(picture))
    text = page.read_text("utf-8")
    read = Reader(text)
    assert text.startswith('<!doctype html>\n<html lang="en">')
    assert visual(name)._repr_html_() in text
    assert len(read.of("h1")) == len(read.of("main")) == 1
    assert html_faults(text) == []
    assert picture.read_bytes() == visual(name).png
    with pytest.raises(ValueError, match=r"end in \.html or \.png; got 'page\.svg'"):
        visual(name).save(tmp_path / "page.svg")


def test_without_scripts_every_sum_can_be_unfolded():
    stepper = visual("conv")
    read = Reader(stepper._repr_html_())
    assert len(read.of("details")) == len(read.of("table")) == 1
    assert "All windows in numbers." in read.text
    for place in ("[0, 0]", "[4, 4]"):
        assert place in read.text
    many = step_conv(torch.ones(12, 12), torch.ones(3, 3))
    assert "The first 64 of 100 windows in numbers." in Reader(many._repr_html_()).text


def test_a_visual_made_in_python_only_asks_nothing_of_a_kernel():
    for name in makers():
        assert "image/png" in visual(name)._repr_mimebundle_(include={"image/png"})
        png = base64.b64decode(visual(name)._repr_mimebundle_()["image/png"])
        assert png == visual(name).png


NOTEBOOK = [
    "import torch\nfrom cnnlib import *",
    "step_conv(torch.ones(4, 4), torch.ones(2, 2))",
    "step_pool(torch.ones(4, 4), 2)",
    "explorer = explore_kernel(torch.eye(12))\nexplorer",
    "explore_sizes()",
    "explorer.kernel",
]


@pytest.fixture(scope="module")
def executed():
    """A notebook with one visual of each of four kinds, run by a kernel."""
    from tools.build import execute

    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(source, id=f"cell-{k}")
        for k, source in enumerate(NOTEBOOK)
    ]
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.metadata.language_info = {"name": "python"}
    execute.execute(notebook)
    return notebook


@pytest.mark.process
def test_output_is_the_same_to_the_byte(executed):
    """In another process, the kernel's, and when it is made once more here."""
    here = [
        step_conv(torch.ones(4, 4), torch.ones(2, 2)),
        step_pool(torch.ones(4, 4), 2),
        explore_kernel(torch.eye(12)),
        explore_sizes(),
    ]
    for cell, made in zip(executed.cells[1:5], here, strict=True):
        faces = made._repr_mimebundle_()
        assert cell.outputs[0].data["text/html"] == faces["text/html"]
        assert cell.outputs[0].data["image/png"].strip() == faces["image/png"]
    for name, make in makers().items():
        assert make()._repr_mimebundle_() == visual(name)._repr_mimebundle_()


@pytest.mark.process
def test_a_notebook_with_visuals_is_clean_and_passes_strict_nbval(executed, tmp_path):
    from tools.build import hygiene, outputs

    notebook = copy.deepcopy(executed)
    notebook.metadata.language_info = {"name": "python"}
    outputs.clean(notebook)
    kinds = [[sorted(out.data) for out in cell.outputs] for cell in notebook.cells]
    page = [["text/html", "text/plain"]]
    assert kinds == [[], page, page, page, page, [["text/plain"]]]
    assert "DecompressionStream" in notebook.cells[1].outputs[0].data["text/html"]
    faults = [finding.message for finding in hygiene.findings(notebook)]
    assert [fault for fault in faults if "no heading" not in fault] == []
    path = tmp_path / "visuals.ipynb"
    nbformat.write(notebook, path)
    shutil.copy(ROOT / "conftest.py", tmp_path)  # a picture counts by its sentence
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env"]
    command += ["-p", "no:cacheprovider", "-q", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert (
        ast.literal_eval(
            notebook.cells[-1].outputs[0].data["text/plain"].replace("tensor", "")
        )
        == [[-1.0, 0.0, 1.0]] * 3
    )
