"""Functions of the program that the engine calls: transforms and hooks."""

from __future__ import annotations

from sandbox.engine.stacks import Stack


def test_transforms_of_a_resource_its_parent_and_the_stack(stack: Stack) -> None:
    stack.program("""
        from pulumi import ResourceTransformArgs, ResourceTransformResult

        def adding(mark):
            def transform(args):
                if args.type_ != "files:index:File":
                    return None
                content = args.props.get("content", "") + mark
                return ResourceTransformResult({**args.props, "content": content}, args.opts)
            return transform

        pulumi.runtime.register_resource_transform(adding(" stack"))
        group = Group("g", opts=ResourceOptions(transforms=[adding(" parent")]))
        File("a", path="a", content="own:", opts=ResourceOptions(parent=group, transforms=[adding(" own")]))
        File("b", path="b", content="none:")
    """).up()
    assert stack.contents == {"a": "own: own parent stack", "b": "none: stack"}
    assert stack.preview().ops == {}


def test_a_transform_changes_options_and_keeps_dependencies(stack: Stack) -> None:
    stack.program("""
        from pulumi import ResourceTransformResult

        def protecting(args):
            args.opts.protect = True
            props = dict(args.props)
            props["moved"] = props.pop("content")
            return ResourceTransformResult(props, args.opts)

        a = File("a", path="a")
        File("b", path="b", content=a.token, opts=ResourceOptions(transforms=[protecting]))
    """).up()
    state, dependency = stack.journal.named("b"), stack.journal.named("a").urn
    assert state.protect
    assert state.inputs == {"path": "b", "moved": "token-of-a"}
    assert state.dependencies == [dependency]
    assert stack.preview().ops == {}


def test_a_transform_that_raises_fails_the_registration(stack: Stack) -> None:
    ran = stack.program("""
        def broken(args):
            raise ValueError("not this one")
        File("a", path="a", opts=ResourceOptions(transforms=[broken]))
    """).preview()
    assert not ran.succeeded
    assert "not this one" in ran.said("error")


def test_invoke_transforms(stack: Stack) -> None:
    stack.program("""
        from pulumi import InvokeTransformResult

        def louder(args):
            return InvokeTransformResult({"say": args.args["say"] + "!"}, args.opts)

        async def main():
            await pulumi.runtime.stack._get_callbacks()
        pulumi.runtime.register_invoke_transform(louder)
        answer = pulumi.runtime.invoke_output("files:index:shout", {"say": "hello"})
        pulumi.export("loud", answer.apply(lambda answer: answer["shout"]))
    """)
    assert stack.up().outputs == {"loud": "HELLO!"}


HOOKS = """
    import pathlib
    from pulumi import ResourceHook, ResourceHookBinding, ResourceHookOptions

    def note(kind):
        def hook(args):
            outputs = args.new_outputs or args.old_outputs or {{}}
            with open("hooks", "a") as file:
                file.write(f"{{kind}} {{args.name}} {{outputs.get('rendered')}}\\n")
        return ResourceHook(kind, hook)

    hooks = ResourceHookBinding(
        before_create=[note("before-create")], after_create=[note("after-create")],
        before_update=[note("before-update")], after_update=[note("after-update")],
        before_delete=[note("before-delete")], after_delete=[note("after-delete")],
    )
    {resource}
"""
DECLARED = 'File("a", path="a", content="{content}", opts=ResourceOptions(hooks=hooks))'


def test_hooks_run_before_and_after_their_step(stack: Stack) -> None:
    told = stack.folder / "hooks"
    stack.program(HOOKS.format(resource=DECLARED.format(content="one")))
    assert stack.preview().succeeded
    assert not told.exists()
    stack.up()
    stack.program(HOOKS.format(resource=DECLARED.format(content="two"))).up()
    stack.program(HOOKS.format(resource="")).up()
    assert told.read_text().splitlines() == [
        "before-create a None",
        "after-create a one",
        "before-update a one",
        "after-update a two",
        "before-delete a two",
        "after-delete a two",
    ]


def test_a_failing_before_hook_stops_its_step(stack: Stack) -> None:
    ran = stack.program("""
        from pulumi import ResourceHook, ResourceHookBinding

        def refuse(args):
            raise RuntimeError("not today")

        hooks = ResourceHookBinding(before_create=[ResourceHook("refuse", refuse)])
        File("a", path="a", opts=ResourceOptions(hooks=hooks))
    """).up(check=False)
    assert ran.failures == {"a": "the before_create hook 'refuse' failed: not today"}
    assert stack.contents == {}


def test_hooks_of_deletions_are_skipped_where_the_program_does_not_run(stack: Stack) -> None:
    stack.program(HOOKS.format(resource=DECLARED.format(content="one"))).up()
    ran = stack.destroy()
    assert ran.succeeded
    assert "the before_delete hook 'before-delete' is skipped" in ran.said("warning")


def test_an_error_hook_has_a_step_tried_again(stack: Stack) -> None:
    stack.program("""
        import os, pathlib
        from pulumi import ErrorHook, ResourceHookBinding

        def again(args):
            pathlib.Path("tries").open("a").write(args.failed_operation + ": " + args.errors[0] + "\\n")
            return len(args.errors) < 3

        hooks = ResourceHookBinding(on_error=[ErrorHook("again", again)])
        File("a", path="a", content="x", fail="create", opts=ResourceOptions(hooks=hooks))
    """)
    assert not stack.up(check=False).succeeded
    tries = (stack.folder / "tries").read_text().splitlines()
    assert tries == ["create: ValueError: cannot create with x"] * 3
