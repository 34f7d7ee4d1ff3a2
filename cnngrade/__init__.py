"""Exercise notebooks as files: found, matched with the course's copy, run, judged.

What students do to a notebook (renamed, metadata lost, cells moved, copied, deleted)
costs them nothing that can be found again. Where to look:

- one file: `_notebook` reads it, `_match` finds its cells (`_code`, `_reference`),
  `_plan` puts the steps in order, `_run` runs them, `_verdicts` judges what came,
  `_notes` says what was odd; `_judged` is all of that for ``cnnlib check``, `_report`
  prints it; `_reset` is ``cnnlib reset``;
- beside student code: `_session` is what is said of steps, `_steps` does them;
  `_child` in a process started for a file (`_spawned`), or `_relay` in one forked from
  a `_template` (`_forked`), in the `_jail` (`_kernel`, `_filter`, `_probe`), with the
  copy of the package that `_stage` makes; `_trains` says which lessons need more;
- a class: `_intake` finds submissions (`_layout`, `_names`, `_attempts`, `_sources`,
  `_zips`), `_classroom` grades them on a `_pool`, `_job` is one of them, `_journal`
  keeps results (`_record`); `_commands` and `_class_report` are the command line;
- the report: `_write` writes `_tables` and `_pages` (`_class_facts`, `_marked`,
  `_visible`, templates); `_exports`, `_interchange`, `_people` are for other systems.
"""
