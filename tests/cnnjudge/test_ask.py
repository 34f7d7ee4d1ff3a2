"""What is noticed while an answer runs, and what a student then reads."""

import random
import re
import sys
import time
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnjudge.verdict import Verdict
from cnnlib import checks
from cnnlib.checks import Wrong
from cnnlib.checks.ask import ask
from cnnlib.checks.question import Case, Question


def pair(size):
    return (size, size) if isinstance(size, int) else tuple(size)


def right(x, kernel_size, stride=None):
    (h, w), (sh, sw) = pair(kernel_size), pair(stride or kernel_size)
    return x.unfold(2, h, sh).unfold(3, w, sw).amax(dim=(4, 5))


def message(check, answer):
    with pytest.raises(Wrong) as raised:
        check(answer)
    return str(raised.value)


def test_a_right_answer_prints_one_line(capsys):
    checks.max_pool2d(right)
    assert capsys.readouterr() == ("✓ max_pool2d: 20 cases agree with PyTorch\n", "")


def test_what_the_answer_prints_and_warns_is_not_shown(capsys):
    def chatty(x, kernel_size, stride=None):
        print("here")
        warnings.warn("careful", stacklevel=1)
        return right(x, kernel_size, stride)

    checks.max_pool2d(chatty)
    assert capsys.readouterr() == ("✓ max_pool2d: 20 cases agree with PyTorch\n", "")


def test_an_answer_that_prints_a_lot_loses_nothing(capsys):
    def flood(x, kernel_size, stride=None):
        print("x" * 50_000)
        print("y" * 50_000, file=sys.stderr)
        return right(x, kernel_size, stride)

    checks.max_pool2d(flood)
    assert capsys.readouterr() == ("✓ max_pool2d: 20 cases agree with PyTorch\n", "")


@pytest.mark.parametrize(
    "own",
    [
        lambda x, k, stride=None: F.max_pool2d(x, k, stride),
        lambda x, k, stride=None: torch.max_pool2d(x, k, stride or k),
        lambda x, k, stride=None: nn.MaxPool2d(k, stride)(x),
        lambda x, k, stride=None: F.max_pool2d(x, k, stride, return_indices=True)[0],
        lambda x, k, stride=None: nn.Sequential(nn.MaxPool2d(k, stride))(x),
    ],
)
def test_the_operation_itself_is_refused_however_it_is_called(own):
    assert "the operation that you are to write yourself" in message(
        checks.max_pool2d, own
    )


def test_a_swallowed_refusal_is_still_a_refusal():
    def sly(x, kernel_size, stride=None):
        try:
            return F.max_pool2d(x, kernel_size, stride)
        except BaseException:
            return right(x, kernel_size, stride)

    assert "`max_pool2d`" in message(checks.max_pool2d, sly)


def test_one_of_cnnlibs_own_functions_is_refused():
    from cnnlib import summary

    def by_cnnlib(x):
        summary(nn.Flatten(), (1, 2, 2))
        return x.mean(dim=(2, 3))

    assert "of cnnlib. Write it with PyTorch alone." in message(
        checks.global_avg_pool, by_cnnlib
    )


def test_one_of_cnnlibs_own_functions_is_no_answer_itself():
    from cnnlib import arithmetic

    assert "`conv_params` of cnnlib" in message(
        checks.conv_params, arithmetic.conv_params
    )


def test_an_endless_loop_is_stopped():
    def forever(x):
        while True:
            pass

    question = Question(
        "f", "03", 1, lambda d: [Case("a number", (1,))] * 3, ("x",), seconds=0.3
    )
    started = time.process_time()  # computing: a busy machine has no share in it
    outcomes = ask(question, forever, question.draw(0))
    assert time.process_time() - started < 5
    assert [o.error for o in outcomes] == ["TooLong", "NotReached", "NotReached"]


def test_an_answer_that_sleeps_now_and_then_is_not_stopped_late():
    question = Question(
        "f", "03", 1, lambda d: [Case("a number", (1,))], ("x",), seconds=1.0
    )
    assert ask(question, lambda x: x, question.draw(0))[0].error == ""
    time.sleep(1.2)  # the watch that is over must not strike now


@pytest.mark.parametrize("left", ["seed", "dtype", "grad", "numpy", "random", "fill"])
def test_a_check_leaves_no_trace_in_the_session(left):
    def answer(x):
        torch.manual_seed(7)
        np.random.seed(7)  # noqa: NPY002
        random.seed(7)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.use_deterministic_algorithms(False)
        return x.mean(dim=(2, 3))

    before = {
        "seed": torch.get_rng_state().tolist(),
        "dtype": torch.get_default_dtype(),
        "grad": torch.is_grad_enabled(),
        "numpy": np.random.get_state()[1].tolist(),  # noqa: NPY002
        "random": random.getstate(),
        "fill": torch.are_deterministic_algorithms_enabled(),
    }
    checks.global_avg_pool.verdict(answer)
    after = {
        "seed": torch.get_rng_state().tolist(),
        "dtype": torch.get_default_dtype(),
        "grad": torch.is_grad_enabled(),
        "numpy": np.random.get_state()[1].tolist(),  # noqa: NPY002
        "random": random.getstate(),
        "fill": torch.are_deterministic_algorithms_enabled(),
    }
    assert before[left] == after[left]


def test_memory_that_nobody_set_is_nan_and_not_what_lies_there():
    def answer(x):
        return torch.empty(x.shape[:2], dtype=x.dtype) + x.mean(dim=(2, 3))

    text = message(checks.global_avg_pool, answer)
    assert "nan" in text
    assert "`torch.zeros` starts from 0" in text


