"""One form for all inflections of an English word: `agents` and `agent`, `trained`, `training` and `train`.

Only endings of grammar go: plurals, and `-ed` and `-ing` of verbs. What makes another word (`-ation`, `-able`, `-er`,
`-ly`) stays, so `reasoning` is not `reasonable`, nor `animation` an `animal`. The rules for `-ed` and `-ing` are those
of the first step of Porter's algorithm (1980), and those of its last about a final `e` and `l`, by which `cached` and
`cache` meet; what comes before is a plural's end (after Harman's S stemmer, 1991). Words that go their own way are
listed. British spellings are those of American: `optimised` is `optimized`. What comes out is a name for the word,
maybe no word.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

SHORTEST: Final = 4  # letters; `gas`, `its` and `gps` have no ending that would be safe to take away

# What all forms of a word have as their name, which is that of the first, and the others.
_FORMS: Final = """
analysis analyses; basis; axis axes; thesis theses; synthesis syntheses; hypothesis hypotheses; crisis crises;
emphasis emphases; parenthesis parentheses; diagnosis diagnoses; prognosis prognoses; oasis oases;
metastasis metastases; prosthesis prostheses; stenosis stenoses; neurosis neuroses; ellipsis; matrix matrices;
vertex vertices vertexes; index indices indexes indexed indexing; vortex vortices; appendix appendices;
cortex cortices; simplex simplices simplexes; codex codices; helix helices; complex complexes; criterion criteria;
phenomenon phenomena; automaton automata; polyhedron polyhedra; corpus corpora corpuses; schema schemata schemas;
stimulus stimuli; nucleus nuclei; radius radii; locus loci; focus foci focuses focused focusing focussed focussing;
modulus moduli; alumnus alumni; genus genera; fungus fungi; bacterium bacteria; equilibrium equilibria;
curriculum curricula; consortium consortia; tetrahedron tetrahedra; ganglion ganglia; taxon taxa; syllabus syllabi;
spectrum spectra; maximum maxima; minimum minima; optimum optima; extremum extrema; quantum quanta; datum data;
stratum strata; momentum momenta; formula formulae formulas; lemma lemmata lemmas; larva larvae; alga algae;
antenna antennae antennas; child children; man men; woman women; person persons people; mouse mice; foot feet;
tooth teeth; goose geese; ox oxen; leaf leaves; half halves; life lives; knife knives; wolf wolves; shelf shelves;
self selves; calf calves; loaf loaves; thief thieves; wife wives; hoof hooves; scarf scarves; movie movies;
cookie cookies; calorie calories; zombie zombies; selfie selfies; rookie rookies; prairie prairies;
die dies died dying; lie lies lied lying; tie ties tied tying; untie untied untying; vie vies vied vying; pie pies;
shoe shoes; toe toes; canoe canoes; hoe hoes; bus buses; virus viruses; status statuses; campus campuses;
bonus bonuses; census censuses; consensus; apparatus; bias biases biased biasing biassed;
debias debiases debiased debiasing; gas gases; lens lenses lensing lensed; canvas canvases; atlas atlases;
alias aliases aliased aliasing; plus pluses; surplus surpluses; cosmos; chaos; pathos; news; texas; paris; kansas;
sars; aids; christmas; perhaps; always; whereas; afterwards; besides; sometimes; towards; series; species; diabetes;
herpes; rabies; lms lm; ras; bayes; hermes; gauss; aries; archimedes; mercedes; ramses; hades; gpu gpus; cpu cpus;
tpu tpus; npu npus; fpu fpus; dpu dpus; xpu xpus; menu menus; relu relus; api apis; roi rois; poi pois; kpi kpis;
gui guis; cli clis; ski skis; taxi taxis; alibi alibis; llm llms; mri mris; yeti yetis; safari safaris; alkali;
quiz quizzes quizzed quizzing; size sizes sized sizing; prize prizes; maze mazes; gaze gazes gazed gazing;
use uses used using; reuse reuses reused reusing; misuse misuses misused misusing; age ages aged aging ageing;
ice ices iced icing; ace aces aced; owe owes owed owing; awe awed; add adds added adding; err errs erred erring;
egg eggs; odd odds; ask asks asked asking; act acts acted acting; end ends ended ending endings; aid aided aiding;
agree agrees agreed agreeing; disagree disagrees disagreed disagreeing; free frees freed freeing; see sees seen seeing;
guarantee guarantees guaranteed guaranteeing; decree decrees decreed; referee referees refereed; pedigree pedigrees;
flee flees fled fleeing; foresee foresees foreseen foresaw foreseeing; oversee oversees overseen oversaw overseeing;
mimic mimics mimicked mimicking; panic panics panicked panicking; traffic traffics trafficked trafficking;
picnic picnics picnicked; echo echoes echoed echoing; veto vetoes vetoed vetoing; singe singed singeing;
input inputs inputted inputting; output outputs outputted outputting; arise arises arose arisen arising;
awake awakes awoke awoken; beat beats beaten beating; become becomes became becoming;
begin begins began begun beginning; bend bends bent bending; bind binds bound binding; bite bites bitten biting;
break breaks broke broken breaking; bring brings brought bringing; build builds built building buildings;
rebuild rebuilds rebuilt rebuilding; burn burns burnt burned burning; buy buys bought buying;
catch catches caught catching; choose chooses chose chosen choosing; come comes came coming; cost costs costing;
creep creeps crept; deal deals dealt dealing; draw draws drew drawn drawing; dream dreams dreamt dreamed dreaming;
drive drives drove driven driving; eat eats ate eaten eating; fall falls fell fallen falling; feed feeds feeding;
feel feels felt feeling; fight fights fought fighting; find finds found finding findings; fly flies flew flown flying;
forbid forbids forbade forbidden; forget forgets forgot forgotten forgetting; freeze freezes froze frozen freezing;
get gets got gotten getting; give gives gave given giving; go goes went gone going; grow grows grew grown growing;
hang hangs hung hanging; hear hears heard hearing; hide hides hid hidden hiding; hold holds held holding;
keep keeps kept keeping; know knows knew known knowing; lead leads leading; mislead misleads misled misleading;
leap leaps leapt leaped leaping; learn learns learnt learned learning learnings;
unlearn unlearns unlearnt unlearned unlearning; relearn relearns relearnt relearned relearning;
lend lends lent lending; light lights lighting; lose loses lost losing; make makes made making; mean means meant;
meet meets met; overcome overcomes overcame overcoming; pay pays paid paying; prove proves proved proven proving;
ride rides rode ridden riding; rise rises rose risen rising; run runs ran running; rerun reruns reran rerunning;
say says said saying; seek seeks sought seeking; sell sells sold selling; send sends sent sending;
shake shakes shook shaken shaking; shine shines shone shining; show shows showed shown showing;
shrink shrinks shrank shrunk shrunken shrinking; sing sings sang sung singing; sink sinks sank sunk sinking;
sleep sleeps slept sleeping; slide slides slid sliding; speak speaks spoke spoken speaking;
spell spells spelt spelled spelling; spend spends spent spending; spin spins spun spinning;
stand stands stood standing; understand understands understood understanding;
misunderstand misunderstands misunderstood misunderstanding; steal steals stole stolen stealing;
stick sticks stuck sticking; strike strikes struck striking; swim swims swam swum swimming;
swing swings swung swinging; take takes took taken taking; undertake undertakes undertook undertaken undertaking;
overtake overtakes overtook overtaken overtaking; mistake mistakes mistook mistaken; teach teaches taught teaching;
tear tears torn tearing; tell tells told telling; think thinks thinking; throw throws threw thrown throwing;
undergo undergoes underwent undergone undergoing; wake wakes woke woken waking; wear wears wore worn wearing;
weave weaves wove woven weaving; win wins won winning; withdraw withdraws withdrew withdrawn withdrawing;
write writes wrote written writing; jailbreak jailbreaks jailbroken jailbreaking;
override overrides overrode overridden overriding; withhold withholds withheld withholding;
fuel fuels fueled fuelled fueling fuelling; quit quits quitting; rewrite rewrites rewrote rewritten rewriting;
overwrite overwrites overwrote overwritten overwriting; do does did done doing; have has had having;
be am is are was were been
"""

# Words that only look like others with an ending.
_WHOLE: Final = frozenset(
    """
    embed imbed hundred sacred kindred hatred infrared biped moped naked wicked rugged ragged crooked aged seabed
    testbed bobsled unwed shed sled bled bred sped shred quadruped ed ted fred alfred
    bed red wed zed med ped led ned jed
    during nothing something anything everything evening morning ceiling sibling offspring wedding pudding lightning
    clothing herring sterling earring bearing meaning setting being wellbeing darling duckling shilling dumpling
    turing ising beijing boeing hastings viking jing ming ning ling ding ping ting xing qing ying king ring wing sing
    bing ing hing yijing nanjing chongqing irving fleming browning manning kipling banking
    rationale locale morale humane paste caste waste haste urbane envelope breathe bathe clothe teethe lathe loathe
    artiste secrete finale corpse tense suite silicone unite sharpe runge severe germane
    incoming oncoming upcoming ongoing holmes barnes moses
    thanks nowadays pancreas trans pubmed neurips brats
    """.split()  # noqa: SIM905
)

# Parts of words that Britain spells in its own way, under a name for what America writes.
_BRITISH: Final = re.compile(
    r"^(?:dis|un|mis|re|uni|bi|tri|multi|mono|non)?(?:behavi|col|neighb|fav|lab|flav|vap|tum|harb|hon|hum|arm|endeav|"
    r"rig|od|parl|sav|val|vig|ferv|cand|clam|ranc|splend)(?P<or>our)"
    r"|^(?:cent|fib|calib|theat|spect|lust|sab|lit|(?:centi|milli|kilo|nano|micro)?met)(?P<er>re)(?=[sd]?$)"
    r"|(?:anal|catal|paral|dial|(?:hydr|electr)ol)(?P<yz>ys)(?=e[drs]?$|ers$|ing$)"
    r"|(?P<iz>is)(?=e[drs]?$|ers$|ing$|ations?$|ational$|abl[ey]$|ability$)"
)
# What comes before an `-is-` that is one in America, too: in `supervise`, `noise`, `precise`, `wise`, `raise`, `prise`.
_ISE: Final = re.compile(r"(?:[aopuw]|[^i][cv]|pr|prom|[dp]em|rm|rt|nch|and|rad|[ce]at|act|ast|^an|^a?r)$")
_SPELT: Final = {
    "grey": "gray", "programme": "program", "programmes": "program", "catalogue": "catalog", "catalogues": "catalog",
    "dialogue": "dialog", "dialogues": "dialog", "analogue": "analog", "analogues": "analog", "defence": "defense",
    "defences": "defense", "offence": "offense", "licence": "license", "licences": "license", "artefact": "artifact",
    "artefacts": "artifact", "judgement": "judgment", "judgements": "judgment", "modeller": "modeler",
    "modellers": "modeler", "labeller": "labeler", "labellers": "labeler", "aluminium": "aluminum", "sulphur": "sulfur",
}  # fmt: skip

_VOWELS: Final = frozenset("aeiou")
_DOUBLED: Final = frozenset("bdgmnprt")


def _named(forms: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for line in forms.split(";"):
        name, *others = line.split() or [""]
        named |= dict.fromkeys((name, *others), name)
    return named


def stem(word: str) -> str:
    """The name of a word in small letters, the same for all its inflections. Of other than English words, itself."""
    name = _IRREGULAR.get(word)
    if name is not None:
        return name
    if len(word) < SHORTEST or not word.isascii() or not word.isalpha():
        return word
    word = _american(word)
    name = _IRREGULAR.get(word)
    if name is not None:
        return name
    if word in _WHOLE:
        return word
    word = _singular(word)
    name = _IRREGULAR.get(word)
    if name is not None:
        return name
    return word if word in _WHOLE else _without_end(_infinitive(word))


def _american(word: str) -> str:
    if word in _SPELT:
        return _SPELT[word]
    found = _BRITISH.search(word)
    if found is None:
        return word
    american = found.lastgroup or ""
    start, end = found.span(american)
    if american == "iz" and (not _has_vowel(word[:start]) or _ISE.search(word, 0, start)):
        return word
    ending = "ed" if word[end:] == "d" else word[end:]  # `centred`, `centered`
    return f"{word[:start]}{american}{ending}"


def _singular(word: str) -> str:
    if not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y" if len(word) > SHORTEST else word[:-1]
    if word.endswith(("sses", "shes", "ches", "xes", "oes", "zzes")):
        return word[:-2]
    return word[:-1]


def _infinitive(word: str) -> str:
    if word.endswith("ied") and len(word) > SHORTEST:
        return f"{word[:-3]}y"
    if word.endswith("ed") and not word.endswith("eed"):
        rest = word[:-2]
    elif word.endswith("ing"):
        rest = word[:-3]
    else:
        return word
    if len(rest) < 2 or not _has_vowel(rest):
        return word
    if rest in _IRREGULAR or f"{rest}e" in _WHOLE or rest in _WHOLE:
        return f"{rest}e" if f"{rest}e" in _WHOLE and rest not in _IRREGULAR else rest
    if rest[-1] == rest[-2] and rest[-1] in _DOUBLED:
        return rest[:-1]
    if rest.endswith(("at", "bl", "iz", "u")) or (_measure(rest) == 1 and _is_short(rest)):
        return f"{rest}e"
    return rest


def _without_end(word: str) -> str:
    """Without an `e` or a second `l` that comes and goes where endings are put."""
    if word in _WHOLE:
        return word
    if word.endswith("e") and len(word) > SHORTEST - 1 and word[-2] not in "eo":
        rest = word[:-1]
        measure = _measure(rest)
        if rest not in _IRREGULAR and (measure > 1 or (measure == 1 and not _is_short(rest))):
            word = rest
    if word.endswith("ll") and _measure(word) > 1:
        word = word[:-1]
    return word


def _consonants(word: str) -> list[bool]:
    """Which letters are: all but vowels, and `y` unless it comes after one that is."""
    found: list[bool] = []
    for letter in word:
        found.append(not found or not found[-1] if letter == "y" else letter not in _VOWELS)
    return found


def _has_vowel(word: str) -> bool:
    return not all(_consonants(word))


def _measure(word: str) -> int:
    """How many times consonants follow vowels: Porter's m."""
    letters = _consonants(word)
    return sum(after and not before for before, after in pairwise(letters))


def _is_short(word: str) -> bool:
    """Whether it ends with consonant, vowel, consonant, and the last is none of `w`, `x`, `y`: Porter's *o."""
    return len(word) > 2 and _consonants(word)[-3:] == [True, False, True] and word[-1] not in "wxy"


_IRREGULAR: Final = _named(_FORMS)


def beginnings(name: str) -> tuple[str, ...]:
    """What each word that has this name begins with one of: short cuts to where its inflections may be in a text."""
    return (*_LISTED.get(name, ()), _CHANGING.sub("", name, count=1) or name)


# Where a name is not what all its words begin with: `i` of `-ies`, the `e` that goes, and Britain's spelling.
_CHANGING: Final = re.compile(r"(?:(?<=[iy])z|(?<=[a-z]{2}o)r|(?<=[a-z]{2}[tbc])er|(?<=[a-z]{2})[ey]$).*$")


def _listed() -> dict[str, tuple[str, ...]]:
    listed: dict[str, list[str]] = {}
    for word in (*_IRREGULAR, *_SPELT):
        listed.setdefault(stem(word), []).append(word)
    return {name: tuple(words) for name, words in listed.items()}


_LISTED: Final = _listed()
