"""Every refusal of the command line: one sentence that says what is wrong and how to mend it, and no file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file
from support.checkpoints import CONFIGS, whole
from support.commands import refusal
from support.selection import often

from byhand.checkpoints import FAMILIES
from byhand.cli.main import COMMANDS
from byhand.exercises.recipe import find
from byhand.language.architecture import settings_of
from byhand.models import MODELS


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


WORDS8 = "the, cat, dog, a, sat, ran, on, mat"
WORDS_ARE = f"the words are {WORDS8}."
WORDS40 = """the cat dog a sat ran on mat . and saw bird under tree red sun sky old new house by in with song river
stone night day green blue small tall one two sea wind word36 word37 word38 word39""".split()
_SIZES = [*settings_of(MODELS["gpt2"])]
GPT2_SIZES = f"{', '.join(_SIZES[:20])} and {len(_SIZES) - 20} more"
NOT_FINITE = (
    "would hold a number that is not finite (from a division by 0, or too large): choose other sizes, or other "
    "numbers with --set."
)
TOO_LONG = "(a built-in model also takes --size max_positions={})."
SET_RANGE = "takes numbers from -100,000,000 to 100,000,000, not"
WIDER = (
    "is 20,000 wide, but a sheet has 16,384 columns: choose smaller sizes with --size, or print it with `byhand run`."
)
NAME_ONE = "is a folder: name a file in it, such as model.xlsx."
MASK = "--mask takes 1 for a word that may be seen and 0 for padding, with at least one 1."
WRONG_SET = "is not of the form NAME=VALUE."
A_FOLDER = "is not a folder; give the one that holds config.json and model.safetensors."

REFUSALS = {
    # models
    "run gtp2": "There is no model 'gtp2'; the nearest is gpt2 (`byhand models` lists all).",
    "run GPT-22": "There is no model 'GPT-22'; the nearest are gpt2 and gpt-j (`byhand models` lists all).",
    "workbook multihed": "There is no model 'multihed'; the nearest is multi-head (`byhand models` lists all).",
    "run ''": "There is no model '': `byhand models` lists all.",
    "run модель": "There is no model 'модель': `byhand models` lists all.",
    "run nowhere/gpt2": f"nowhere/gpt2 {A_FOLDER}",
    "run there.xlsx/": f"there.xlsx {A_FOLDER}",
    "run .": ". has no config.json; save the model with save_pretrained, which writes it.",
    # sizes
    "workbook gpt2 --size d_model=5": "d_model 5 does not divide into 2 heads: choose a multiple of 2.",
    "run bert --size heads=3": "d_model 4 does not divide into 3 heads: choose a multiple of 3.",
    "run gpt2 --size huge": "gpt2 has no size 'huge'; there are: small, medium, large.",
    "run gpt2 --size larg": "gpt2 has no size 'larg'; the nearest is large.",
    "run gpt2 --size d_model": "--size d_model needs a value, such as --size d_model=4.",
    "run gpt2 --size tied": "--size tied needs a value, such as --size tied=true.",
    "run gpt2 --size d_modl=8": "gpt2 has no size 'd_modl'; the nearest is d_model.",
    "run gpt2 --size =8": f"gpt2 has no size ''; there are: {GPT2_SIZES}.",
    "run gpt2 --size d_model=": "d_model is a whole number, not ''.",
    "run gpt2 --size d_model=abc": "d_model is a whole number, not 'abc'.",
    "run gpt2 --size d_model=true": "d_model is a whole number, not 'true'.",
    "run gpt2 --size d_model=1e9": "d_model is a whole number, not '1e9'.",
    "run gpt2 --size d_model=8.0": "d_model is a whole number, not '8.0'.",
    "run gpt2 --size d_model=0": "d_model is 0, but must be from 1 to 100,000.",
    "run gpt2 --size heads=0": "heads is 0, but must be from 1 to 100,000.",
    "run gpt2 --size d_model=-1": "d_model is -1, but must be from 1 to 100,000.",
    "run gpt2 --size layers=-1": "layers is -1, but must be from 0 to 100,000.",
    "run gpt2 --size vocab=1000000000": "vocab is 1000000000, but must be from 1 to 100,000.",
    "run gpt2 --size tied=1": "tied is true or false, not '1'.",
    "run gpt2 --size activation=swish": (
        "activation cannot be 'swish'; there are: relu, relu_squared, gelu, gelu_tanh, gelu_bloom, gelu_quick, silu."
    ),
    "run gpt2 --size activation=rleu": "activation cannot be 'rleu'; the nearest is relu.",
    "run gpt2 --size eps=abc": "eps is a number, not 'abc'.",
    "run gpt2 --size eps=nan": "eps is nan, but must be from 0 to 100,000.",
    "run gpt2 --size eps=1e400": "eps is inf, but must be from 0 to 100,000.",
    "run gpt2 --size eps=-1": "eps is -1.0, but must be from 0 to 100,000.",
    "workbook softmax --size temperature=0": f"divided {NOT_FINITE}",
    "run layernorm --size width=1 --size eps=0": f"norm.normalised {NOT_FINITE}",
    "workbook made_up --size large": "A checkpoint has its own sizes: leave --size out.",
    "workbook made_up --seed 3": "A checkpoint has its own weights: leave --seed out.",
    # wider than a sheet
    "workbook gpt2 --size vocab=20000": f"Table wte {WIDER}",
    "workbook attention --size d_model=20000": (f"Table X {WIDER}"),
    "workbook softmax --size width=20000": (f"Table X {WIDER}"),
    # prompts
    "workbook gpt2 --prompt ''": f"The prompt is empty: give some of {WORDS8} with --prompt.",
    "workbook gpt2 --prompt '  '": f"The prompt is empty: give some of {WORDS8} with --prompt.",
    "workbook gpt2 --ids ''": f"The prompt is empty: give some of {WORDS8} with --prompt.",
    "run transformer --target-prompt ''": (
        "The prompt is empty: give some of [START], petit, chat, noir, ., small, black, cat with --target-prompt."
    ),
    "workbook gpt2 --prompt 'the catt'": "'catt' is not in the vocabulary; the nearest is cat; " + WORDS_ARE,
    "run gpt2 --prompt 'a zebra'": f"'zebra' is not in the vocabulary; the words are {WORDS8}.",
    "run gpt2 --size vocab=40 --prompt 日本": f"'日本' is not in the vocabulary; the words are {', '.join(WORDS40)}.",
    "run gpt2 --size vocab=41 --prompt catt": "'catt' is not in the vocabulary; the nearest is cat.",
    "workbook gpt2 --prompt 'the 日本'": f"'日本' is not in the vocabulary; the words are {WORDS8}.",
    "run transformer --target-prompt caat": "'caat' is not in the vocabulary; the nearest are cat and chat; "
    "the words are [START], petit, chat, noir, ., small, black, cat.",
    "run gpt2 --ids 0,8": "Id 8 is not in the vocabulary, which has ids 0 to 7.",
    "run gpt2 --ids 0,-1": "Id -1 is not in the vocabulary, which has ids 0 to 7.",
    "run transformer --target-ids 99": "Id 99 is not in the vocabulary, which has ids 0 to 7.",
    "run made_up --prompt the": (
        "'the' is not in the vocabulary; the words are t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10."
    ),
    "run gpt2 --ids 1 --prompt cat": "Give --ids or --prompt, not both.",
    "run transformer --target-ids 1 --target-prompt cat": "Give --target-ids or --target-prompt, not both.",
    "workbook gpt2 --ids 0,1,2,3,4,5,6,7,0": (
        f"The prompt has 9 words, but there are positions for 8: shorten it {TOO_LONG.format(9)}"
    ),
    "workbook gpt2 --prompt 'the cat' --generate 8": (
        f"The prompt would grow to 9 words, but there are positions for 8: "
        f"write fewer words, or shorten it {TOO_LONG.format(9)}"
    ),
    "workbook gpt2 --generate 9": (
        f"The prompt would grow to 9 words, but there are positions for 8: "
        f"write fewer words, or shorten it {TOO_LONG.format(9)}"
    ),
    "run bert --ids 1,1,1 --size max_positions=2": (
        f"The prompt has 3 words, but there are positions for 2: shorten it {TOO_LONG.format(3)}"
    ),
    "run bart --ids 1 --target-ids 1,1,1,1,1,1,1 --generate 3 --cache": (
        f"The target prompt would grow to 9 words, but there are positions for 8: "
        f"write fewer words, or shorten it {TOO_LONG.format(9)}"
    ),
    "run bart --ids 1,1,1,1,1,1,1,1,1 --generate 3": (
        f"The prompt has 9 words, but there are positions for 8: shorten it {TOO_LONG.format(9)}"
    ),
    "run gpt2 -o gpt2.xlsx": (
        "run writes .txt, .json, .csv and .npz, not '.xlsx': name such a file, or give --format "
        "(`byhand workbook` writes .xlsx)."
    ),
    "run gpt2 --generate 0": "--generate is the number of words to write, at least 1, not 0.",
    "run gpt2 --generate -1": "--generate is the number of words to write, at least 1, not -1.",
    "run bert --generate 2": "bert takes no --generate; it takes --ids, --prompt, --segment-ids, --mask.",
    "run gpt2 --target-ids 1": "gpt2 takes no --target-ids; it takes --ids, --prompt, --generate.",
    "run gpt2 --target-prompt cat": "gpt2 takes no --target-prompt; it takes --ids, --prompt, --generate.",
    "run gpt2 --mask 1,1,1": "gpt2 takes no --mask; it takes --ids, --prompt, --generate.",
    "run transformer --segment-ids 1": (
        "transformer takes no --segment-ids; "
        "it takes --ids, --prompt, --target-ids, --target-prompt, --mask, --generate."
    ),
    "run softmax --prompt cat": "softmax takes no --prompt; it takes --size, --seed and --set.",
    "run bert --mask 1,1": "--mask and --segment-ids belong to a prompt: give --ids or --prompt too.",
    "run bert --segment-ids 0": "--mask and --segment-ids belong to a prompt: give --ids or --prompt too.",
    "run bert --ids 1,2 --mask 1": "--mask has 1 numbers, but the prompt has 2 words: give one a word.",
    "run bert --ids 1,2 --mask ''": "--mask has 0 numbers, but the prompt has 2 words: give one a word.",
    "run bert --ids 1,2 --mask 0,0": MASK,
    "run bert --ids 1,2 --mask 1,2": MASK,
    "run transformer --ids 1,2 --mask 1,-1": MASK,
    "run bert --ids 1,2 --segment-ids 0": "--segment-ids has 1 numbers, but the prompt has 2 words: give one a word.",
    "run bert --ids 1,2 --segment-ids 0,2": "--segment-ids are from 0 to 1.",
    "run bert --ids 1,2 --segment-ids -1,0": "--segment-ids are from 0 to 1.",
    "run gpt2 --seed -1": "A seed is a whole number from 0, not -1.",
    # --set and --show
    "run gpt2 --set wtf=1": "There is no table 'wtf' in gpt2; the nearest is wte (`byhand run gpt2` lists all).",
    "run gpt2 --show logit": "There is no table 'logit' in gpt2; the nearest is logits (`byhand run gpt2` lists all).",
    "run softmax --show 日本": "There is no table '日本' in softmax: `byhand run softmax` lists all.",
    "run gpt2 --set logits=1": "logits is computed: set one of the tables that it is computed from.",
    "run gpt2 --set ids=1": "ids holds words: change them with --ids or --prompt.",
    "run gpt2 --set neg_inf=0": (
        "neg_inf is a constant of the whole model: change a size, a weight or an input instead."
    ),
    "run gpt2 --set wte=abc": f"wte {SET_RANGE} 'abc'.",
    "run gpt2 --set wte=0x10": f"wte {SET_RANGE} '0x10'.",
    "run gpt2 --set wte==5": f"wte {SET_RANGE} '=5'.",
    "run gpt2 --set 'wte[1,1]=nan'": f"wte[1,1] {SET_RANGE} 'nan'.",
    "run gpt2 --set 'wte[1,1]=NaN'": f"wte[1,1] {SET_RANGE} nan.",
    "run gpt2 --set 'wte[1,1]=Infinity'": f"wte[1,1] {SET_RANGE} inf.",
    "run gpt2 --set 'wte[1,1]=1e400'": f"wte[1,1] {SET_RANGE} inf.",
    "run gpt2 --set 'wte[1,1]=-1e9'": f"wte[1,1] {SET_RANGE} -1000000000.0.",
    "run gpt2 --set 'wte[1,1]=true'": f"wte[1,1] {SET_RANGE} True.",
    "run gpt2 --set 'wte[1,1]=null'": f"wte[1,1] {SET_RANGE} None.",
    "run gpt2 --set 'wte[1,1]={}'": f"wte[1,1] {SET_RANGE} {{}}.",
    """run gpt2 --set 'wte[1,1]="5"'""": f"wte[1,1] {SET_RANGE} '5'.",
    "run gpt2 --set 'wte=[[1,true]]'": f"wte {SET_RANGE} [[1, True]].",
    "run gpt2 --set 'wte=[[[[1]]]]'": f"wte {SET_RANGE} [[[[1]]]].",
    "run gpt2 --set 'wte=[[1,2],[3]]'": (
        "The rows of wte are not equally long in [[1, 2], [3]]: give each as many numbers."
    ),
    "run gpt2 --set 'wte=[[1,2],[3,4]]'": "wte is 8×4: give as many numbers, or one for all.",
    "run gpt2 --set 'wte=[]'": "wte is 8×4: give as many numbers, or one for all.",
    "run gpt2 --set 'wte[0,1]=1'": "wte has rows 1 to 8 and columns 1 to 4, one number a cell.",
    "run gpt2 --set 'wte[1,5]=1'": "wte has rows 1 to 8 and columns 1 to 4, one number a cell.",
    "run gpt2 --set 'wte[1,1]=[1]'": "wte has rows 1 to 8 and columns 1 to 4, one number a cell.",
    "run gpt2 --set 'wte[1]=1'": "'wte[1]' names no cell: write NAME[row,column], each counted from 1.",
    "run gpt2 --set 'wte[-1,1]=1'": "'wte[-1,1]' names no cell: write NAME[row,column], each counted from 1.",
    "run gpt2 --set 'wte[a,b]=1'": "'wte[a,b]' names no cell: write NAME[row,column], each counted from 1.",
    "run gpt2 --set position=8": "position holds 8, which is no row of wpe: it takes whole numbers from 0 to 7.",
    "run bert --set segment_ids=2": "segment_ids holds 2, which is no row of S: it takes whole numbers from 0 to 1.",
    "run bert --set segment_ids=-1": "segment_ids holds -1, which is no row of S: it takes whole numbers from 0 to 1.",
    "run roberta --set so_far=3": "position would hold 16, which is no row of P: it takes whole numbers from 0 to 9.",
    "workbook softmax --set T=0": f"divided {NOT_FINITE}",
    # checkpoints
    "workbook unfinished": "unfinished has no config.json; save the model with save_pretrained, which writes it.",
    "workbook pickled": (
        "pickled has its weights only as a pickle (pytorch_model.bin), which byhand never opens because a pickle can "
        "run any program; where the model was made, call model.save_pretrained(folder, safe_serialization=True)."
    ),
    "workbook unheard-of": (
        'config.json has model_type "unheard-of", which byhand does not read; its tensors have the names of "gpt2", '
        f"so if it computes the same, write that as model_type; choose a checkpoint of one of {', '.join(FAMILIES)}."
    ),
    "workbook contradicting": (
        "Tensor transformer.wte.weight is 11×6, but config.json makes it 12×6; "
        "mend config.json, or put back the one that was saved with these weights."
    ),
    # files
    "workbook softmax -o there.xlsx": (
        "there.xlsx exists already: choose another name, or add --force to write over it."
    ),
    "workbook softmax -o x.xls": "A workbook's name ends in .xlsx: write x.xlsx instead of x.xls.",
    "workbook softmax -o x": "A workbook's name ends in .xlsx: write x.xlsx instead of x.",
    "workbook softmax -o no/such/x.xlsx": "There is no folder no/such: make it first, or write elsewhere.",
    "workbook softmax -o there.xlsx/x.xlsx": "There is no folder there.xlsx: make it first, or write elsewhere.",
    "workbook softmax -o /proc/x.xlsx": (
        "Cannot write /proc/x.xlsx: no such file or directory; choose another place with -o."
    ),
    f"workbook softmax -o {'n' * 300}.xlsx": (
        f"Cannot use '{'n' * 27}...{'n' * 23}.xlsx': file name too long; choose another place."
    ),
    "run nowhere.toml": "There is no recipe nowhere.toml: check its name and folder.",
    "verify nowhere.xlsx": "There is no file nowhere.xlsx: check its name and folder.",
    "verify folder": "folder is a folder: name a workbook (.xlsx) in it.",
    "verify there.xlsx": (
        "there.xlsx is no Excel workbook: "
        "name an .xlsx file, or open it in a spreadsheet program and save it again as .xlsx."
    ),
    "gallery folder": "There are no recipes (.toml) in folder: name a folder that holds some.",
    "gallery nowhere": "There are no recipes (.toml) in nowhere: name a folder that holds some.",
    # hostile letters
    "run 'x\nz'": "There is no model 'x\\nz': `byhand models` lists all.",
    "run gpt2 --prompt '\x1b[31mred'": f"'\\x1b[31mred' is not in the vocabulary; the words are {WORDS8}.",
    f"run gpt2 --prompt {'x' * 999}": f"'{'x' * 27}...{'x' * 28}' is not in the vocabulary; the words are {WORDS8}.",
    f"run gpt2 --ids {'9' * 999}": f"Id {'9' * 28}...{'9' * 29} is not in the vocabulary, which has ids 0 to 7.",
    # exercises
    "exercise tiny-gtp": (
        "There is no exercise 'tiny-gtp'; the nearest is tiny-gpt (`byhand exercise --list` lists all)."
    ),
    "exercise nowhere.toml": "There is no recipe nowhere.toml: check its name and folder.",
    "exercise asks-nothing.toml": "The exercise asks-nothing.toml asks nothing: add a table [[ask]] that names one.",
    "exercise misnamed.toml": (
        "In the exercise misnamed, mistakes: there is no misconception 'scores-not-scald'; the nearest is "
        "scores-not-scaled."
    ),
    "exercise silent.toml": (
        "In the exercise silent, mistakes: 'residual-left-out' changes nothing that is asked: leave it out, "
        "or ask for a table that it changes."
    ),
    "exercise impossible.toml": (
        "No numbers fit the exercise impossible in 67,840 draws; only 0% meet largest = 0.5: "
        "ask for less there or let more numbers be drawn."
    ),
    "exercise attention-head --format xslx": "There is no format 'xslx'; the nearest is xlsx.",
    "exercise attention-head --format ,": (
        "--format names no format; there are: xlsx, html, pdf, md, page, notebook, moodle, canvas, qti, qti3."
    ),
    "exercise attention-head --count 0": "A class has 1 to 100,000 students, not 0.",
    "exercise attention-head --count 2 --roster class.csv": "Give --roster or --count, not both.",
    "exercise attention-head --roster nobody.csv": "There is no roster nobody.csv: check its name and folder.",
    "exercise attention-head --roster folder": "The roster folder is a folder: name a file in it.",
    "exercise attention-head --roster twins.csv": (
        "Line 3 of twins.csv has the id 's1' of line 2 again: give each student an id of their own."
    ),
    "exercise attention-head -o there.xlsx": "there.xlsx is not a folder: choose another with -o.",
    "exercise attention-head -o there.xlsx/class": (
        "Cannot make the folder there.xlsx/class: not a directory; choose another with -o."
    ),
    "exercise attention-head -o busy": (
        "busy holds files that byhand has not begun as a set: choose an empty folder, "
        "or add --force to write over them."
    ),
}
USAGE = {
    "frobnicate": f"There is no command 'frobnicate'; there are: {', '.join(COMMANDS)}.",
    "explian": "There is no command 'explian'; the nearest is explain.",
    "exercise": "Name an exercise, such as softmax: `byhand exercise --list` lists all.",
    "exercise attention-head --seed x": "Invalid value for '--seed': 'x' is not a valid integer.",
    "exercise attention-head --jobs 0": "Invalid value for '--jobs': 0 is not in the range 1<=x<=64.",
    "run": "Missing argument 'MODEL'.",
    "run gpt2 bert": "Got unexpected extra argument (bert)",
    "run gpt2 --qqqq": "No such option '--qqqq'.",
    "workbook gpt2 --orientation diagonal": (
        "Invalid value for '--orientation': 'diagonal' is not one of 'rows', 'columns'."
    ),
    "verify there.xlsx --engine excel": (
        "Invalid value for '--engine': 'excel' is not one of 'ironcalc', 'libreoffice', 'gnumeric'."
    ),
    "run gpt2 --generate many": "Invalid value for '--generate': 'many' is not a valid integer.",
    "run gpt2 --seed 1.5": "Invalid value for '--seed': '1.5' is not a valid integer.",
    "run gpt2 --ids 1.5": "Invalid value for '--ids': '1.5' is not a list of whole numbers such as 3,1,4.",
    "run gpt2 --ids [1,2]": "Invalid value for '--ids': '[1,2]' is not a list of whole numbers such as 3,1,4.",
    f"run gpt2 --ids {'9' * 5000}": (
        f"Invalid value for '--ids': '{'9' * 27}...{'9' * 28}' is not a list of whole numbers such as 3,1,4."
    ),
    "run bert --mask yes": "Invalid value for '--mask': 'yes' is not a list of whole numbers such as 3,1,4.",
    "run gpt2 --set wte": f"Invalid value for '--set': 'wte' {WRONG_SET}",
    "run gpt2 --set =5": f"Invalid value for '--set': '=5' {WRONG_SET}",
    "run gpt2 --set wte=": f"Invalid value for '--set': 'wte=' {WRONG_SET}",
    "run gpt2 --set ''": f"Invalid value for '--set': '' {WRONG_SET}",
    "workbook softmax -o folder": (f"Invalid value for '-o' / '--output': 'folder' {NAME_ONE}"),
    "workbook softmax -o folder.xlsx": (f"Invalid value for '-o' / '--output': 'folder.xlsx' {NAME_ONE}"),
    "workbook softmax -o ''": f"Invalid value for '-o' / '--output': '' {NAME_ONE}",
    "workbook softmax -o ..": (f"Invalid value for '-o' / '--output': '..' {NAME_ONE}"),
}


HEAD = find("attention-head").read_text(encoding="utf-8")
EXERCISES = {
    "asks-nothing": (HEAD[HEAD.index("[draw]") :], "ask = []"),
    "misnamed": ("largest = 60", 'mistakes = ["scores-not-scald"]'),
    "silent": ("largest = 60", 'mistakes = ["residual-left-out"]'),
    "impossible": ("largest = 60", "largest = 0.5"),
}
"""What is changed in an exercise that is sound."""
UNREADABLE = {"unheard-of": {"model_type": "unheard-of"}, "contradicting": {"vocab_size": 12}, "pickled": {}}
"""What is changed in a checkpoint's config.json."""


