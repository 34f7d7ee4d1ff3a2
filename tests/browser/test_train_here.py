"""The net that learns in the page: its numbers are PyTorch's, its words come true."""

import json
import re
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import models, summary, train_here
from cnnlib.data import bundled_digits
from cnnlib.models._page_net import page_net
from cnnlib.visuals.shared.bundle import bundle
from cnnlib.visuals.train.digits import packed
from cnnlib.visuals.train.train_here import START

from .test_visuals_page import opened

pytestmark = pytest.mark.browser

ENGINE = ["unpackDigits", "createRun", "evaluate", "stateOf"]
SETTINGS = {
    **{"batch": 32, "rate": 0.01, "optimizer": "adam", "seed": 3, "few": 0},
    **{"labels": "true", "pixels": "true", "zero": True, "test": ""},
}
SMALL = {**START, "kernels": 4}


def net(first=None, second=None):
    blocks = [{**SMALL, **(first or {})}]
    return blocks if second is None else [*blocks, {**SMALL, **second}]


NETS = {
    "one convolution": net(),
    "two": net({}, {}),
    "no padding": net({"padding": 0, "size": 5}, {"padding": 0}),
    "much padding": net({"padding": 3}, {"padding": 2, "size": 1}),
    "stride 2": net({"stride": 2}, {"stride": 2, "pool": "none"}),
    "stride 3": net({"stride": 3, "size": 5, "pool": "none"}, {}),
    "1x1 and 9x9": net({"size": 1, "padding": 0}, {"size": 9, "padding": 1}),
    "average": net({"pool": "avg"}, {"pool": "avg"}),
    "odd maps pooled": net({"padding": 0, "size": 3, "stride": 3}, {"padding": 0}),
    "tanh": net({"activation": "tanh"}, {"activation": "tanh"}),
    "sigmoid": net({"activation": "sigmoid"}, {"activation": "sigmoid"}),
    "no activation": net({"activation": "none"}, {"activation": "none"}),
    "batch norm": net({"norm": True}, {"norm": True}),
    "dropout": net({"dropout": 0.25}, {"dropout": 0.5}),
    "all": net(
        {"norm": True, "activation": "tanh", "pool": "avg", "dropout": 0.25},
        {"norm": True, "stride": 2, "pool": "none"},
    ),
}
RUNS = {
    **{name: {"blocks": blocks} for name, blocks in NETS.items()},
    "sgd": {"blocks": net({}, {}), "optimizer": "sgd", "rate": 0.1},
    "momentum": {"blocks": net({}, {}), "optimizer": "momentum", "rate": 0.03},
    "a last batch that is smaller": {"blocks": net(), "batch": 64},
    # At a low rate: at a high one the least difference grows, whoever computes.
    "no zero_grad": {"blocks": net(), "zero": False, "optimizer": "sgd", "rate": 3e-4},
}
FOLLOW = """([settings, steps]) => {
    const { createRun, evaluate, stateOf } = window.engine;
    const run = createRun(settings, window.digits);
    const state = () => JSON.parse(JSON.stringify(stateOf(run.layers)));
    const found = { start: state(), losses: [], masks: [] };
    for (let k = 0; k < steps; k++) {
        found.losses.push(run.step());
        found.masks.push(run.layers.filter(({ mask }) => mask).map(({ mask }) =>
            [...mask()].map((value) => (value ? 1 : 0)).join("")));
    }
    found.end = state();
    found.used = run.used.slice(0, steps);
    found.share = evaluate(run.layers, run.test).share;
    return found;
}"""


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """A page with the functions that learn, and the digits."""
    path = tmp_path_factory.mktemp("engine") / "engine.html"
    names = ", ".join(ENGINE)
    path.write_text(
        f"<!doctype html><title>x</title><script>window.engine = (() => {{"
        f"{bundle('train/learning')} return {{ {names} }}; }})();"
        f"const packed = {json.dumps(packed())};"
        "window.digits = { train: engine.unpackDigits(packed.train),"
        " test: engine.unpackDigits(packed.test) };</script>",
        "utf-8",
    )
    with opened(browser, path) as page:
        yield page


def test_the_digits_are_those_of_the_course(page):
    images, labels, test_images, test_labels = bundled_digits.load()
    for part, wanted, names in (
        ("train", images, labels),
        ("test", test_images, test_labels),
    ):
        found = page.evaluate(
            "(part) => [[...window.digits[part].labels], window.digits[part].count]",
            part,
        )
        assert found == [names.tolist(), len(wanted)]
        for first in range(0, len(wanted), 300):
            values = page.evaluate(
                "([part, first]) => [...window.digits[part].images"
                ".subarray(784 * first, 784 * (first + 300))]",
                [part, first],
            )
            block = wanted[first : first + 300].double()
            found = torch.tensor(values, dtype=torch.float64).reshape(block.shape)
            torch.testing.assert_close(found, block, atol=2e-6, rtol=0)


