"""Resource options, each with what the Pulumi CLI does for it."""

from __future__ import annotations

from sandbox.engine.stacks import Stack


def test_protect_refuses_to_delete_and_to_replace(stack: Stack) -> None:
    program = 'File("a", path="{path}", opts=ResourceOptions(protect={protect}))'
    stack.program(program.format(path="a", protect=True)).up()
    stack.program("")
    for ran in (stack.preview(), stack.up(check=False), stack.destroy()):
        assert not ran.succeeded
        assert "protected and cannot be deleted" in ran.failures["a"]
        assert "protect=False" in ran.failures["a"]
    stack.program(program.format(path="z", protect=True))
    for ran in (stack.preview(), stack.up(check=False)):
        assert not ran.succeeded
        assert "must be replaced, but it is protected" in ran.said("error")
    assert stack.contents == {"a": None}
    # Unprotecting and replacing is one run.
    stack.program(program.format(path="z", protect=False)).up()
    assert stack.contents == {"z": None}


def test_retain_on_delete_keeps_the_object(stack: Stack) -> None:
    stack.program('File("a", path="a", opts=ResourceOptions(retain_on_delete=True))').up()
    ran = stack.program("").up()
    assert ran.ops == {"a": ["delete"]}
    assert stack.contents == {"a": None}
    assert [state.name for state in stack.journal.resources if state.type == "files:index:File"] == []


def test_deleted_with_is_not_deleted_by_itself(stack: Stack) -> None:
    stack.program("""
        a = File("a", path="a")
        File("b", path="b", opts=ResourceOptions(deleted_with=a))
    """).up()
    stack.forget_log()
    ran = stack.program("").up()
    assert ran.ops == {"b": ["delete"], "a": ["delete"]}
    assert stack.log == ["delete a"]


def test_replaced_with_what_it_is_deleted_with(stack: Stack) -> None:
    program = """
        a = File("a", path="{path}")
        File("b", path="b", opts=ResourceOptions(deleted_with=a, depends_on=[a]))
    """
    stack.program(program.format(path="a")).up()
    ran = stack.program(program.format(path="z")).up()
    assert ran.ops["b"] == ["create-replacement", "replace", "delete-replaced"]


def test_replace_with(stack: Stack) -> None:
    program = """
        a = File("a", path="{path}")
        File("b", path="b", opts=ResourceOptions(replace_with=[a]))
    """
    stack.program(program.format(path="a")).up()
    ran = stack.program(program.format(path="z")).up()
    assert ran.ops == {name: ["create-replacement", "replace", "delete-replaced"] for name in "ab"}


def test_ignore_changes_of_a_property_an_element_and_everything(stack: Stack) -> None:
    program = """
        File("a", path="a", content="{value}", opts=ResourceOptions(ignore_changes=["content"]))
        rules = [{{"id": "{value}", "keep": 1}}]
        File("b", path="b", rules=rules, opts=ResourceOptions(ignore_changes=["rules[*].id"]))
        File("c", path="c", content="{value}", other="{value}", opts=ResourceOptions(ignore_changes=["*"]))
    """
    stack.program(program.format(value="one")).up()
    ran = stack.program(program.format(value="two")).up()
    assert ran.ops == {}
    assert stack.journal.named("a").inputs["content"] == "one"
    assert stack.journal.named("b").inputs["rules"] == [{"id": "one", "keep": 1}]
    assert stack.preview().ops == {}


def test_replace_on_changes(stack: Stack) -> None:
    program = 'File("a", path="a", content="{value}", opts=ResourceOptions(replace_on_changes=["content"]))'
    stack.program(program.format(value="one")).up()
    ran = stack.program(program.format(value="two")).up()
    assert ran.ops == {"a": ["create-replacement", "replace", "delete-replaced"]}
    step = ran.step("a", "replace")
    assert step.detailed_diff["content"].kind == "update-replace"


def test_replacement_trigger(stack: Stack) -> None:
    program = 'File("a", path="a", opts=ResourceOptions(replacement_trigger={value}))'
    stack.program(program.format(value="1")).up()
    assert stack.preview().ops == {}
    ran = stack.program(program.format(value="2")).up()
    assert ran.ops == {"a": ["create-replacement", "replace", "delete-replaced"]}
    assert stack.journal.named("a").replacement_trigger == 2
    assert stack.preview().ops == {}


