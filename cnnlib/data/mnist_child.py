"""Download MNIST with torchvision, in a process of its own that can be stopped.

`_mnist_fetch` runs this file as a script, with one argument in JSON: the `folder` to
fill, the seconds of `silence` after which a connection counts as dead, and, where the
caller's torchvision had been told of others, the `mirrors` and `resources`. It prints
nothing when all went well, else the reason. When the process that started it goes
away, it empties the folder and ends.
"""

import contextlib
import errno
import json
import os
import re
import shutil
import socket
import sys
import threading


def main() -> None:
    """Run the download that the command line describes."""
    request = json.loads(sys.argv[1])
    watch = threading.Thread(target=_end_with_parent, args=(request["folder"],))
    watch.daemon = True
    watch.start()
    socket.setdefaulttimeout(request["silence"])
    with contextlib.redirect_stdout(sys.stderr):  # torchvision reports there
        reason = download(**request)
    print(reason)


def download(
    folder: str,
    silence: float,
    mirrors: list[str] | None = None,
    resources: list[list[str]] | None = None,
) -> str:
    """Fill `folder` from the first mirror that works.

    A file that arrived whole is kept when the next mirror has to be asked.

    Returns:
        "" on success, else what went wrong at the last mirror.
    """
    try:
        from torchvision.datasets import MNIST
    except (ImportError, RuntimeError, OSError, AttributeError):
        return "torchvision cannot be used, check_setup() says why"
    if resources:
        MNIST.resources = [tuple(resource) for resource in resources]
    reason = "there is no server to ask"
    for mirror in mirrors or MNIST.mirrors:
        MNIST.mirrors = [mirror]
        try:
            MNIST(folder, download=True)
        except Exception as error:  # whatever it is, the next mirror may do
            reason = explain(error, silence)
        else:
            return ""
    return reason


def explain(error: Exception, silence: float) -> str:
    """Put a failed download into plain words.

    >>> explain(RuntimeError("HTTP Error 404: Not Found"), 5)
    'the server answered with error 404'
    """
    text = str(error)
    status = re.search(r"HTTP Error (\d+)", text)
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    if status:
        return f"the server answered with error {status[1]}"
    if "timed out" in text:
        return f"the server was silent for {silence:g} seconds"
    if "urlopen error" in text or isinstance(error, ConnectionError):
        return "no server could be reached"
    return "the files did not arrive as they should"


def _end_with_parent(folder: str) -> None:
    """Wait until the starting process closes our input, as it does when it dies."""
    os.read(0, 1)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main()