class Masked(nn.Module):
    """Dropout whose coins fell elsewhere."""

    def __init__(self, p):
        super().__init__()
        self.p, self.mask = p, None

    def forward(self, x):
        return x * self.mask.reshape(x.shape) / (1 - self.p)


def with_torch(settings, told, dtype):
    """The same run in PyTorch: the losses, and the state dict at the end."""
    model = page_net(settings["blocks"]).to(dtype)
    dropouts = []
    for name, layer in list(model.named_children()):
        if isinstance(layer, nn.Dropout):
            dropouts.append(Masked(layer.p))
            setattr(model, name, dropouts[-1])
    start = {
        one["name"]: torch.tensor(one["values"], dtype=dtype).reshape(one["shape"])
        for one in told["start"]
    }
    model.load_state_dict(start, strict=False)
    makers = {
        "adam": lambda p: torch.optim.Adam(p, lr=settings["rate"]),
        "sgd": lambda p: torch.optim.SGD(p, lr=settings["rate"]),
        "momentum": lambda p: torch.optim.SGD(p, lr=settings["rate"], momentum=0.9),
    }
    optimizer = makers[settings["optimizer"]](model.parameters())
    images, labels, *_ = bundled_digits.load()
    losses = []
    for batch, masks in zip(told["used"], told["masks"], strict=True):
        for layer, mask in zip(dropouts, masks, strict=True):
            layer.mask = torch.tensor([int(coin) for coin in mask], dtype=dtype)
        loss = F.cross_entropy(model(images[batch].to(dtype)), labels[batch])
        if settings["zero"]:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, model.state_dict()


@pytest.mark.parametrize("name", RUNS)
def test_losses_and_weights_are_pytorchs_after_100_steps(page, name):
    settings = {**SETTINGS, **RUNS[name]}
    told = page.evaluate(FOLLOW, [settings, 100])
    losses, state = with_torch(settings, told, torch.float64)
    assert max(map(abs, losses)) > 0.01
    assert told["losses"] == pytest.approx(losses, abs=1e-4)
    assert {one["name"] for one in told["end"]} == {
        key for key in state if "num_batches" not in key
    }
    for one in told["end"]:
        found = torch.tensor(one["values"], dtype=torch.float64).reshape(one["shape"])
        torch.testing.assert_close(found, state[one["name"]], atol=1e-4, rtol=0)


def test_it_learns(page):
    settings = {**SETTINGS, "blocks": [START, {**START, "kernels": 16}]}
    told = page.evaluate(FOLLOW, [settings, 200])
    assert told["share"] > 0.93


PLANS = [
    *NETS.values(),
    net({"size": 9, "padding": 0, "stride": 3}, {"size": 5, "padding": 0}),
    net({"size": 9, "padding": 0, "stride": 3}, {"size": 3, "padding": 0}),
    net({"size": 9, "padding": 1, "stride": 3}, {"size": 9, "padding": 1}),
    net({"stride": 3, "size": 9, "padding": 0, "pool": "none"}, {"size": 9}),
]


@pytest.mark.parametrize("blocks", PLANS)
def test_shapes_counts_and_misfits_are_those_of_summary(browser, tmp_path, blocks):
    path = tmp_path / "plan.html"
    path.write_text(
        f"<!doctype html><title>x</title><script>window.planOf = (() => {{"
        f"{bundle('train/plan')} return planOf; }})();</script>",
        "utf-8",
    )
    with opened(browser, path) as page, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a dense layer without inputs
        plan = page.evaluate("(blocks) => planOf(blocks)", blocks)
        if plan["misfit"]:
            with pytest.raises(ValueError, match=re.escape(plan["misfit"])):
                summary(page_net(blocks), (1, 28, 28))
            return
        told = summary(page_net(blocks), (1, 28, 28))
    rows = {row["name"]: row for row in plan["rows"]}
    for row in told.rows:
        if row.name in rows:
            mine = rows[row.name]
            assert tuple(mine["shape"]) == tuple(row.output_shape)
            assert mine["parameters"] == row.params
            assert mine["work"] == (row.mult_adds or 0)
    assert sum(row["parameters"] for row in plan["rows"]) == told.total_params
    assert sum(row["work"] for row in plan["rows"]) == told.total_mult_adds


