"""Fuzzing: readers of all that others write, renderers, requests, payloads, backups, on inputs that nobody would write.

    make fuzz SECONDS=600          # all targets, one after another
    python -m tests.fuzz query slack-message --seconds 60 --seed 7
    python -m tests.fuzz --guided --corpus /var/tmp/corpus --seconds 3600

By chance is quicker: up to tens of thousands of inputs a second. `--guided` changes further what reached new code, and
so comes deeper; what it keeps in a corpus is changed by chance, too, in runs that name the same folder. It needs
Atheris, which is none of our dependencies, because it has wheels for few Pythons and systems.

Each target runs in a process of its own with bounds on memory and on time for each input, and counts its inputs. What
ends in anything else than an error that people are told of is a crash: the input is kept in `tests/fuzz/found/TARGET/`,
where `test_fuzz.py` tries it from then on.
"""
