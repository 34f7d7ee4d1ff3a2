"""What stays of an output, down to the chunks of a PNG."""

import base64
import io

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tools.build import outputs


def png(colour="red", **texts):
    info = PngInfo()
    for key, value in texts.items():
        info.add_text(key, value)
    stream = io.BytesIO()
    Image.new("RGB", (3, 2), colour).save(stream, "PNG", pnginfo=info, dpi=(120, 120))
    return stream.getvalue()


def encoded(data):
    return base64.b64encode(data).decode()


def cleaned(*found):
    notebook = new_notebook(cells=[new_code_cell("1", outputs=list(found))])
    outputs.clean(notebook)
    return notebook.cells[0].outputs


def test_a_stripped_png_is_the_same_picture_without_its_texts():
    dirty = png(Software="Matplotlib version3.11", Title="t")
    clean = outputs.strip_png(dirty)
    assert b"Matplotlib" in dirty
    assert b"Matplotlib" not in clean
    assert clean == outputs.strip_png(png())
    before, after = (Image.open(io.BytesIO(data)) for data in (dirty, clean))
    assert after.tobytes() == before.tobytes()
    assert after.info["dpi"] == before.info["dpi"]
    assert "Software" not in after.info


def test_what_is_no_png_is_left_to_be_reported():
    assert outputs.strip_png(b"GIF89a") == b"GIF89a"
    with pytest.raises(ValueError, match="not a PNG"):
        list(outputs.png_chunks(b"GIF89a"))


def test_pngs_are_stripped_wherever_an_output_carries_them():
    dirty = png(Software="x 1.0")
    html = f'<img alt="a" src="data:image/png;base64,{encoded(dirty)}"><p>b</p>'
    data = {"image/png": encoded(dirty), "text/html": html, "text/plain": "words"}
    (output,) = cleaned(new_output("display_data", data=data))
    want = encoded(outputs.strip_png(dirty))
    assert output.data["text/html"] == html.replace(encoded(dirty), want)
    assert output.data["text/plain"] == "words"
    assert "image/png" not in output.data  # it is in the HTML


@pytest.mark.parametrize("html", ["<p>b</p>", '<img alt="a" src="OTHER">'])
def test_a_png_that_the_html_does_not_hold_is_kept(html):
    other = f"data:image/png;base64,{encoded(png('blue'))}"
    data = {"image/png": encoded(png()), "text/html": html.replace("OTHER", other)}
    (output,) = cleaned(new_output("display_data", data=data))
    assert output.data["image/png"] == encoded(outputs.strip_png(png()))


def test_widget_views_go_and_unknown_kinds_stay_to_be_reported():
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    odd = {"application/json": {"a": 1}, **view}
    found = cleaned(
        new_output("display_data", data=view),
        new_output("display_data", data={"text/plain": "VBox()", **view}),
        new_output("display_data", data=odd),
    )
    assert [output.data for output in found] == [
        {"text/plain": "VBox()"},
        {"application/json": {"a": 1}},
    ]


def test_output_metadata_of_other_kinds_goes():
    metadata = {"image/png": {"width": 3}, "needs_background": "light"}
    data = {"image/png": encoded(png()), "text/plain": "a"}
    (output,) = cleaned(new_output("display_data", data=data, metadata=metadata))
    assert output.metadata == {"image/png": {"width": 3}}


def test_pieces_of_one_stream_are_joined_others_keep_their_order():
    def stream(name, text):
        return new_output("stream", name=name, text=text)

    found = cleaned(
        stream("stdout", "a"),
        stream("stdout", "b\n"),
        new_output("display_data", data={"text/plain": "x"}),
        stream("stdout", "c"),
        stream("stderr", "d"),
    )
    texts = [output.get("text", "shown") for output in found]
    assert texts == ["ab\n", "shown", "c", "d"]