@pytest.fixture
def visual(browser, tmp_path):
    """The page of a small net."""
    train_here([{"kernels": 4}], building=True).save(tmp_path / "train.html")
    with opened(browser, tmp_path / "train.html") as page:
        page.locator(".bar .run").wait_for()
        yield page


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def learned(page, steps=225):
    words = f"Step {steps},"
    page.wait_for_function(
        "words => document.querySelector('.moment').innerText.startsWith(words)",
        arg=words,
        timeout=120_000,
    )


def test_it_runs_to_the_end_and_goes_on(visual):
    assert visual.locator(".moment").inner_text().startswith("Ready to learn")
    button(visual, "Start").click()
    learned(visual)
    words = visual.locator(".outcome").inner_text()
    (test, train) = map(float, re.findall(r"([\d.]+) % of the", words))
    assert test > 85 and train > 85  # noqa: PT018
    button(visual, "Go on").click()
    learned(visual, 450)
    assert visual.foreign == []


def test_one_step_is_one_step_and_a_pause_is_one(visual):
    button(visual, "One step").click()
    learned(visual, 1)
    button(visual, "One step").click()
    learned(visual, 2)
    button(visual, "Go on").click()
    visual.wait_for_function(
        "() => !/^Step [0-3],/.test(document.querySelector('.moment').innerText)"
    )
    button(visual, "Pause").click()
    visual.wait_for_timeout(300)
    before = visual.locator(".moment").inner_text()
    visual.wait_for_timeout(700)
    assert visual.locator(".moment").inner_text() == before


def test_a_trial_waits_for_the_prediction_and_judges_it(visual):
    visual.get_by_label("Try").select_option("labels")
    start = button(visual, "Start")
    assert start.get_attribute("aria-disabled") == "true"
    start.click(force=True)
    assert "Make your prediction" in visual.locator(".moment").inner_text()
    visual.get_by_role("button", name="about half").click()
    start.click()
    learned(visual)
    words = visual.locator(".outcome").inner_text()
    assert words.startswith("It came otherwise: about 1 in 10.")
    assert "as good as guessing" in words


def test_a_kept_run_stays_beside_the_next(visual):
    button(visual, "Start").click()
    learned(visual)
    button(visual, "Keep this run to compare").click()
    visual.get_by_label("Optimizer").select_option("sgd")
    button(visual, "Start").click()
    learned(visual)
    assert visual.locator(".legend li").count() == 2
    assert visual.locator(".chart polyline.kept1").count() == 3
    assert visual.locator(".chart polyline.now").count() == 3


def test_a_net_that_does_not_fit_cannot_start(visual):
    visual.get_by_label("Stride of convolution 1").select_option("3")
    visual.get_by_label("Kernel size of convolution 1").select_option("9")
    assert not visual.locator(".misfit").is_visible()
    button(visual, "Add a second convolution").click()
    assert "kernel of conv2" in visual.locator(".misfit").inner_text()
    assert button(visual, "Start").get_attribute("aria-disabled") == "true"


def test_the_weights_go_along(visual, tmp_path):
    button(visual, "Start").click()
    learned(visual)
    with visual.expect_download() as saving:
        button(visual, "Save the weights").click()
    saving.value.save_as(tmp_path / "my_net.json")
    model = models.load_net(tmp_path / "my_net.json")
    _, _, images, labels = bundled_digits.load()
    with torch.no_grad():
        right = (model(images).argmax(1) == labels).double().mean().item()
    told = visual.locator(".outcome, .moment").all_inner_texts()
    shares = [float(one) for one in re.findall(r"([\d.]+) % of the test", str(told))]
    assert 100 * right == pytest.approx(shares[0], abs=0.3)


def test_the_code_is_this_net_and_runs(visual):
    visual.get_by_label("Batch norm of convolution 1").select_option("yes")
    visual.get_by_label("Pool 2 × 2 of convolution 1").select_option("avg")
    button(visual, "Show the PyTorch code").click()
    code = visual.locator("pre.code").inner_text().replace("range(5)", "range(2)")
    names = {}
    exec(code, names)
    block = {**START, "kernels": 4, "norm": True, "pool": "avg"}
    shapes = [tuple(one.shape) for one in page_net([block]).parameters()]
    assert [tuple(one.shape) for one in names["net"].parameters()] == shapes
    assert names["right"] > 0.6


TRIALS = ["labels", "pixels", "few", "zero", "rate", "shifted", "turned"]


