"""arXiv's categories, https://arxiv.org/category_taxonomy, with those that it closed but old papers still have."""

from __future__ import annotations

import difflib
from typing import Final

#: What lives, by archive, in arXiv's order, with the names of https://arxiv.org/category_taxonomy.
_NAMES: Final = {
    "cs": """
        AI Artificial Intelligence|AR Hardware Architecture|CC Computational Complexity
        CE Computational Engineering, Finance, and Science|CG Computational Geometry|CL Computation and Language
        CR Cryptography and Security|CV Computer Vision and Pattern Recognition|CY Computers and Society|DB Databases
        DC Distributed, Parallel, and Cluster Computing|DL Digital Libraries|DM Discrete Mathematics
        DS Data Structures and Algorithms|ET Emerging Technologies|FL Formal Languages and Automata Theory
        GL General Literature|GR Graphics|GT Computer Science and Game Theory|HC Human-Computer Interaction
        IR Information Retrieval|IT Information Theory|LG Machine Learning|LO Logic in Computer Science
        MA Multiagent Systems|MM Multimedia|MS Mathematical Software|NA Numerical Analysis
        NE Neural and Evolutionary Computing|NI Networking and Internet Architecture|OH Other Computer Science
        OS Operating Systems|PF Performance|PL Programming Languages|RO Robotics|SC Symbolic Computation|SD Sound
        SE Software Engineering|SI Social and Information Networks|SY Systems and Control
    """,
    "econ": "EM Econometrics|GN General Economics|TH Theoretical Economics",
    "eess": "AS Audio and Speech Processing|IV Image and Video Processing|SP Signal Processing|SY Systems and Control",
    "math": """
        AC Commutative Algebra|AG Algebraic Geometry|AP Analysis of PDEs|AT Algebraic Topology
        CA Classical Analysis and ODEs|CO Combinatorics|CT Category Theory|CV Complex Variables
        DG Differential Geometry|DS Dynamical Systems|FA Functional Analysis|GM General Mathematics
        GN General Topology|GR Group Theory|GT Geometric Topology|HO History and Overview|IT Information Theory
        KT K-Theory and Homology|LO Logic|MG Metric Geometry|MP Mathematical Physics|NA Numerical Analysis
        NT Number Theory|OA Operator Algebras|OC Optimization and Control|PR Probability|QA Quantum Algebra
        RA Rings and Algebras|RT Representation Theory|SG Symplectic Geometry|SP Spectral Theory|ST Statistics Theory
    """,
    "astro-ph": """
        CO Cosmology and Nongalactic Astrophysics|EP Earth and Planetary Astrophysics|GA Astrophysics of Galaxies
        HE High Energy Astrophysical Phenomena|IM Instrumentation and Methods for Astrophysics
        SR Solar and Stellar Astrophysics
    """,
    "cond-mat": """
        dis-nn Disordered Systems and Neural Networks|mes-hall Mesoscale and Nanoscale Physics
        mtrl-sci Materials Science|other Other Condensed Matter|quant-gas Quantum Gases|soft Soft Condensed Matter
        stat-mech Statistical Mechanics|str-el Strongly Correlated Electrons|supr-con Superconductivity
    """,
    "nlin": """
        AO Adaptation and Self-Organizing Systems|CD Chaotic Dynamics|CG Cellular Automata and Lattice Gases
        PS Pattern Formation and Solitons|SI Exactly Solvable and Integrable Systems
    """,
    "physics": """
        acc-ph Accelerator Physics|ao-ph Atmospheric and Oceanic Physics|app-ph Applied Physics
        atm-clus Atomic and Molecular Clusters|atom-ph Atomic Physics|bio-ph Biological Physics
        chem-ph Chemical Physics|class-ph Classical Physics|comp-ph Computational Physics
        data-an Data Analysis, Statistics and Probability|ed-ph Physics Education|flu-dyn Fluid Dynamics
        gen-ph General Physics|geo-ph Geophysics|hist-ph History and Philosophy of Physics
        ins-det Instrumentation and Detectors|med-ph Medical Physics|optics Optics|plasm-ph Plasma Physics
        pop-ph Popular Physics|soc-ph Physics and Society|space-ph Space Physics
    """,
    "q-bio": """
        BM Biomolecules|CB Cell Behavior|GN Genomics|MN Molecular Networks|NC Neurons and Cognition
        OT Other Quantitative Biology|PE Populations and Evolution|QM Quantitative Methods|SC Subcellular Processes
        TO Tissues and Organs
    """,
    "q-fin": """
        CP Computational Finance|EC Economics|GN General Finance|MF Mathematical Finance|PM Portfolio Management
        PR Pricing of Securities|RM Risk Management|ST Statistical Finance|TR Trading and Market Microstructure
    """,
    "stat": """
        AP Applications|CO Computation|ME Methodology|ML Machine Learning|OT Other Statistics|TH Statistics Theory
    """,
}
_ARCHIVES: Final = {
    "cs": "Computer Science",
    "econ": "Economics",
    "eess": "Electrical Engineering and Systems Science",
    "math": "Mathematics",
    "astro-ph": "Astrophysics",
    "cond-mat": "Condensed Matter",
    "nlin": "Nonlinear Sciences",
    "physics": "Physics",
    "q-bio": "Quantitative Biology",
    "q-fin": "Quantitative Finance",
    "stat": "Statistics",
}
_WHOLE: Final = {
    "gr-qc": "General Relativity and Quantum Cosmology",
    "hep-ex": "High Energy Physics – Experiment",
    "hep-lat": "High Energy Physics – Lattice",
    "hep-ph": "High Energy Physics – Phenomenology",
    "hep-th": "High Energy Physics – Theory",
    "math-ph": "Mathematical Physics",
    "nucl-ex": "Nuclear Experiment",
    "nucl-th": "Nuclear Theory",
    "quant-ph": "Quantum Physics",
}
#: https://info.arxiv.org/help/prior_archives.html (subsumed archives)
_CLOSED: Final = (
    "acc-phys adap-org alg-geom ao-sci atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas dg-ga funct-an mtrl-th "
    "patt-sol plasm-ph q-alg solv-int supr-con"
)

