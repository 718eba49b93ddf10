"""A dynamic provider whose objects are files, for programs that both engines run."""

import json
import uuid
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

FOLDER = Path(__file__).parent / "objects"


class FileProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        FOLDER.mkdir(exist_ok=True)
        identity = f"{props['name']}-{uuid.uuid4().hex[:6]}"
        outs = {"name": props["name"], "content": props["content"], "shout": str(props["content"]).upper()}
        (FOLDER / identity).write_text(json.dumps(outs))
        return CreateResult(identity, outs)

    def diff(self, _id, olds, news):
        changed = [key for key in ("name", "content") if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(changed), replaces=["name"] if "name" in changed else [])

    def update(self, id_, olds, news):
        outs = {"name": news["name"], "content": news["content"], "shout": str(news["content"]).upper()}
        (FOLDER / id_).write_text(json.dumps(outs))
        return UpdateResult(outs)

    def read(self, id_, props):
        path = FOLDER / id_
        if not path.exists():
            return ReadResult("", {})
        return ReadResult(id_, json.loads(path.read_text()))

    def delete(self, id_, props):
        (FOLDER / id_).unlink(missing_ok=True)


class File(Resource, module="files", name="File"):
    content: pulumi.Output[str]
    shout: pulumi.Output[str]

    def __init__(self, resource_name, content, name=None, opts=None):
        props = {"name": name or resource_name, "content": content, "shout": None}
        super().__init__(FileProvider(), resource_name, props, opts)


class Folder(pulumi.ComponentResource):
    def __init__(self, resource_name, opts=None):
        super().__init__("test:index:Folder", resource_name, None, opts)
        self.register_outputs({})
