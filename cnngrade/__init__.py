"""Exercise notebooks as files: found, matched with the course's copy, run, judged.

What students do to a notebook (renamed, metadata lost, cells moved, copied, deleted)
costs them nothing that can be found again. Each folder imports those below it alone:

- `cli`: the command line, for students (`cnnlib check`, `reset`, `doctor`) and for
  teachers (`grade`, `export`, `autograder`, `quiz`);
- `quiz`: practice items as quizzes for Moodle and Canvas, and on paper;
- `export`: a report's marks, as they are settled, in the form that other systems take;
  reports made one;
- `report`: the tables and pages of a class, and of its term;
- `term`: the instructor's file, what it costs to be late, results settled by both;
- `class_run`: a class graded: its submissions as jobs on a pool of workers, each result
  kept in a journal that takes zip after zip; who is who from one to the next;
- `judging`: from what came of the steps to a verdict on each task, and to notes on
  what was odd in the file;
- `sessions`: the processes that do the steps, started for one file (`spawned`) or
  forked from a template (`forked`), and how long is waited for them;
- `intake`: submissions in a folder or zip: whose each is, of which lesson, the newest;
- `inside`: all of the grader that runs beside student code (see its README): with
  `cnnlib` it is copied to where submissions run, and imports nothing else;
- `files`: a notebook read, matched with the exercise, planned in steps, reset;
- `limits`: every number of seconds, bytes and processes;
- `record`: what is kept of a graded class; `safe_text`: text from strangers made safe.
"""