@pytest.fixture
def furnished(here: Path) -> Path:
    """The files and folders that the refused lines name."""
    (here / "there.xlsx").write_bytes(b"precious")
    for folder in ("folder", "folder.xlsx", "unfinished", "busy"):
        (here / folder).mkdir()
    (here / "busy" / "students").mkdir()
    (here / "busy" / "students" / "essay.txt").write_text("precious")
    (here / "twins.csv").write_text("id,name\ns1,Ada\ns1,Emmy\n")
    for name, change in EXERCISES.items():
        (here / f"{name}.toml").write_text(HEAD.replace(*change))
    for name, change in UNREADABLE.items():
        whole(here, "gpt2").rename(name)
        (here / name / "config.json").write_text(json.dumps(CONFIGS["gpt2"] | change))
    (here / "pickled" / "model.safetensors").rename(here / "pickled" / "pytorch_model.bin")
    whole(here, "gpt2")
    return here


@pytest.mark.parametrize("line", often(REFUSALS, set(REFUSALS) - {"exercise impossible.toml"}))
def test_bad_input_gets_one_sentence_with_the_fix(line: str, furnished: Path) -> None:
    assert refusal(line) == f"Error: {REFUSALS[line]}\n"


@pytest.mark.parametrize("line", USAGE)
def test_bad_usage_gets_one_sentence_after_the_usage(line: str, furnished: Path) -> None:
    usage, _, sentence = refusal(line).partition("\n\nError: ")
    assert re.fullmatch(r"Usage: byhand.*\nTry 'byhand.* --help' for help\.", usage)
    assert sentence == f"{USAGE[line]}\n"


def test_every_sentence_is_one(furnished: Path) -> None:
    for sentence in REFUSALS.values():
        assert sentence.endswith(".")
        assert not re.search(r"[.!?] [A-Z]", sentence)


def test_a_checkpoint_that_is_cut_is_refused_wherever_it_is_cut(furnished: Path) -> None:
    path = furnished / "made_up" / "model.safetensors"
    whole_file = path.read_bytes()
    for cut in (0, 7, 50, len(whole_file) // 2, len(whole_file) - 1):
        path.write_bytes(whole_file[:cut])
        assert re.fullmatch(
            r"Error: made_up/model\.safetensors is not a whole safetensors file \(.*\); copy or download it again\.\n",
            refusal("workbook made_up"),
        )


def test_a_checkpoint_may_not_lack_a_tensor(furnished: Path) -> None:
    path = furnished / "made_up" / "model.safetensors"
    save_file({name: tensor for name, tensor in load_file(path).items() if name != "transformer.wpe.weight"}, path)
    assert refusal("run made_up") == (
        "Error: The weights have no tensor transformer.wpe.weight, which config.json asks for; "
        "mend config.json, or save the model again with its language-model head.\n"
    )
