"""What the errors mean that students meet: a sentence for each, found by its text.

Python and PyTorch say what went wrong in their own words. These sentences say it in
plain ones; where several causes give the same error they say "perhaps".
"""

from __future__ import annotations

import re
from collections.abc import Callable

_Say = str | Callable[[re.Match[str]], str]

_DTYPES = {
    "Long": "int64",
    "Int": "int32",
    "Float": "float32",
    "Double": "float64",
    "Byte": "uint8",
    "Bool": "bool",
    "Half": "float16",
}


def _dtype(name: str) -> str:
    """Return PyTorch's own name and the one that students write."""
    return f"{name} is `torch.{_DTYPES[name]}`" if name in _DTYPES else ""


def _two_dtypes(found: re.Match[str]) -> str:
    words = [_dtype(word) for word in found.groups() if _dtype(word)]
    return (
        f"Two tensors of different dtypes meet ({', '.join(words)}). Give a new tensor "
        "the dtype of what comes in: `dtype=x.dtype`."
    )


def _cast(found: re.Match[str]) -> str:
    here, there = found.groups()
    return (
        f"Numbers with fractions are put into a tensor of whole ones "
        f"({_dtype(there)}). "
        "Give the new tensor the dtype of what comes in."
        if there in ("Long", "Int", "Byte", "Bool")
        else f"{_dtype(here)}, {_dtype(there)}: the two do not go together."
    )


def _past_the_end(found: re.Match[str]) -> str:
    index, axis, size = (int(word) for word in found.groups())
    return (
        f"Axis {axis} has {size} {'entry' if size == 1 else 'entries'}, so its indices "
        f"go from 0 to {size - 1}; {index} was asked for."
    )


def _unequal(found: re.Match[str]) -> str:
    one, other, axis = found.groups()
    return (
        f"Two tensors are combined cell by cell, and on axis {axis} one is {one} long, "
        f"the other {other}. Print both shapes just before this line."
    )


def _unpacked(found: re.Match[str]) -> str:
    return (
        "More, or fewer, values come out of the right side than there are names on "
        "the left."
    )


