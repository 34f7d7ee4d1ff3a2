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

The road: ``source`` reads the text, ``rules`` and ``code_rules`` check it, ``stamp``
adds what every notebook has, ``execute`` runs it, ``outputs`` cleans what came out,
``hygiene`` checks it, ``compare`` decides whether it says anything new, ``build`` is
the command.
"""
