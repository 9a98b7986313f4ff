"""Fuzzing: readers, renderers, the web's pages, Slack's requests and backups, on inputs that nobody would write.

    make fuzz SECONDS=600          # all targets, one after another
    python -m tests.fuzz query slack-message --seconds 60 --seed 7

Each target runs in a process of its own with bounds on memory and on time for each input, and counts its inputs. What
ends in anything else than an error that people are told of is a crash: the input is kept in `tests/fuzz/found/TARGET/`,
where `test_fuzz.py` tries it from then on.
"""
