"""Faults: the real program, with everything around it failing, and what people see counted by those who show it.

    python -m tests.faults --seed 7 --minutes 5 --database postgresql --platform slack
    make soak MINUTES=60           # every database and platform in turns

A run is made of rounds. Each starts the program on a new database, lets a feed list papers while faults are drawn from
the seed, then ends the faults and waits for calm. Expected is what the feed listed, seen is what the simulated platform
took; neither is asked of the program.
"""
