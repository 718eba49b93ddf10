"""Configuration, character for character as the Pulumi CLI passes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modelstore_sandbox.project.configuration import Configuration, configure, load_stack_file
from pulumi_modelstore_sandbox.project.errors import InvalidProjectError
from pulumi_modelstore_sandbox.project.project import load_project
from pulumi_modelstore_sandbox.state.encryption import PassphraseCipher

SALT = "v1:SA1yXTTTZZg=:v1:slJqYivAhnySrB+c:ni2E6g/yPaW2GtrcsRN4DMb8FGz9Fw=="
SECURE = "v1:RxiZemM3F2nO9Htk:VUoMzGkZ304DC9Z6uH0Qct7GGg1uM3UnQIq7rA=="

DECLARED = """
name: shape
runtime: python
config:
  plain: {type: string, default: hello}
  count: {type: integer, value: 3}
  shape:nested: {type: object, default: {a: 1, b: [x, y]}}
  token: {type: string, secret: true}
  aws:region: {value: us-east-1}
  short: text
"""

# What `pulumi preview` (v3.272) put into PULUMI_CONFIG for this file.
STACK = f"""
encryptionsalt: {SALT}
config:
  token:
    secure: {SECURE}
  date: 2024-03-20
  on: on
  no: no
  int: 0123
  int2: 1_000
  hex: 0x10
  float: 1.50
  exp: 1e3
  time: 12:30:45
  bool: true
  Bool: True
  nul: null
  empty: ""
  list: [1, yes, 1.50, 2024-03-20, null, {{secure: {SECURE}}}]
  shape:config:old: x
  big: 12345678901234567890123
  uni: {{"é<&": "ü\\u2028"}}
"""
EXPECTED = {
    "aws:region": "us-east-1",
    "shape:Bool": "true",
    "shape:big": "1.2345678901234568e+22",
    "shape:bool": "true",
    "shape:count": "3",
    "shape:date": "2024-03-20 00:00:00 +0000 UTC",
    "shape:empty": "",
    "shape:exp": "1000",
    "shape:float": "1.5",
    "shape:hex": "16",
    "shape:int": "83",
    "shape:int2": "1000",
    "shape:list": '[1,"yes",1.5,"2024-03-20 00:00:00 +0000 UTC",null,"s3cr3t-token"]',
    "shape:nested": '{"a":1,"b":["x","y"]}',
    "shape:no": "no",
    "shape:nul": "",
    "shape:old": "x",
    "shape:on": "on",
    "shape:plain": "hello",
    "shape:short": "text",
    "shape:time": "12:30:45",
    "shape:token": "s3cr3t-token",
    "shape:uni": '{"é\\u003c\\u0026":"ü\\u2028"}',
}


def configuration(folder: Path, project: str, stack: str | None) -> Configuration:
    (folder / "Pulumi.yaml").write_text(project)
    if stack is not None:
        (folder / "Pulumi.dev.yaml").write_text(stack)
    loaded = load_project(folder)
    file = load_stack_file(loaded, "dev")
    return configure(loaded, "dev", file, lambda text: PassphraseCipher("pw", file.salt).decrypt(text))


def test_values_are_what_the_cli_passes(tmp_path: Path) -> None:
    found = configuration(tmp_path, DECLARED, STACK)
    assert dict(found.values) == EXPECTED
    assert found.secret_keys == {"shape:list", "shape:token"}
    assert "s3cr3t" not in repr(found)


def test_a_stack_without_a_file_has_the_defaults(tmp_path: Path) -> None:
    project = "name: a\nruntime: python\nconfig:\n  n: {type: integer, default: 1}\n"
    assert dict(configuration(tmp_path, project, None).values) == {"a:n": "1"}


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    project = """
name: a
runtime: python
config:
  missing: {type: string}
  hidden: {type: string, secret: true}
  clear: {type: string, secret: true}
  number: {type: integer}
  list: {type: array, items: {type: integer}}
"""
    stack = "config:\n  clear: hush\n  number: many\n  list: [1, x]\n"
    with pytest.raises(InvalidProjectError) as caught:
        configuration(tmp_path, project, stack)
    said = str(caught.value)
    assert str(tmp_path / "Pulumi.dev.yaml") in said
    for part in (
        "a:missing: is missing",
        "a:hidden: is missing; Pulumi.yaml declares it without a default (a secret:",
        "a:clear: Pulumi.yaml declares it a secret",
        "a:number: must be of the type integer",
        "a:list: must be of the type array",
    ):
        assert part in said
    assert "hush" not in said
    assert len(caught.value.problems) == 5


def test_a_damaged_secret_is_named_by_its_key(tmp_path: Path) -> None:
    with pytest.raises(InvalidProjectError, match=r"config\.a:token: not of the form"):
        configuration(
            tmp_path, "name: a\nruntime: python\n", f"encryptionsalt: {SALT}\nconfig: {{token: {{secure: x}}}}\n"
        )


@pytest.mark.parametrize(
    ("stack", "says"),
    [
        ("config: [1]", "config: must be a mapping"),
        ("config: {a:b:c:d: 1}", "no configuration key"),
        ("config: {t: {secure: x}}", "encryptionsalt: is missing"),
        ("secretsprovider: awskms://alias/x", "another provider than a passphrase"),
        ("environment: [base]", "Pulumi Cloud"),
        ("encryptionsalt: 3", "must be text"),
    ],
)
def test_what_the_sandbox_cannot_use(tmp_path: Path, stack: str, says: str) -> None:
    with pytest.raises(InvalidProjectError, match=says):
        configuration(tmp_path, "name: a\nruntime: python\n", stack)