_CLASSES: Final = {
    archive: dict(one.strip().split(" ", 1) for line in classes.strip().splitlines() for one in line.split("|"))
    for archive, classes in _NAMES.items()
}
_PLAIN: Final = (*_WHOLE, *_CLOSED.split())

#: Archives that have classes; a query names them whole as `cs.*`.
ARCHIVES: Final = frozenset(_CLASSES)

#: Everything that `cat:` takes, with its name: an archive before its classes, what is closed at the end.
CATEGORIES: Final = {
    **{
        name: title
        for archive, classes in _CLASSES.items()
        for name, title in (
            (f"{archive}.*", f"all of {_ARCHIVES[archive]}"),
            *((f"{archive}.{one}", title) for one, title in classes.items()),
        )
    },
    **_WHOLE,
    **dict.fromkeys(_CLOSED.split(), "closed: old papers only"),
}

_BY_SMALL_LETTERS: Final = {
    **{name.lower(): name for name in CATEGORIES},
    **{archive: f"{archive}.*" for archive in ARCHIVES},
    **{f"{name}.*": name for name in _PLAIN},
}
_BY_CLASS: Final = {
    name.lower(): f"{archive}.{name}" for archive, names in reversed(_CLASSES.items()) for name in names
} | {name.lower(): f"cs.{name}" for name in _CLASSES["cs"]}


def category_named(name: str) -> str | None:
    """The category in arXiv's spelling, whatever the case; an archive (`cs`) is all of it (`cs.*`)."""
    return _BY_SMALL_LETTERS.get(name.lower())


def nearest_category(name: str) -> str | None:
    """The category that was probably meant: `cs.CL` for `CL`, `csCL` and `cs.CLL`."""
    small = name.lower()
    if small in _BY_CLASS:
        return _BY_CLASS[small]
    close = difflib.get_close_matches(small, _BY_SMALL_LETTERS, n=1, cutoff=0.5)
    return _BY_SMALL_LETTERS[close[0]] if close else None
