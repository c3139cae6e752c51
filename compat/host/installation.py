"""The worker that the host modules serve, set before any of them is imported."""

from graph.workers.host import Host

_host: list[Host] = []


def set_host(host: Host) -> None:
    """Say which worker this process is."""
    _host[:] = [host]


def host() -> Host:
    """The worker. Raises RuntimeError outside of one."""
    if not _host:
        raise RuntimeError("The modules of ComfyUI are there in a worker only: call compat.host.provide first.")
    return _host[0]
