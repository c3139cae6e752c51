"""Stand-ins: anything goes while a module is imported, and one clear error afterwards."""

import copy
import pickle
import types
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.host.stubs import MissingAttributeError, NotSupportedError, StubModule, importing, stub

NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True), min_size=1, max_size=4).map(".".join)


def imported(source):
    """The module that a source makes; `comfy` is a module of stand-ins in it."""
    module = types.ModuleType("pack_under_test")
    module.comfy = StubModule("comfy")
    exec(compile(source, "pack_under_test.py", "exec"), vars(module))
    return module


@pytest.mark.parametrize(
    "source",
    [
        "class A(comfy.model_base.BaseModel): pass",
        "class A(comfy.x.B, tag=1): pass\nclass C(A, comfy.x.D): pass",
        "import abc\nclass A(comfy.x.B, abc.ABC): pass",
        "import torch\nclass A(comfy.x.B, torch.nn.Module): pass\nA()",
        "@comfy.x.wrap\ndef f(): pass",
        "@comfy.x.wrap(1, key='y')\nclass A: pass",
        "def f(a=comfy.x.D, b: comfy.x.B | None = None, *c: 'comfy.x.E') -> list[comfy.x.F]: pass",
        "from typing import Optional, Union\nA = Optional[comfy.x.B]\nB = Union[comfy.x.C, int]\nC = comfy.x.D | None",
        "if comfy.x.FLAG or comfy.x.LIMIT > 3 or 1 in comfy.x.NAMES: raise ValueError",
        "for name in comfy.x.NAMES: raise ValueError",
        "A = [*comfy.x.NAMES, 'mine'] + list(comfy.x.more())",
        "A = comfy.x.NAMES + ['mine']\nB = ['mine'] + comfy.x.NAMES",
        "A = {comfy.x.KIND.ONE: 1, comfy.x.KIND.TWO: 2}\nassert len(A) == 2",
        "A = comfy.x.TABLE['key'].value\ncomfy.x.TABLE['key'] = 1",
        "with comfy.x.lock() as held: A = held.value",
        "comfy.z.function = print\nassert comfy.z.function is print",
        "comfy.y = print\nassert comfy.y is print",
        "A = float(comfy.x.RATE) * 2 + int(comfy.x.COUNT)\nB = f'{comfy.x.NAME}'",
        "assert not isinstance(1, comfy.x.B) and not isinstance(1, (int.__class__, comfy.x.B))",
        "import functools\nA = functools.partial(comfy.x.f, 1)\nB = functools.wraps(comfy.x.f)(lambda: 1)",
        "import dataclasses\n@dataclasses.dataclass\nclass A(comfy.x.B):\n    c: comfy.x.C = comfy.x.D",
        "class A(comfy.x.B):\n    limit = comfy.x.LIMIT\nC = A.other\nD = A().attribute",
    ],
)
def test_nothing_fails_while_a_module_is_imported(source):
    imported(source)


USES = {
    "comfy.x.function(1)": "comfy.x.function",
    "comfy.x.Class().method()": "comfy.x.Class",
    "comfy.x.TABLE['key']": "comfy.x.TABLE",
    "list(comfy.x.NAMES)": "comfy.x.NAMES",
    "bool(comfy.x.FLAG)": "comfy.x.FLAG",
    "1 in comfy.x.NAMES": "comfy.x.NAMES",
    "comfy.x.LIMIT > 1": "comfy.x.LIMIT",
    "comfy.x.LIMIT + 1": "comfy.x.LIMIT",
    "1 + comfy.x.LIMIT": "comfy.x.LIMIT",
    "float(comfy.x.RATE)": "comfy.x.RATE",
    "Derived()": "comfy.x.Base",
    "Derived.limit": "comfy.x.Base.limit",
    "made.attribute": "comfy.x.Base.attribute",
    "Overriding().value": "comfy.x.Base.value",
    "result(1)": "comfy.x.make()",
    "decorated()": "comfy.x.wrap()",
}


@pytest.mark.parametrize("use", USES)
def test_every_use_afterwards_names_what_is_missing(use):
    module = imported(
        "class Derived(comfy.x.Base): pass\n"
        "class Overriding(comfy.x.Base):\n    def __init__(self): pass\n"
        "made = Derived()\nresult = comfy.x.make()\n"
        "@comfy.x.wrap\ndef decorated(): pass\n"
        f"def use(): return {use}"
    )
    with pytest.raises(NotSupportedError) as error:
        module.use()
    assert str(error.value) == f"{USES[use]} is not supported by Safelight. Use another node instead."


def test_a_module_that_runs_is_not_taken_for_one_that_is_imported():
    assert imported("from compat.host.stubs import importing\nnow = importing()").now
    assert not importing()


def test_instances_of_what_inherits_from_a_stand_in_are_found():
    module = imported("class A(comfy.x.B):\n    def __init__(self): self.value = 1")
    made = module.A()
    assert made.value == 1
    assert isinstance(made, stub("comfy.x.B"))
    assert issubclass(module.A, stub("comfy.x.B"))
    assert not isinstance(made, stub("comfy.x.C"))


def test_missing_attributes_of_instances_can_be_asked_for():
    module = imported("class A(comfy.x.B):\n    def __init__(self): pass")
    assert not hasattr(module.A(), "value")
    with pytest.raises(MissingAttributeError):
        _ = module.A().value


def test_type_hints_can_be_read_at_any_time():
    module = imported("def f(a: comfy.x.B, b: 'comfy.x.C | None') -> 'comfy.x.D': pass")
    assert get_type_hints(module.f, {"comfy": module.comfy})["a"] is stub("comfy.x.B")


@given(NAMES)
def test_a_name_is_always_the_same_stand_in(name):
    value = stub("comfy")
    for part in name.split("."):
        value = getattr(value, part)
    assert value is stub(f"comfy.{name}")
    assert pickle.loads(pickle.dumps(value)) is copy.deepcopy(value) is copy.copy(value) is value
    assert f"comfy.{name}" in repr(value)
    assert {value: 1}[value] == 1


@given(st.sampled_from(["__wrapped__", "__fspath__", "__array__", "__torch_function__"]))
def test_stand_ins_take_part_in_no_protocol(name):
    assert not hasattr(stub("comfy.x"), name)
    assert not hasattr(StubModule("comfy"), name)
