"""What is shown while a net trains: notebook, terminal, silence."""

import io
import json
import re
import sys

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from torch import nn

from cnnlib.training import History, fit, progress


class Handle:
    """Stands in for IPython's display handle and keeps what it was given."""

    def __init__(self):
        self.made, self.faces = 0, []

    def display(self, face, *, display_id):
        assert display_id is True
        self.made += 1
        self.faces.append(face)
        return self

    def update(self, face):
        self.faces.append(face)


@pytest.fixture
def handle(monkeypatch):
    kept = Handle()
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", kept.display)
    return kept


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves: clock[0] is the time in seconds."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def train(epochs=3, **options):
    torch.manual_seed(0)
    images, labels = torch.rand(40, 1, 3, 3), torch.arange(40) % 2
    model = nn.Sequential(nn.Flatten(), nn.Linear(9, 2))
    return fit(model, images, labels, epochs=epochs, batch_size=4, **options)


def test_a_notebook_gets_one_display_that_ends_as_the_finished_curve(handle, capfd):
    history = train()
    assert handle.made == 1
    assert handle.faces[-1] is history
    assert [isinstance(face, History) for face in handle.faces[:-1]].count(True) == 0
    assert capfd.readouterr() == ("", "")


def test_the_bar_moves_with_the_steps_and_is_redrawn_five_times_a_second(handle, clock):
    def tick(batch):
        clock[0] += 0.0625
        return batch

    train(epochs=2, augment=tick)
    bars = [face._repr_html_() for face in handle.faces[:-1]]
    values = [int(re.search(r'<progress value="(\d+)" max="20"', b)[1]) for b in bars]
    assert values == [0, 4, 8, 12, 16, 20]


@pytest.mark.slow
def test_a_long_training_does_not_flood_a_reader_of_messages(handle, clock):
    def tick(batch):
        clock[0] += 0.5
        return batch

    train(epochs=360, augment=tick)  # 3,600 steps in half an hour
    assert 150 < len(handle.faces) < 400


def test_the_live_face_has_the_newest_numbers_in_html_and_in_words(handle, clock):
    held = torch.rand(4, 1, 3, 3), torch.tensor([0, 1, 0, 1])

    def tick(batch):
        clock[0] += 0.25
        return batch

    history = train(epochs=2, augment=tick, validation=held)
    face = handle.faces[-3]
    loss = f"training loss {history.train_loss[0]:.4f}"
    share = f"validation accuracy {100 * history.validation_accuracy[0]:.2f} %"
    assert repr(face) == f"Training: epoch 2 of 2; {loss}, {share}."
    assert loss in face._repr_html_()
    assert '<svg width="420"' in face._repr_html_()
    assert "aria-label" in face._repr_html_()
    assert "epoch 1 of 2" in repr(handle.faces[0])


def test_the_live_curve_starts_high_ends_low_and_spans_the_steps_so_far():
    losses = [torch.tensor(2.0 - step / 100) for step in range(100)]
    drawn = progress.live_curve(losses, steps=200)
    points = [
        tuple(map(int, point.split(",")))
        for point in re.search(r'points="([^"]+)"', drawn)[1].split()
    ]
    assert points[0][1] == 0
    assert points[-1] == (210, round(120 * (1 - 1.01 / 2)))
    assert points == sorted(points)
    assert "1.010" in drawn
    many = progress.live_curve([torch.tensor(1.0)] * 5000, steps=5000)
    assert many.count(",") <= 215
    assert progress.live_curve(losses[:1], 200) == ""


def test_a_run_without_a_finished_epoch_says_so(handle):
    def stop(batch):
        raise KeyboardInterrupt

    history = train(augment=stop)
    assert history.interrupted
    assert handle.faces[-1]._repr_mimebundle_() == {
        "text/plain": "No epoch finished (stopped by hand)"
    }


def test_a_stopped_run_says_so_beside_its_curve(handle):
    calls = []

    def stop(batch):
        calls.append(batch)
        if len(calls) > 15:
            raise KeyboardInterrupt
        return batch

    train(augment=stop)
    faces = handle.faces[-1]._repr_mimebundle_()
    assert "Stopped by hand" in faces["text/html"]
    assert "Stopped by hand" in faces["text/plain"]
    assert "<img" in faces["text/html"]


def test_show_false_is_silent_everywhere(handle, capfd):
    train(show=False)
    assert handle.made == 0
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_tqdm_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    history = train()
    assert "30/30" in screen.getvalue()
    assert f"training loss {history.train_loss[-1]:.4f}" in screen.getvalue()


def test_a_log_file_gets_nothing(capfd):
    train()
    assert capfd.readouterr() == ("", "")


CELLS = """
import torch
torch.set_num_threads(1)
from cnnlib import fit
images, labels = torch.rand(40, 1, 6, 6), torch.arange(40) % 2
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 2))
history = fit(model, images, labels, epochs=3, device="cpu")
"""


@pytest.mark.process
def test_in_a_real_kernel_one_output_is_left_without_widgets_or_stderr():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELLS)])
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert set(output.data) == {"text/plain", "text/html", "image/png"}
    assert "<progress" not in output.data["text/html"]
    assert output.data["text/plain"].startswith("3 epochs: training loss from")
    assert "widget" not in json.dumps(notebook)
