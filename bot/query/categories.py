"""arXiv's categories, https://arxiv.org/category_taxonomy, with those that it closed but old papers still have."""

from __future__ import annotations

import difflib
from typing import Final

_CLASSES: Final = {
    "astro-ph": "CO EP GA HE IM SR",
    "cond-mat": "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con",
    "cs": "AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GL GR GT HC IR IT LG LO MA MM MS NA NE NI OH OS PF PL RO SC "
    "SD SE SI SY",
    "econ": "EM GN TH",
    "eess": "AS IV SP SY",
    "math": "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA RT SG SP ST",
    "nlin": "AO CD CG PS SI",
    "physics": "acc-ph ao-ph app-ph atm-clus term-ph bio-ph chem-ph class-ph comp-ph data-an ed-ph flu-dyn gen-ph "
    "geo-ph hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph",
    "q-bio": "BM CB GN MN NC OT PE QM SC TO",
    "q-fin": "CP EC GN MF PM PR RM ST TR",
    "stat": "AP CO ME ML OT TH",
}
_PLAIN: Final = (
    "gr-qc hep-ex hep-lat hep-ph hep-th math-ph nucl-ex nucl-th quant-ph "
    # Closed: https://info.arxiv.org/help/prior_archives.html (subsumed archives)
    "acc-phys adap-org alg-geom ao-sci term-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas dg-ga funct-an mtrl-th "
    "patt-sol plasm-ph q-alg solv-int supr-con"
)

#: Archives that have classes; a query names them whole as `cs.*`.
ARCHIVES: Final = frozenset(_CLASSES)

#: Everything that `cat:` takes.
CATEGORIES: Final = frozenset(
    [f"{archive}.{name}" for archive, names in _CLASSES.items() for name in [*names.split(), "*"]] + _PLAIN.split()
)

_BY_SMALL_LETTERS: Final = {
    **{name.lower(): name for name in CATEGORIES},
    **{archive: f"{archive}.*" for archive in ARCHIVES},
    **{f"{name}.*": name for name in _PLAIN.split()},
}
_BY_CLASS: Final = {
    name.lower(): f"{archive}.{name}" for archive, names in reversed(_CLASSES.items()) for name in names.split()
} | {name.lower(): f"cs.{name}" for name in _CLASSES["cs"].split()}


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
