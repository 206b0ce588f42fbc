"""What goes wrong with remote files, in words of our own: those of libraries may quote a URL with its credentials."""

from __future__ import annotations

from collections.abc import Iterator

PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "http": "aiohttp", "https": "aiohttp"}
"""What is read, and the package that each needs beside fsspec."""
_NOT_FOUND = "not found. Check the address"
_BROKE = "the connection broke. Try again, or fetch the file and name it here"
_CREDENTIALS = {
    "s3": "AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; FSSPEC_S3_ANON=true for a public bucket",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login",
    "http": "a user and password in the URL or in ~/.netrc, or a link that is signed and still valid",
}


class RemoteError(OSError):
    """What could not be read, and what to do about it, in words of our own."""


def scheme_of(url: str) -> str:
    """The kind of a URL; `https` counts as `http`."""
    scheme = url.partition("://")[0].lower()
    return "http" if scheme == "https" else scheme


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: Exception) -> int | None:
    """What a server answered, if that is what an error is about."""
    found = (getattr(one, "status", None) for one in _chain(error))
    return next((status for status in found if isinstance(status, int)), None)


def may_pass(error: Exception) -> bool:
    """Is it worth asking again?"""
    status = _status(error)
    if status is not None and status not in (206, 200):
        return status >= 500 or status == 429
    return not isinstance(error, FileNotFoundError | PermissionError | ImportError | ValueError)


def told(error: Exception, url: str) -> RemoteError:
    """An error in words of our own."""
    scheme = scheme_of(url)
    if isinstance(error, RemoteError):
        return error
    status = _status(error)
    kinds = {type(one).__name__ for one in _chain(error)}
    if isinstance(error, ImportError):
        extra = "" if scheme == "http" else f" {PACKAGES[scheme]}"
        text = f"reading it needs more packages. Install them with: pip install 'loganalyzer[remote]'{extra}"
    elif status in (401, 403) or isinstance(error, PermissionError) or "NoCredentialsError" in kinds:
        text = f"access refused. Credentials are taken from {_CREDENTIALS[scheme]}"
    elif status in (404, 410):
        text = _NOT_FOUND
    elif status is not None and status >= 300:
        text = f"the server answers {status}. Try again later, or fetch the file and name it here"
    elif any(isinstance(one, TimeoutError) for one in _chain(error)):
        text = "the server does not answer. Check the address, the network and the proxy, or try again later"
    elif kinds & {"ClientConnectorError", "ClientConnectorDNSError", "EndpointConnectionError", "gaierror"}:
        text = "the server cannot be reached. Check the address, the network and the proxy"
    elif kinds & {"InvalidURL", "InvalidUrlClientError", "ParamValidationError"}:
        text = "is no valid URL"
    elif kinds & {"ClientPayloadError", "ServerDisconnectedError"}:
        text = _BROKE
    elif isinstance(error, FileNotFoundError):
        text = _NOT_FOUND
    elif isinstance(error, OSError):
        text = _BROKE
    else:
        text = f"cannot be read ({type(error).__name__})"
    return RemoteError(text)
