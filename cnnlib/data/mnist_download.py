"""Download MNIST with pooch, in a process of its own that can be stopped at any moment.

`mnist_fetch` runs this file as a script; its one argument holds the arguments of
`download` in JSON. The script prints nothing where all went well, else the reason.
When the process that started it ends, it deletes the folder and ends too.
"""

import errno
import json
import os
import shutil
import sys
import threading
from pathlib import Path


def main() -> None:
    """Run the download that the command line describes."""
    arguments = json.loads(sys.argv[1])
    watch = threading.Thread(target=_end_with_parent, args=(arguments["folder"],))
    watch.daemon = True
    watch.start()
    print(download(**arguments))


def download(
    folder: str, mirrors: list[str], checksums: dict[str, str], silence: float
) -> str:
    """Fill `folder` from the first mirror that works, each file as .gz and unpacked.

    A file that arrived whole is kept when the next mirror has to be asked.

    Args:
        folder: where the files go; pooch makes it.
        mirrors: addresses that the names of the files are appended to.
        checksums: the MD5 of each file, by its name, which ends in .gz.
        silence: seconds after which a connection that sends nothing counts as dead.

    Returns:
        "" on success, else what went wrong at the last mirror, as part of a sentence.
    """
    try:
        import pooch
        import requests  # noqa: F401  (pooch imports it only when it downloads)
    except ImportError:
        return "the package pooch cannot be used, check_setup() says why"
    reason = "there is no server to ask"
    for mirror in mirrors:
        try:
            for name, checksum in checksums.items():
                unpacked = pooch.retrieve(
                    mirror + name,
                    known_hash=f"md5:{checksum}",
                    fname=name,
                    path=folder,
                    processor=pooch.Decompress(name=name.removesuffix(".gz")),
                    downloader=pooch.HTTPDownloader(timeout=silence),
                )
                # Pooch makes files that only their owner can read.
                shutil.copymode(unpacked, Path(folder, name))
        except Exception as error:  # whatever it is, the next mirror may work
            reason = explain(error, silence)
        else:
            return ""
    return reason


def explain(error: Exception, silence: float) -> str:
    """Say in plain words why a download failed.

    >>> explain(OSError(errno.ENOSPC, "No space left on device"), 5)
    'the disk is full'
    """
    import requests

    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered with error {error.response.status_code}"
    if "timed out" in str(error):  # requests raises several classes for it
        return f"the server was silent for {silence:g} seconds"
    if isinstance(error, requests.ConnectionError):
        return "no server could be reached"
    return "the files did not arrive as they should"


def _end_with_parent(folder: str) -> None:
    """Wait until the starting process closes our input, as it does when it ends."""
    os.read(0, 1)
    for _ in range(3):  # a file that was just being made stops the first one
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main()
