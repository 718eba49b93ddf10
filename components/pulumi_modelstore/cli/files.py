"""`modelstore files`: files of this machine in a claim of a cluster, and back; no kubectl is needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pulumi_modelstore.cli.tables import table

if TYPE_CHECKING:
    from pulumi_modelstore_provider.files.session import FileSession


class Place(NamedTuple):
    """A path in a claim."""

    claim: str
    path: str


def _place(_: click.Context, __: click.Parameter, value: str) -> Place:
    claim, separator, path = value.partition(":")
    if not separator or not claim or "/" in claim:
        raise click.BadParameter(f"{value!r} is no place in a claim: write it like llama-model-storage:/weights")
    return Place(claim, path or "/")


def _with_cluster(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--pull-secret", "pull_secrets", multiple=True, metavar="NAME", help="Secret for the image."),
        click.option("--user", type=int, default=1000, show_default=True, help="Numeric id that files belong to."),
        click.option("--image", default="python:3.12-slim", show_default=True, help="Image with Python 3.11 or newer."),
        click.option("--context", help="Context of the kubeconfig."),
        click.option("--kubeconfig", type=click.Path(), help="Kubeconfig; else KUBECONFIG or ~/.kube/config."),
        click.option("-n", "--namespace", default="default", show_default=True, help="Kubernetes namespace."),
    ):
        command = option(command)
    return command


@click.group()
def files() -> None:
    """Bring files into a claim and back, through a pod that lives as long as that takes.

    Places are written CLAIM:PATH, such as llama-model-storage:/weights. What was cut off goes on where it was, what is
    there already is not sent again, and all digests are compared at the end.
    """


@files.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("target", metavar="CLAIM:PATH", callback=_place)
@click.option("-r", "--recursive", is_flag=True, help="A folder, with all that is in it.")
@click.option("--rsync", is_flag=True, help="The same as -r; only what changed is sent, with and without it.")
@click.option("--delete", is_flag=True, help="Then remove what is in the target and not in the source.")
@_with_cluster
def upload(source: Path, target: Place, recursive: bool, rsync: bool, delete: bool, **cluster: Any) -> None:
    """Upload a file, or with -r the content of a folder, into a folder of a claim."""
    from pulumi_modelstore_provider.files.transfers import local_content
    from pulumi_modelstore_provider.files.transfers import upload as bring

    if source.is_dir() and not (recursive or rsync):
        raise click.UsageError(f"{source} is a folder: pass -r to upload all that is in it")
    if delete and not source.is_dir():
        raise click.UsageError("--delete makes a folder the same as the source, which is a single file")
    with _session(target.claim, **cluster) as session:
        content = local_content(source)
        advance = _progress("uploading", content.total_bytes)
        outcome = bring(session, source, target.path, content, advance=advance, mirror=delete)
    removed = f", {len(outcome.removed)} removed" if delete else ""
    click.echo(f"{len(outcome.moved)} files uploaded, {len(outcome.kept)} were there{removed}; digests agree.")


@files.command()
@click.argument("source", metavar="CLAIM:PATH", callback=_place)
@click.argument("target", type=click.Path(path_type=Path), default=".")
@_with_cluster
def download(source: Place, target: Path, **cluster: Any) -> None:
    """Download a file, or the content of a folder, into a folder here."""
    from pulumi_modelstore_provider.files.transfers import download as bring

    with _session(source.claim, **cluster) as session:
        total = sum(entry.size for entry in session.list(source.path, recursive=True) if entry.type == "file")
        outcome = bring(session, source.path, target, advance=_progress("downloading", total))
    click.echo(f"{len(outcome.moved)} files downloaded, {len(outcome.kept)} were here; digests agree.")


@files.command()
@click.argument("place", metavar="CLAIM:PATH", callback=_place)
@click.option("-r", "--recursive", is_flag=True, help="Also what is below.")
@click.option("--digests", is_flag=True, help="With the SHA-256 of each file.")
@_with_cluster
def ls(place: Place, recursive: bool, digests: bool, **cluster: Any) -> None:
    """List a folder of a claim."""
    with _session(place.claim, **cluster) as session:
        entries = session.list(place.path, recursive=recursive, digests=digests)
    head = ["TYPE", "SIZE", "PATH", *(["DIGEST"] if digests else [])]
    rows = [
        [entry.type, str(entry.size) if entry.type == "file" else "", entry.path, *([entry.digest or ""] * digests)]
        for entry in entries
    ]
    click.echo(table(head, rows) if rows else "The folder is empty.")


@files.command()
@click.argument("place", metavar="CLAIM:PATH", callback=_place)
@click.option("-p", "--parents", is_flag=True, help="Also the folders above; one that is there is all right.")
@_with_cluster
def mkdir(place: Place, parents: bool, **cluster: Any) -> None:
    """Make a folder in a claim."""
    with _session(place.claim, **cluster) as session:
        session.make_folder(place.path, parents=parents)


@files.command()
@click.argument("place", metavar="CLAIM:PATH", callback=_place)
@click.option("-r", "--recursive", is_flag=True, help="A folder with all that is in it.")
@_with_cluster
def rm(place: Place, recursive: bool, **cluster: Any) -> None:
    """Remove a file, an empty folder, or with -r a folder with all that is in it."""
    with _session(place.claim, **cluster) as session:
        session.remove(place.path, recursive=recursive)


@contextmanager
def _session(
    claim: str,
    *,
    namespace: str,
    kubeconfig: str | None,
    context: str | None,
    image: str,
    user: int,
    pull_secrets: tuple[str, ...],
) -> Iterator[FileSession]:
    from pulumi_modelstore_provider.errors import ModelstoreError
    from pulumi_modelstore_provider.files.cluster import Cluster
    from pulumi_modelstore_provider.files.pod import FilesPod, files_of

    _show_progress()
    try:
        pod = FilesPod(image=image, user=user, pull_secrets=pull_secrets)
        with files_of(Cluster(namespace, kubeconfig, context), claim, pod, say=_say) as session:
            yield session
    except ModelstoreError as error:
        raise click.ClickException(str(error)) from None


def _say(text: str) -> None:
    click.echo(text, err=True)


def _show_progress() -> None:
    log = logging.getLogger("pulumi_modelstore")
    if not log.handlers:
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)


def _progress(verb: str, total: int) -> Callable[[int, bool], None]:
    from pulumi_modelstore_provider.progress import TransferProgress

    progress = TransferProgress("files", verb, total)
    return lambda count, moved: progress.advance(count, moved=moved)
