"""Papers about a few subjects, made up from words of each."""

from __future__ import annotations

import random
from typing import Any

from bot.papers.paper import Paper
from tests.sources import a_paper

SUBJECTS = {
    "speech": "speech audio phoneme acoustic speaker voice transcript prosody waveform vocoder",
    "robots": "robot grasp manipulation gripper locomotion actuator tactile kinematic legged torque",
    "proteins": "protein folding residue ligand docking enzyme antibody sequence peptide binding",
    "graphs": "graph node edge spectral laplacian embedding homophily subgraph clique traversal",
}
COMMON = "we propose a new method that improves results of models on several tasks and show its limits"


def about(subject: str, number: int, **changes: Any) -> Paper:
    """A paper about a subject, always the same one for a number; its title says what it is about, and the number."""
    chance = random.Random(f"{subject}{number}")
    words = SUBJECTS[subject].split()
    title = f"{' '.join(chance.sample(words, 3))} {subject} {number}".title()
    abstract = " ".join(chance.sample(COMMON.split(), 12) + chance.choices(words, k=12))
    return a_paper(number, title=title, abstract=abstract, **changes)


def a_day(first: int, each: int = 5, **changes: Any) -> list[Paper]:
    """So many papers of each subject, one subject after the other, numbered from `first`."""
    return [
        about(subject, first + place * each + number, **changes)
        for place, subject in enumerate(SUBJECTS)
        for number in range(each)
    ]
