"""Tests never reach for the network: without a copy of MNIST, the bundled digits."""

import os

import matplotlib as mpl

os.environ.setdefault("CNNLIB_DATA", "bundled")
mpl.use("agg")
