"""What a Hugging Face hub refuses, as errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pulumi_modelstore_provider.artifacts.sources.settings import HUB, HuggingFace
from pulumi_modelstore_provider.errors import InvalidSource, SourceUnavailable

_SPACES = re.compile(r"\s+")
_LONGEST_ANSWER = 300


def remedies(source: HuggingFace, *, has_token: bool) -> Mapping[int, str]:
    """Return what to do where a file's own address refuses it, by HTTP status."""
    return {
        401: _token_remedy(source, has_token=has_token),
        403: _gate_remedy(source, has_token=has_token),
        404: "Preview again: the commit, or the file in it, is not there any more",
    }


@contextmanager
def asking_hub(source: HuggingFace, *, has_token: bool) -> Iterator[None]:
    """Turn what huggingface_hub raises into InvalidSource or, where no answer came, SourceUnavailable."""
    from huggingface_hub.errors import (
        DisabledRepoError,
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    # The error class of the HTTP client, which is another one from release to release.
    no_answer: type[Exception] = HfHubHTTPError.__bases__[0]
    name = str(source)
    try:
        yield
    except OfflineModeIsEnabled:
        reason = "HF_HUB_OFFLINE is set, and the hub has to be asked: unset it"
        raise SourceUnavailable(name, [reason]) from None
    except GatedRepoError:
        reason = f"the repository is gated. {_gate_remedy(source, has_token=has_token)}"
        raise InvalidSource(name, [reason]) from None
    except DisabledRepoError:
        raise InvalidSource(name, ["the hub has disabled the repository; choose another"]) from None
    except RevisionNotFoundError:
        reason = f"there is no revision {source.revision!r}; name a branch, a tag or a commit that {_page(source)} has"
        raise InvalidSource(name, [reason]) from None
    except RepositoryNotFoundError:
        reason = "there is no such repository, or it is private and the token may not see it. " + _token_remedy(
            source, has_token=has_token
        )
        raise InvalidSource(name, [reason]) from None
    except HfHubHTTPError as refusal:
        raise InvalidSource(name, [_refused(refusal.response.status_code, str(refusal), source, has_token)]) from None
    except ValueError as error:
        reason = f"what answers at {_hub(source)} is no hub ({_first_line(str(error))}); check the endpoint and proxies"
        raise InvalidSource(name, [reason]) from None
    except (no_answer, OSError) as error:
        reason = f"the hub at {_hub(source)} gave no answer ({_first_line(str(error)) or type(error).__name__}); check "
        raise SourceUnavailable(name, [reason + "the network, HF_ENDPOINT and HTTPS_PROXY, then run again"]) from None


def _refused(status: int, said: str, source: HuggingFace, has_token: bool) -> str:
    answer = f"the hub answered HTTP {status}: {_first_line(said)}"
    if status == 401:
        return f"{answer}. {_token_remedy(source, has_token=has_token)}"
    if status == 403:
        return f"{answer}. {_gate_remedy(source, has_token=has_token)}"
    if status == 429:
        return f"{answer}. Run again later, or with a token, which may ask more often"
    return f"{answer}. Run again later"


def _token_remedy(source: HuggingFace, *, has_token: bool) -> str:
    if has_token:
        return f"Check the name, and that the token '{source.token}' is valid and may read the repository"
    return "Check the name, or give a token by reference: token='env:HF_TOKEN' or 'config:hfToken'"


def _gate_remedy(source: HuggingFace, *, has_token: bool) -> str:
    terms = f"Accept its terms at {_page(source)}"
    if not has_token:
        return f"{terms} and give a token of that account by reference: token='env:HF_TOKEN' or 'config:hfToken'"
    return f"{terms} with the account of the token '{source.token}', which needs the right to read gated repositories"


def _hub(source: HuggingFace) -> str:
    return source.endpoint or HUB


def _page(source: HuggingFace) -> str:
    return f"{_hub(source)}/{source.repo}"


def _first_line(text: str) -> str:
    return _SPACES.sub(" ", text.strip().partition("\n")[0])[:_LONGEST_ANSWER].rstrip(". ")