def test_the_code_of_every_trial_runs_and_does_what_the_page_does(visual):
    found = {}
    for name in TRIALS:
        visual.get_by_label("Try").select_option(name)
        button(visual, "Show the PyTorch code").click()
        code = visual.locator("pre.code").inner_text().replace("range(5)", "range(1)")
        button(visual, "Hide the PyTorch code").click()
        names = {}
        exec(code, names)
        found[name] = names
    images, labels, test_images, _ = bundled_digits.load()
    shuffled, moved = found["labels"]["labels"], found["pixels"]["images"]
    assert not torch.equal(shuffled, labels)
    assert torch.equal(shuffled.sort()[0], labels.sort()[0])
    assert not torch.equal(moved, images)
    assert torch.equal(moved.flatten(1).sort()[0], images.flatten(1).sort()[0])
    order = found["pixels"]["order"]
    assert torch.equal(moved.flatten(1), images.flatten(1)[:, order])
    tested = found["pixels"]["test_images"].flatten(1)
    assert torch.equal(tested, test_images.flatten(1)[:, order])
    assert len(found["few"]["images"]) == len(found["few"]["labels"]) == 40
    assert found["zero"]["loss"].isfinite()
    assert found["rate"]["optimizer"].param_groups[0]["lr"] == pytest.approx(0.3)
    lower = torch.zeros_like(test_images)
    lower[:, :, 4:, 4:] = test_images[:, :, :-4, :-4]
    assert torch.equal(found["shifted"]["test_images"], lower)
    upright = found["turned"]["test_images"].rot90(1, (2, 3))
    assert torch.equal(upright, test_images)
    assert torch.equal(found["shifted"]["images"], images)


def test_the_code_in_sight_follows_what_is_set(visual):
    cleared = "\n        optimizer.zero_grad()\n"
    button(visual, "Show the PyTorch code").click()
    code = visual.locator("pre.code")
    assert cleared in code.inner_text()
    visual.get_by_label("Try").select_option("zero")
    assert cleared not in code.inner_text()
    visual.get_by_label("Kernels of convolution 1").select_option("12")
    assert "nn.Conv2d(1, 12, 3, padding=1)" in code.inner_text()


def test_the_weights_are_saved_with_the_net_that_they_are_of(visual, tmp_path):
    """Not with the net that is being built meanwhile."""
    button(visual, "One step").click()
    learned(visual, 1)
    visual.get_by_label("Kernels of convolution 1").select_option("12")
    with visual.expect_download() as saving:
        button(visual, "Save the weights").click()
    saving.value.save_as(tmp_path / "net.json")
    assert models.load_net(tmp_path / "net.json").conv1.out_channels == 4


def test_a_digit_is_drawn_for_the_net_as_it_is(visual):
    pad = visual.locator(".pad")
    pad.focus()
    for key in ["ArrowUp"] * 6 + ["Space"] + ["ArrowDown"] * 12:
        pad.press(key)
    visual.wait_for_function(
        "() => document.querySelector('.looking').innerText.includes('your digit')"
    )
    before = visual.locator(".reads").inner_text()
    button(visual, "Start").click()
    learned(visual)
    assert "read as 1" in visual.locator(".reads").inner_text() != before


NO_WORKERS = {
    "refused": "throw 1;",
    "blocked later": "setTimeout(() => this.onerror(new Event('error')));",
}


@pytest.mark.parametrize("how", NO_WORKERS.values(), ids=NO_WORKERS)
def test_without_a_worker_it_learns_in_turns_with_the_page(browser, tmp_path, how):
    train_here([{"kernels": 2, "stride": 2}]).save(tmp_path / "train.html")
    text = (tmp_path / "train.html").read_text("utf-8")
    no_worker = (
        "<script>window.asked = 0; window.Worker = class { constructor() { "
        f"window.asked += 1; {how} }} postMessage() {{}} terminate() {{}} }};</script>"
    )
    (tmp_path / "train.html").write_text(text.replace("<main>", f"{no_worker}<main>"))
    with opened(browser, tmp_path / "train.html") as page:
        button(page, "Start").click()
        learned(page)
        assert page.evaluate("window.asked") == 1
        assert "After 225 steps" in page.locator(".outcome").inner_text()


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([], "one or two convolutions; got 0"),
        ([{}, {}, {}], "got 3"),
        ([{"kernel": 3}], "there is no 'kernel'"),
        ([{"kernels": 5}], "kernels may be 2, 4, 8, 12, 16; got 5"),
    ],
)
def test_other_nets_are_refused(blocks, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        train_here(blocks)


@pytest.mark.parametrize("text", ["", "{}", '{"format": "cnnlib net 1", "blocks": 3}'])
def test_a_file_of_another_kind_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=r"x.json is not a net that train_here saved"):
        models.load_net(tmp_path / "x.json")
