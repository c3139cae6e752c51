import pytest

from api.security import is_loopback, refusal


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_names_of_this_machine(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", ""])
def test_other_names(host: str):
    assert not is_loopback(host)


def refused(method: str = "GET", loopback: bool = True, cors: str | None = None, **headers: str) -> bool:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return refusal(method, named, loopback, cors) is not None


@pytest.mark.parametrize("host", ["localhost:8188", "127.0.0.1:8188", "[::1]:8188", "localhost"])
def test_requests_to_this_machine_are_answered(host: str):
    assert not refused(Host=host)
    assert not refused("POST", Host=host, Origin=f"http://{host}")


@pytest.mark.parametrize("host", ["evil.example:8188", "192.168.0.7:8188", "[::1", ""])
def test_a_name_that_was_made_to_point_here_is_refused(host: str):
    assert refused(Host=host)
    assert refused("POST", Host=host, Origin=f"http://{host}")


def test_on_a_network_every_name_will_do():
    assert not refused(loopback=False, Host="studio.example:8188", Origin="http://studio.example:8188")


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost:9999", "http://127.0.0.1:8188", "https://", "", "http://[::1"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_of_other_sites_are_refused(method: str, origin: str):
    assert refused(method, Host="localhost:8188", Origin=origin)
    assert refused(method, loopback=False, Host="localhost:8188", Origin=origin)


def test_one_other_site_can_be_let_in():
    allowed = "http://studio.example"
    assert not refused("POST", cors=allowed, Host="localhost:8188", Origin=allowed)
    assert refused("POST", cors=allowed, Host="localhost:8188", Origin="http://evil.example")
    assert not refused("POST", cors=allowed, Host="localhost:8188", Origin="http://localhost:8188")


def test_every_site_can_be_let_in_but_not_by_another_name():
    assert not refused("POST", cors="*", Host="localhost:8188", Origin="null", Sec_Fetch_Site="cross-site")
    assert refused("POST", cors="*", Host="evil.example", Origin="http://evil.example")


def test_a_form_of_another_site_is_refused_a_link_is_not():
    assert refused("POST", Host="localhost:8188", Sec_Fetch_Site="cross-site")
    assert not refused("GET", Host="localhost:8188", Sec_Fetch_Site="cross-site")
    assert not refused("POST", Host="localhost:8188", Sec_Fetch_Site="same-origin")