def test_aliases_keep_what_was_renamed(stack: Stack) -> None:
    stack.program("""
        group = Group("old")
        child = File("old-file", path="child", opts=ResourceOptions(parent=group))
        File("a", path="a", content=child.path)
        File("b", path="b")
    """).up()
    before = {state.name: state.id for state in stack.journal.resources}
    stack.forget_log()
    stack.program("""
        group = Group("new", opts=ResourceOptions(aliases=[pulumi.Alias(name="old")]))
        child = File("new-file", path="child", opts=ResourceOptions(parent=group))
        File("a2", path="a", content=child.path, opts=ResourceOptions(aliases=[pulumi.Alias(name="a")]))
        File("b2", path="b", opts=ResourceOptions(
            parent=group, aliases=["urn:pulumi:dev::shop::files:index:File::b"]))
    """)
    assert stack.preview().ops == {}
    assert stack.up().ops == {}
    assert stack.log == []
    after = {state.name: state.id for state in stack.journal.resources}
    assert (after["new-file"], after["a2"], after["b2"]) == (before["old-file"], before["a"], before["b"])
    moved = stack.journal.named("b2")
    assert moved.urn == "urn:pulumi:dev::shop::files:index:Group$files:index:File::b2"
    assert moved.parent == stack.journal.named("new").urn


def test_parents_pass_on_protection_and_providers(stack: Stack) -> None:
    stack.program("""
        provider = FilesProvider("loud", prefix="LOUD ")
        group = Group("g", opts=ResourceOptions(protect=True, providers=[provider]))
        File("a", path="a", content="x", opts=ResourceOptions(parent=group))
    """).up()
    state = stack.journal.named("a")
    assert state.protect
    assert "::loud::" in state.provider
    assert state.outputs["rendered"] == "LOUD x"


def test_depends_on_orders_creation(stack: Stack) -> None:
    stack.program("""
        a = File("a", path="a")
        b = File("b", path="b", opts=ResourceOptions(depends_on=[a]))
        File("c", path="c", opts=ResourceOptions(depends_on=[b]))
    """).up()
    assert stack.log == ["create a", "create b", "create c"]
    assert stack.journal.named("c").dependencies == [stack.journal.named("b").urn]


def test_custom_timeouts_and_positions_are_recorded(stack: Stack) -> None:
    stack.program(
        'File("a", path="a", opts=ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1m30s", delete="2h")))'
    ).up()
    state = stack.journal.named("a")
    assert state.custom_timeouts == {"create": 90.0, "delete": 7200.0}
    assert state.source_position.startswith("project:///__main__.py#")


def test_explicit_and_default_providers(stack: Stack) -> None:
    stack.config = {"files:prefix": "hi ", "shop:prefix": "no "}
    stack.program("""
        provider = FilesProvider("mine", prefix="my ")
        File("a", path="a", content="x")
        File("b", path="b", content="x", opts=ResourceOptions(provider=provider))
        File("c", path="c", content="x", opts=ResourceOptions(version="1.2.3-beta.4"))
    """).up()
    assert [stack.journal.named(name).outputs["rendered"] for name in "abc"] == ["hi x", "my x", "hi x"]
    default = stack.journal.named("default")
    assert default.urn == "urn:pulumi:dev::shop::pulumi:providers:files::default"
    assert default.inputs == {"prefix": "hi "}
    versioned = stack.journal.named("default_1_2_3_beta_4")
    assert versioned.inputs == {"prefix": "hi ", "version": "1.2.3-beta.4", "__internal": {}}
    assert versioned.outputs == {"prefix": "hi ", "version": "1.2.3-beta.4"}
    assert stack.preview().ops == {}


def test_a_provider_that_must_be_replaced_takes_its_resources_along(stack: Stack) -> None:
    program = """
        provider = FilesProvider("mine", account="{account}")
        File("a", path="a", opts=ResourceOptions(provider=provider))
    """
    stack.program(program.format(account=1)).up()
    ran = stack.program(program.format(account=2)).up()
    assert ran.ops["mine"] == ["create-replacement", "replace", "delete-replaced"]
    assert ran.ops["a"] == ["create-replacement", "replace", "delete-replaced"]
    assert ran.step("a", "replace").replace_keys == ["provider"]


def test_a_provider_whose_configuration_changes_is_updated(stack: Stack) -> None:
    program = """
        provider = FilesProvider("mine", prefix="{prefix}")
        File("a", path="a", content="x", opts=ResourceOptions(provider=provider))
    """
    stack.program(program.format(prefix="1 ")).up()
    ran = stack.program(program.format(prefix="2 ")).up()
    assert ran.ops == {"mine": ["update"]}


def test_default_providers_can_be_disabled(stack: Stack) -> None:
    stack.config = {"pulumi:disable-default-providers": '["files"]'}
    ran = stack.program('File("a", path="a")').preview()
    assert not ran.succeeded
    assert "the default provider of files is disabled" in ran.said("error")