MEANINGS: tuple[tuple[str, str, _Say], ...] = (
    # -- dtypes
    ("RuntimeError", r"result type (\w+) can't be cast to the desired output type "
     r"(\w+)", _cast),
    ("RuntimeError", r"expected scalar type (\w+) but found (\w+)", _two_dtypes),
    ("RuntimeError", r"expected m1 and m2 to have the same dtype.*?(\w+) != (\w+)",
     _two_dtypes),
    ("RuntimeError", r"Input type \(.*\) and (weight|bias) type \(.*\) should be the "
     "same", "The picture and the layer have different dtypes. Give the picture the "
     "dtype of the layer's weight."),
    ("RuntimeError", r"expected .* to have the same dtype|must have the same dtype|"
     r"expected .* same dtype", "Two tensors of different dtypes meet. Give a new "
     "tensor the dtype of what comes in."),
    ("RuntimeError|NotImplementedError", r"not implemented for '(\w+)'", lambda m: (
        f"This operation does not work on a tensor of that dtype ({_dtype(m[1])})."
        if _dtype(m[1]) else "This operation does not take a tensor of that dtype.")),
    ("RuntimeError", r"mean\(\): could not infer output dtype|std and var only support "
     r"floating", "A mean or a deviation has a fraction, so it needs a tensor of "
     "floats."),
    ("IndexError", r"tensors used as indices must be long", "Only whole numbers can be "
     "indices: a tensor of floats cannot."),
    ("TypeError", r"must be tuple of ints, but found element of type tuple",
     "A pair stands where one int belongs: a row of ints holds no pairs. Take the pair "
     "apart first."),
    ("TypeError", r"'float' object cannot be interpreted as an integer|"
     r"slice indices must be integers|indices must be integers|"
     r"must be tuple of ints, (but found element of type|not) float|"
     r"must be int, not float",
     "A whole number is wanted here and a float came. `/` always gives a float; `//` "
     "divides whole numbers."),
    # -- one number or several
    ("RuntimeError|ValueError|TypeError", r"only one element tensors can be converted|"
     r"only length-1 arrays|only integer tensors of a single element|"
     r"a Tensor with \d+ elements cannot be converted to Scalar",
     "A tensor with several numbers stands where one number is wanted. Is a `.sum()` "
     "missing, or another step that makes one number of many?"),
    ("RuntimeError", r"expand\(.*size=\[\]\).*number of sizes provided|"
     r"expand\(.*the number of sizes provided \(0\)",
     "A tensor with several numbers is put into a single place. Python's own `sum` and "
     "`max` go through a tensor row by row; `.sum()` and `.max()` take all of it."),
    ("RuntimeError", r"Boolean value of Tensor with (more than one value|no values)",
     "A tensor with several numbers is asked whether it is true (`if`, `and`, `or`, "
     "`not`, or Python's own `max`). Say which number is meant, or ask `is None`."),
    ("ValueError", r"truth value of an array", "An array with several numbers is asked "
     "whether it is true. Say which number is meant."),
    ("TypeError", r"can't assign a torch.return_types", "`.max(dim=...)` gives two "
     "tensors: the values and their places. `.values` is the first; `.amax(dim=...)` "
     "gives the values alone."),
    ("TypeError|AttributeError", r"torch\.return_types|'(max|min)' object|"
     r"not torch\.return_types", "`.max(dim=...)` and `.min(dim=...)` give two "
      "tensors: "
     "the values and their places. `.values` is the first."),
    ("RuntimeError", r"output with shape .* doesn't match the broadcast shape",
     "`+=` works in place: what stands on the left keeps its shape and cannot grow. "
     "`s = s + ...` makes a new tensor."),
    ("RuntimeError", r"zero-dimensional tensor|0-d tensor|iteration over a 0-d",
     "This tensor is a single number and has no axis left. Was one index too many "
     "used before?"),
    ("TypeError", r"iteration over a 0-d tensor|len\(\) of a 0-d tensor", "This tensor "
     "is a single number and has no axis left. Was one index too many used before?"),
    ("IndexError", r"invalid index of a 0-dim tensor|too many indices for tensor of "
     r"dimension (\d+)", lambda m: (
        f"The tensor has only {m[1] or 0} axes, and more indices than that are used.")),
    # -- empty windows
    ("RuntimeError|IndexError", r"(max|min|amax|amin|argmax|argmin)\(\): Expected "
     r"reduction dim|numel\(\) == 0|zero-size array|non-zero size|"
     r"Expected reduction dim to be specified",
     "There is no number to choose from: the window is empty. `dim` would not help; "
     "look at the two ends of the slice, where it starts and where it stops."),
    ("ValueError", r"(max|min)\(\) (arg|iterable argument) is (an )?empty",
     "There is nothing to choose from: the window, or the list, is empty."),
    ("RuntimeError|ValueError", r"stack expects a non-empty|"
     r"expected a non-empty list of Tensors", "The list is empty: did the loop that "
     "fills it ever run?"),
    ("ZeroDivisionError", "", "Something is divided by 0. Print what stands below the "
     "fraction."),
    # -- shapes
    ("RuntimeError", r"The size of tensor a \((\d+)\) must match the size of tensor b "
     r"\((\d+)\) at non-singleton dimension (\d+)", _unequal),
    ("RuntimeError", r"The expanded size of the tensor \((\d+)\) must match the "
     r"existing size \((\d+)\) at non-singleton dimension (\d+)", lambda m: (
        f"What stands on the right is {m[2]} long on axis {m[3]}, the place for it "
        f"{m[1]}.")),
    ("RuntimeError", r"expand\(.*size=.*number of sizes provided", "What stands on the "
     "right has more axes than the place that it is put into."),
    ("IndexError", r"index (-?\d+) is out of bounds for dimension (\d+) with size "
     r"(\d+)", _past_the_end),
    ("IndexError", r"Dimension out of range|Dimension specified as|"
     r"axis .* is out of bounds", "There is no axis of this number: count the axes, "
     "beginning with 0."),
    ("IndexError", r"list (assignment )?index out of range|tuple index out of range",
     "The list or tuple has fewer entries than that. Indices begin with 0."),
    ("RuntimeError", r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and "
     r"(\d+)x(\d+)\)", lambda m: (
        f"A Linear layer (or `@`) gets {m[2]} numbers and was made for {m[3]}.")),
    ("RuntimeError", r"size mismatch, got|inconsistent tensor size|"
     r"vector and vector|1D tensors expected", "A matrix product needs as many columns "
     "on the left as rows on the right. `*` multiplies cell by cell."),
    ("RuntimeError", r"shape '\[(.*)\]' is invalid for input of size (\d+)", lambda m: (
        f"{m[2]} numbers cannot be laid out as ({m[1]}): the product of a shape is how "
        "many numbers there are.")),
    ("RuntimeError", r"invalid shape dimension|only one dimension can be inferred",
     "A shape may hold a single -1, which stands for whatever is left; no other number "
     "below 0 is a size."),
    ("RuntimeError", r"view size is not compatible", "`view` cannot do this without a "
     "copy, because of how the numbers lie in memory; `reshape` can."),
    ("RuntimeError", r"stack expects each tensor to be equal size|"
     r"Sizes of tensors must match", "The tensors that are put together have different "
     "shapes. Print the shape of each."),
    ("RuntimeError", r"maximum size for tensor at dimension (\d+) is (\d+) but size is "
     r"(\d+)", lambda m: (
        f"A window of {m[3]} is wanted on axis {m[1]}, which is only {m[2]} long.")),
    ("RuntimeError", r"start \(\d+\) \+ length|start out of range", "The piece that is "
     "to be cut out reaches over the end of the axis."),
    ("RuntimeError|ValueError", r"dim \d+ appears multiple times|duplicate dims", "One "
     "axis is named twice."),
    ("RuntimeError", r"does not match the length of the desired ordering", "`permute` "
     "wants each axis of the tensor once; there are as many numbers as axes."),
    ("TypeError", r"isinstance\(\) arg 2", "`isinstance(x, kind)`: the thing comes "
     "first, its kind second."),
    ("TypeError", r"cannot assign .* as parameter", "A weight of a layer is changed in "
     "place, under `no_grad`, or replaced by an `nn.Parameter(...)`. A plain tensor "
     "cannot take its place."),
    ("RuntimeError", r"Trying to create tensor with negative dimension|negative "
     r"dimensions? .*not allowed|must be non-negative|Dimension size must be", "A "
      "size has come out negative. Print it, with the "
     "numbers that it is made of."),
    ("RuntimeError", r"Kernel size can't be greater than actual input size",
     "The kernel is larger than the picture. Perhaps the two have changed places."),
    ("RuntimeError", r"Expected 3D \(unbatched\) or 4D \(batched\) input",
     "A picture comes as (N, C, H, W) or (C, H, W); this tensor has another number of "
     "axes. `x[None]` adds one."),
    ("RuntimeError", r"Given (?:groups=\d+|transposed=\d), (?:expected )?weight .*to "
     r"have (\d+) channels, but got (\d+)", lambda m: (
        f"The convolution was made for {m[1]} channels, and {m[2]} come in.")),
    ("RuntimeError", r"weight should have at least three dimensions", "A convolution's "
     "weight has four axes: (out, in, kernel height, kernel width). Is a `reshape` "
     "missing?"),
    ("RuntimeError", r"running_mean should contain (\d+) elements not (\d+)",
     lambda m: f"The batch norm was made for {m[2]} channels, and {m[1]} come in."),
    ("ValueError", r"(in|out)_channels must be divisible by groups", lambda m: (
        f"Groups share the channels out evenly: `{m[1]}_channels` must be a multiple "
        "of `groups`.")),
    ("RuntimeError", r"non-positive stride", "A stride is 1 or more; 0 gets nowhere."),
    ("RuntimeError|ValueError", r"number of dims|must be 2D|"
     r"only supported for 2-?D|Tensors must have same number of dimensions",
     "The tensor has another number of axes than this operation takes. Print its "
     "shape."),
    ("RuntimeError", r"einsum", "The letters of `einsum` must be as many as each "
     "tensor "
     "has axes, and one letter stands for one length."),
    ("RuntimeError|ValueError", r"step must be (positive|greater than zero)|arg 3 must "
     r"not be zero|slice step", "A step of 0, or a negative one, gets nowhere."),
    ("RuntimeError|NotImplementedError", r"^Padding (length|size)|"
     r"Only \dD.*padding", "The padding does not fit what is padded. "
     "`F.pad` "
     "takes (left, right, top, bottom): the last axis comes first."),
    ("RuntimeError", r"index_add|index .* out of range|index out of range",
     "An index is larger than there are entries."),
    # -- gradients
    ("RuntimeError", r"backward through the graph a second time", "`backward` is "
     "called "
     "twice on one loss. A loss is good for one step: compute it anew in every round "
     "of the loop."),
    ("RuntimeError", r"does not require grad and does not have a grad_fn|"
     r"One of the differentiated Tensors does not require grad|"
     r"appears to not have been used in the graph", "This tensor is not tied to what "
     "the gradient is asked for. `no_grad`, `.detach()`, `.item()` or a new tensor on "
     "the way cuts the tie; an input needs `requires_grad_()` first."),
    ("RuntimeError", r"grad can be implicitly created only for scalar", "`backward` "
     "starts from a single number. Which number of this tensor is meant?"),
    ("RuntimeError", r"leaf [Vv]ariable that requires grad|view of a leaf", "A "
     "tensor that a gradient is wanted of is changed in place. Is it what comes in, "
     "such as `x`? Then collect the results in a new tensor. A weight that is trained "
     "is changed inside `with torch.no_grad():`."),
    ("RuntimeError", r"modified by an inplace operation", "A tensor that the gradient "
     "still needs was changed in place (`+=`, or a value set by index)."),
    ("RuntimeError", r"Can't call numpy\(\) on Tensor that requires grad", "A tensor "
     "with a gradient does not become an array by itself: `.detach()` first. Where the "
     "gradient is to flow on, no array may stand in between."),
    ("AttributeError", r"module '(?P<m>[\w.]+)' has no attribute '(?P<a>\w+)'",
     lambda m: f"`{m['m']}` has nothing called `{m['a']}`. Is it spelled right?"),
    # -- None, pairs, ints
    ("TypeError", r"unsupported operand type\(s\).*NoneType|'NoneType' object (is not|"
     r"cannot)|argument .* must be .*not NoneType", "Something is None here. An "
     "argument that may be left out is None then: ask `is None` before it is used. "
     "What a function without `return` gives is None, and so is a `.grad` before "
     "`backward`, and after `zero_grad`."),
    ("RuntimeError", r"Could not infer dtype of NoneType", "A None stands among the "
     "numbers of which a tensor is to be made. `float('nan')` is a number that says "
     "that there is none."),
    ("AttributeError", r"'NoneType' object has no attribute", "Something is None here: "
     "an argument that was left out, a `.grad` before `backward` or after `zero_grad`, "
     "or what a function without `return` gave."),
    ("TypeError", r"'int' object is not (iterable|subscriptable)|cannot unpack "
     r"non-iterable int|must be an iterable, not int", "One int came where several "
     "numbers were expected. An argument that may be an int or a pair must be looked "
     "at first; `range(n)` counts up to n."),
    ("TypeError", r"operand type\(s\).*'tuple' and '(int|float)'|operand type\(s\).*"
     r"'(int|float)' and 'tuple'|not supported between instances of '\w+' and 'tuple'|"
     r"not supported between instances of 'tuple'|"
     r"can only concatenate tuple|'tuple' object cannot be interpreted",
     "A pair (height, width) came where one number was expected: such an argument may "
     "be either."),
    ("TypeError", r"unsupported operand type\(s\).*'list'|can only concatenate list|"
     r"can't multiply sequence", "A list is no tensor: `+` joins lists, `*` repeats "
     "them."),
    ("ValueError", r"too many values to unpack|not enough values to unpack|"
     r"expected \d+, got \d+", _unpacked),
    ("TypeError", r"reshape\(\)|view\(\)|argument 'shape'|argument \"shape\"",
     "A shape is one row of ints; a shape inside a shape is none. A star takes the "
     "numbers out of a tuple: `(*kept, n)`."),
    # -- calls
    ("TypeError", r"got an unexpected keyword argument '(\w+)'", lambda m: (
        f"The call names an argument `{m[1]}`, and the function has none of that "
        "name.")),
    ("TypeError", r"takes (from )?\d+ .*positional arguments? but|takes no arguments|"
     r"missing \d+ required .*argument", "The call and the first line of the function "
     "differ in how many arguments there are."),
    ("TypeError", r"got multiple values for argument", "One argument is given twice, "
     "by "
     "its place and by its name."),
    ("TypeError", r"'(\w+)' object is not callable", lambda m: (
        f"A {m[1]} is called like a function. Has a name been used twice, or is an "
        "operator missing before `(`?")),
    ("TypeError", r"argument '(\w+)'.* must be (\w+), not (\w+)", lambda m: (
        f"`{m[1]}` must be a {m[2]}, and a {m[3]} came.")),
    ("TypeError", r"expected Tensor as element|must be tuple of Tensors|list of "
     r"Tensors", "A list of tensors is wanted; something else is in it."),
    ("TypeError", r"received an invalid combination of arguments|invalid combination",
     "PyTorch's function was called with arguments of the wrong kind, number or "
     "order. Print each of them."),
    ("AttributeError", r"cannot assign \w+ before Module\.__init__", "A net can hold "
     "layers only when `super().__init__()` has run: it is the first line of "
     "`__init__`."),
    ("NotImplementedError", r"Module \[ModuleList\] is missing", "`nn.ModuleList` only "
     "holds layers. `nn.Sequential` runs them, too, one after the other."),
    ("NotImplementedError", r"missing the required .forward. function", "The net's "
     "class has no `forward`. Is it spelled right, and as far in as `__init__`?"),
    ("TypeError", r"is not a Module subclass", "Only layers go into a net; one of "
     "these "
     "is something else. Perhaps a pair of parentheses is missing: `nn.ReLU()`."),
    ("TypeError", r"not supported between instances", "Two things are compared that "
     "have no order."),
    ("TypeError", r"unsupported operand type|bad operand type", "An operator meets a "
     "kind of value that it does not work on. Print both sides."),
    ("NameError", r"name '(\w+)' is not defined", lambda m: (
        f"Nothing is called `{m[1]}` here. Is it spelled right, and has the cell that "
        "defines it been run?")),
    ("NameError", r"free variable '(\w+)'", lambda m: (
        f"`{m[1]}` has no value yet at this place.")),
    ("UnboundLocalError", r"variable '(\w+)'", lambda m: (
        f"`{m[1]}` is used before it has a value on this way through the function.")),
    ("TypeError", r"'(\w+)' object does not support item assignment", lambda m: (
        f"A value of type {m[1]} stands where a list or a tensor is expected: it has "
        "no places that can be set.")),
    ("KeyError", r"", "The dict has no such key."),
    ("AttributeError", r"'(\w+)' object has no attribute '(\w+)'", lambda m: (
        f"A {m[1]} has nothing called `{m[2]}`. Is it another kind of object than you "
        "think?")),
    ("RecursionError", r"", "The function calls itself without end."),
    ("SystemExit", r"", "`exit()` ends Python. Take it out: `return` ends a function."),
    ("AssertionError", r"", "An `assert` of the code did not hold."),
    ("StopIteration", r"", "`next` found nothing left."),
    ("ValueError", r"optimizer got an empty parameter list", "The optimizer was given "
     "no "
     "weights."),
    ("ValueError|RuntimeError", r"Expected more than 1 value per channel when training",
     "Batch norm in training mode cannot work on a single image. Is the model to be in "
     "evaluation mode here?"),
    ("ValueError", r"Expected (input|target) .*batch.?size|batch_size.*match",
     "There are not as many labels as scores."),
    ("RuntimeError|IndexError", r"Target \d+ is out of bounds|0D or 1D target", "The "
     "labels do not fit the scores: (N, classes) scores go with N labels. Perhaps the "
     "two have changed places."),
    ("RuntimeError", r"the derivative for|cannot be differentiated|is not "
     r"differentiable", "No gradient flows through this operation."),
)  # fmt: skip


def meaning(error: str, message: str) -> str:
    """Return what an error means in a sentence, or "" where there is none for it.

    `error` is the name of its type, `message` the first line of its text.
    """
    for kinds, pattern, say in MEANINGS:
        if error in kinds.split("|"):
            found = re.search(pattern, message)
            if found:
                return say if isinstance(say, str) else say(found)
    return ""
