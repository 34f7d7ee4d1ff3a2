"""All kinds of visuals on one page: each stands there as it stands alone."""

import pytest
import torch

from cnnlib import (
    draw_digit,
    explore_kernel,
    explore_network,
    explore_sizes,
    models,
    step_conv,
    step_pool,
    train_here,
    watch_training,
    worked_example,
)
from tests.cnnlib.test_visuals_training import digits, net

from .test_visuals_page import grid, opened, photo

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>
<style>body {{ margin: 16px; font-family: system-ui, sans-serif; }}</style></head>
<body>{}</body></html>"""
LOOKS = """() => [...document.querySelectorAll('.cnnlib-visual')].map((host) => {
    const names = ['display', 'font-size', 'line-height', 'color', 'background-color',
        'outline-style', 'outline-width', 'opacity', 'cursor', 'text-align', 'filter',
        'stroke', 'fill'];
    const origin = host.getBoundingClientRect();
    return [...host.querySelectorAll('.live *')].map((el) => {
        const box = el.getBoundingClientRect();
        const style = getComputedStyle(el);
        return {
            name: `${el.tagName}.${el.getAttribute('class')}`,
            box: el.getClientRects().length ? [box.x - origin.x, box.y - origin.y,
                box.width, box.height].map((x) => Math.round(10 * x) / 10) : 'nowhere',
            style: names.map((name) => `${name}: ${style.getPropertyValue(name)}`),
        };
    });
})"""


@pytest.fixture(scope="module")
def visuals():
    """The HTML of one visual of each kind."""
    torch.manual_seed(0)
    film = watch_training(net(), digits(), epochs=1, show=False)
    return [
        explore_kernel(photo())._repr_html_(),
        step_conv(grid(2, 5, 5), grid(2, 3, 3, seed=1), padding=1)._repr_html_(),
        film._repr_html_(),
        draw_digit({"a": models.mnist_cnn(), "b": models.mnist_cnn()})._repr_html_(),
        explore_sizes()._repr_html_(),
        explore_network(models.mnist_cnn(), torch.rand(1, 28, 28))._repr_html_(),
        step_pool(grid(5, 5), 2)._repr_html_(),
        train_here([{"kernels": 2}], building=True)._repr_html_(),
        worked_example("hzdr-same").predict(1, 2)._repr_html_(),
    ]


@pytest.fixture(scope="module")
def looks(browser, tmp_path_factory):
    """Boxes and looks of all elements of the visuals on a page, visual by visual."""
    path = tmp_path_factory.mktemp("together") / "page.html"

    def looks(visuals, width):
        path.write_text(PAGE.format("\n".join(visuals)), encoding="utf-8")
        with opened(browser, path, width=width) as page:
            page.evaluate("() => document.fonts.ready")
            page.wait_for_function(
                """() => [...document.querySelectorAll('[data-cnnlib^=train_here]')]
                    .every((host) => host.querySelector('.inside > *'))"""
            )
            return page.evaluate(LOOKS)

    return looks


@pytest.mark.parametrize("width", [375, 1000])
def test_each_visual_stands_among_others_as_it_stands_alone(visuals, looks, width):
    alone = [looks([one], width)[0] for one in visuals]
    assert min(map(len, alone)) > 10
    together = looks(visuals, width)
    assert len(together) == len(visuals)
    backwards = looks(visuals[::-1], width)[::-1]
    for kind, own in enumerate(alone):
        for others in (together[kind], backwards[kind]):
            pairs = zip(own, others, strict=True)
            assert [pair for pair in pairs if pair[0] != pair[1]] == []


def test_all_rules_of_a_visual_begin_with_the_class_of_its_kind(
    browser, visuals, tmp_path
):
    path = tmp_path / "page.html"
    path.write_text(PAGE.format("\n".join(visuals)), encoding="utf-8")
    with opened(browser, path) as page:
        sheets = page.evaluate(
            """() => [...document.querySelectorAll('.cnnlib-visual')].map((host) => {
                const all = (rules) => [...rules].flatMap((rule) =>
                    rule.selectorText ? [rule.selectorText] : all(rule.cssRules));
                const kind = host.dataset.cnnlib.split('-')[0];
                return [kind, all(host.querySelector(':scope > style').sheet.cssRules)];
            })"""
        )
    assert len({kind for kind, _ in sheets}) == 8
    for kind, selectors in sheets:
        root = f".cnnlib-visual.cnnlib-{kind}"
        assert len(selectors) > 50
        for selector in selectors:
            assert selector.count(root) == selector.count(".cnnlib-visual"), selector
            assert root in selector, selector
