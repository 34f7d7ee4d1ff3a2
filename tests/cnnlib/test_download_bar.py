"""Progress of a download in a notebook, in a terminal and elsewhere."""

import sys

import pytest

from cnnlib.data import download_bar


def test_bar_in_a_notebook_leaves_one_line(monkeypatch):
    shown = []

    class Handle:
        def update(self, bundle, raw):
            assert raw
            shown.append(bundle)

    def display(bundle, raw, display_id):
        assert raw
        assert display_id
        shown.append(bundle)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(download_bar, "_in_notebook", lambda: True)
    monkeypatch.setattr(download_bar, "_SECONDS_BETWEEN_UPDATES", 0)
    with download_bar.DownloadBar("MNIST", 8_000_000) as bar:
        bar.update(2_000_000)
    assert [line["text/plain"] for line in shown] == [
        "Download of MNIST: started",
        "Download of MNIST: 2.0 of 8.0 MB",
        "Download of MNIST: finished.",
    ]
    assert '<progress value="2000000" max="8000000"' in shown[1]["text/html"]
    assert "<progress" not in shown[2]["text/html"]
    with pytest.raises(ZeroDivisionError), download_bar.DownloadBar("MNIST", 8):
        _ = 1 / 0
    assert shown[-1]["text/plain"] == "Download of MNIST: given up."


def test_bar_in_a_terminal_disappears(monkeypatch):
    class Terminal:
        written = ""

        def write(self, text):
            self.written += text

        def flush(self):
            pass

        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(download_bar, "_SECONDS_BETWEEN_UPDATES", 0)
    with download_bar.DownloadBar("MNIST", 8_000_000) as bar:
        bar.update(2_000_000)
        bar.update(6_000_000)
    assert "Downloading MNIST" in terminal.written
    assert "75%" in terminal.written
    assert "\n" not in terminal.written
    assert terminal.written.rsplit("\r", 2)[1].strip() == ""


def test_no_bar_elsewhere_or_where_not_wanted(monkeypatch, capfd):
    monkeypatch.setattr(download_bar, "_SECONDS_BETWEEN_UPDATES", 0)
    with download_bar.DownloadBar("MNIST", 8) as bar:
        bar.update(4)
    monkeypatch.setattr(download_bar, "_in_notebook", lambda: True)
    with download_bar.DownloadBar("MNIST", 8, show=False) as bar:
        bar.update(4)
    assert capfd.readouterr() == ("", "")


def test_bar_is_redrawn_no_more_often_than_an_eye_follows(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, **_: shown.append(bundle)
    )
    monkeypatch.setattr(download_bar, "_in_notebook", lambda: True)
    with download_bar.DownloadBar("MNIST", 8) as bar:
        bar._handle = type("Handle", (), {"update": lambda *_, **__: shown.append(1)})()
        for arrived in range(8):
            bar.update(arrived)
        assert len(shown) == 1
