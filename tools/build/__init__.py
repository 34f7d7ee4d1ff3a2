"""The builder: lesson text in ``lessons/`` to executed ``notebooks/``.

What a lesson's text may hold besides Python and Markdown:

``# needs: mnist``
    before the first cell: the notebook is committed as run on the real MNIST, so
    it is built only where that is, and elsewhere only its text is compared.
``# %% [markdown]`` and ``# %%``
    start a cell; ``id="my-slug"`` and ``tags=["..."]`` may follow.
``tags=["nbval-ignore-output"]``
    what the cell shows depends on data, hardware or thread count; not compared.
``tags=["raises-exception"]``
    the cell must end in an error, which is shown and compared.

In the order in which they are used:

- ``source`` reads the text (``markdown``: its headings); ``problems`` is what is wrong
  with it, and where.
- ``rules``, ``code_rules`` and ``markup`` check it; ``exercise`` does for an exercise,
  and makes two notebooks of it; ``claims`` are the counts that prose states.
- ``draft`` makes the notebook: ``launch_links`` at its top, then ``colab_install``.
- ``execute`` runs it, ``outputs`` cleans what came out, ``live_scripts`` packs the
  scripts of pictures, ``hygiene`` checks the whole.
- ``compare`` decides whether it says anything new. ``build`` is the command, and
  ``course`` knows where everything lies.
"""