def test_what_a_course_function_calls_inside_is_not_told_as_the_answers_own_call():
    from cnnlib import summary

    def by_summary(model, input_shape):
        summary(model[:1], input_shape)
        return model

    verdict = checks.mend.verdict(by_summary)
    assert "__init__" not in verdict.text
    assert not verdict.remark

    def elsewhere(x):
        summary(nn.Flatten(), (1, 2, 2))
        return x.mean(dim=(2, 3))

    assert "it calls `summary` of cnnlib" in message(checks.global_avg_pool, elsewhere)


def test_hooks_of_others_are_left_alone():
    def clearing(model, x, layer_name):
        kept = []
        layer = model.get_submodule(layer_name)
        layer.register_forward_hook(lambda layer, args, out: kept.append(out.clone()))
        model(x)
        layer._forward_hooks.clear()
        return kept[0].detach()

    assert "that somebody else had put" in message(checks.feature_maps, clearing)


def test_a_random_answer_gets_the_same_numbers_every_time():
    seen = []

    def answer(x):
        seen.append(torch.rand(1).item())
        return x.mean(dim=(2, 3))

    checks.global_avg_pool.verdict(answer)
    assert len(set(seen)) == 1


@pytest.mark.published("03")
def test_an_unsolved_function_and_value():
    def stub(x):
        raise NotImplementedError

    assert "is not written yet" in message(checks.flatten, stub)
    assert "has no value yet" in message(checks.edge_then_pool, ...)
    assert checks.flatten.verdict(stub).status == "unsolved"
    assert checks.flatten.verdict(...).status == "unsolved"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: None, "The result is None. Is `return` missing?"),
        (lambda x: x.mean(dim=(2, 3)).numpy(), "is a NumPy array; it must be a torch"),
        (lambda x: x.mean(dim=(2, 3)).tolist(), "is a list or tuple; it must be"),
        (lambda x: x.mean(dim=(2, 3)).half(), "has dtype float16; it must be"),
        (lambda x: x.mean(dim=(2, 3)).long(), "has dtype int64; it must be"),
        (lambda x: x.mean(dim=(2, 3)).mT, "has shape (2, 1); it must be (1, 2)"),
        (lambda x: x.mean(dim=4), "It raised IndexError: Dimension out of range"),
        (lambda x: eval("undefined"), "It raised NameError: name 'undefined'"),
        (lambda x, y: x, "It raised TypeError"),
        (lambda x: x.mean(dim=(2, 3)) + float("nan"), "all 8 cases are wrong"),
        (lambda x: exit(), "It raised SystemExit"),
    ],
)
def test_each_kind_of_wrong_result_has_a_sentence(answer, said):
    if "shape (2, 1)" in said:
        assert "has shape" in message(checks.global_avg_pool, answer)
    else:
        # a gradient case cannot be turned to NumPy, so the smallest case speaks
        assert said in message(checks.global_avg_pool, answer)


def test_an_object_that_equals_everything_is_only_of_its_type():
    class Liar:
        def __eq__(self, other):
            return True

        def __ne__(self, other):
            return False

        __hash__ = None  # type: ignore[assignment]

    assert "of type Liar" in message(checks.global_avg_pool, lambda x: Liar())


@pytest.mark.parametrize("name", ["tensor", "int", "module", "unsolved", "dict"])
def test_a_class_with_the_name_of_a_plain_type_is_none_of_ours(name):
    made = type(name, (), {})()
    text = message(checks.global_avg_pool, lambda x: made)
    assert f"of type {name} (a class of yours)" in text


def test_a_tensor_subclass_that_equals_everything_is_compared_by_its_numbers():
    class Liar(torch.Tensor):
        def __eq__(self, other):
            return torch.ones(1, dtype=torch.bool)

        def detach(self):
            raise RuntimeError("do not look")

        __hash__ = None  # type: ignore[assignment]

    verdict = checks.global_avg_pool.verdict(
        lambda x: torch.zeros(x.shape[:2]).as_subclass(Liar)
    )
    assert not verdict.passed


@pytest.mark.published("03")
def test_the_message_has_no_right_value_for_a_value_task():
    text = message(checks.edge_then_pool, torch.zeros(2, 2))
    assert not {"-52", "120", "248", "44"} & set(re.findall(r"-?\d+", text))


def test_a_name_that_is_no_task_lists_the_tasks():
    with pytest.raises(
        AttributeError, match=r"No task is called .maxpool..*max_pool2d"
    ):
        checks.maxpool  # noqa: B018


def test_notebooks_show_the_message_alone():
    verdict = Verdict("t", "failed", "it is wrong.", see="See lesson 03.")
    assert Wrong(verdict)._render_traceback_() == [
        "✗ t: it is wrong.",
        "",
        "See lesson 03.",
    ]


def test_a_notebook_breaks_sentences_between_words_and_grids_nowhere():
    hint = "the kernel is turned upside down and so on " * 4
    grids = "1 " * 60
    module = "model = Sequential(\n  (0): " + "Conv2d " * 20 + "\n)"
    verdict = Verdict(
        "t", "failed", "it is wrong.", facts=module, grids=grids, hint=hint.strip()
    )
    shown = Wrong(verdict)._render_traceback_()
    assert shown[:6] == ["✗ t: it is wrong.", "", *module.split("\n"), grids]
    assert shown[6] == ""
    assert " ".join(shown[7:]) == f"Likely: {hint.strip()}"
    assert all(len(line) <= 88 for line in shown[7:])


def test_what_a_notebook_shows_is_the_message_but_for_line_ends():
    def wrong(x, kernel_size, stride=None):
        raise ValueError("a long sentence that says what is wrong " * 9)

    verdict = checks.max_pool2d.verdict(wrong)
    shown = " ".join(Wrong(verdict)._render_traceback_()).split()
    assert shown == str(Wrong(verdict)).split()
