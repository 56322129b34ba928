"""Which paths may be looked at."""

from pathlib import Path

import pytest

from boxwright.browsing.roots import Roots


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    for name in ("data/train", "more", "server/jobs/p", "server/uploads/p", "server/datasets"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "server" / "token").write_text("bw_secret")
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "data" / "out").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "data" / "up").symlink_to("..")
    (tmp_path / "data" / "in").symlink_to("train")
    return Roots((str(tmp_path / "data"), str(tmp_path / "server")), tmp_path / "server")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("data", "data"),
        ("data/", "data"),
        ("data/train", "data/train"),
        ("data/./train/../train", "data/train"),
        ("data/in", "data/train"),
        ("data/not/there", "data/not/there"),
        ("server", "server"),
        ("server/jobs/p", "server/jobs/p"),
        ("server/datasets", "server/datasets"),
    ],
)
def test_what_lies_below_a_root_may_be_looked_at(roots: Roots, tmp_path: Path, path: str, found: str) -> None:
    assert roots.within(f"{tmp_path}/{path}") == str(tmp_path / found)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "more",
        "data/..",
        "data/../more",
        "data/train/../../more",
        "data/out",
        "data/up",
        "data/up/more",
        "data2",
        "server/token",
        "server/uploads",
        "server/uploads/p",
        "server/jobs/../token",
        "secret.txt",
    ],
)
def test_everything_else_is_refused_and_the_roots_are_named(roots: Roots, tmp_path: Path, path: str) -> None:
    with pytest.raises(PermissionError, match="only what lies below .*/data and .*/server can be looked at"):
        roots.within(f"{tmp_path}/{path}")
    assert not roots.holds(f"{tmp_path}/{path}")


@pytest.mark.parametrize("path", ["~", "~/x", "data", ".", "%2e%2e/data", "", "file:///etc", "a\0"])
def test_paths_that_are_not_complete_are_refused(roots: Roots, path: str) -> None:
    with pytest.raises(ValueError, match="must be complete|holds no NUL"):
        roots.within(path)
    assert not roots.holds(path)


def test_a_root_may_be_a_link_and_a_folder_of_the_servers_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "server" / "runs" / "a").mkdir(parents=True)
    (tmp_path / "disk" / "x").mkdir(parents=True)
    (tmp_path / "data").symlink_to("disk")
    roots = Roots((str(tmp_path / "server" / "runs"), str(tmp_path / "data")), tmp_path / "server")
    assert roots.within(f"{tmp_path}/server/runs/a") == f"{tmp_path}/server/runs/a"
    assert roots.within(f"{tmp_path}/disk/x") == f"{tmp_path}/data/x"
    assert roots.root_of(f"{tmp_path}/data/x") == f"{tmp_path}/data"


@pytest.mark.parametrize("path", ["http://10.0.0.1/x", "file:///etc/passwd", "gs://a::file:///etc", "local:///etc"])
def test_addresses_that_lead_to_no_object_store_are_refused(roots: Roots, path: str) -> None:
    assert not roots.holds(path)


def test_object_stores_may_be_looked_at(roots: Roots) -> None:
    assert roots.within("gs://bucket/a/b/") == "gs://bucket/a/b"
    assert roots.root_of("gs://bucket/a/b") == "gs://bucket"
    with pytest.raises(ValueError, match="no '..'"):
        roots.within("gs://bucket/../other")


@pytest.mark.parametrize(
    ("pattern", "below"),
    [
        ("data/*", "data"),
        ("data/train/a-?.rec", "data/train"),
        ("data/**/*.json", "data"),
        ("data/a,data/b", "data/a,data/b"),
        ("data/x[1-3]", "data"),
        ("data/c", "data/c"),
    ],
)
def test_patterns_below_a_root_are_good(roots: Roots, tmp_path: Path, pattern: str, below: str) -> None:
    given = ",".join(f"{tmp_path}/{part}" for part in pattern.split(","))
    assert roots.check_pattern(given) == [f"{tmp_path}/{part}" for part in below.split(",")]


@pytest.mark.parametrize(
    "pattern", ["*", "data*/x", "more/*", "data/*/../../more/*", "server/uploads/*", "data/up/*", "data/a,{}/more/x"]
)
def test_patterns_that_look_elsewhere_are_refused(roots: Roots, tmp_path: Path, pattern: str) -> None:
    with pytest.raises((PermissionError, ValueError), match="only what lies below|no '..'"):
        roots.check_pattern(f"{tmp_path}/{pattern.replace('{}', str(tmp_path))}")


@pytest.mark.parametrize("pattern", ["", ",", "~/*", "*", "a\0*"])
def test_patterns_that_are_not_complete_are_refused(roots: Roots, pattern: str) -> None:
    with pytest.raises((PermissionError, ValueError)):
        roots.check_pattern(pattern)


def test_a_file_whose_name_holds_a_wildcard_is_a_file(roots: Roots, tmp_path: Path) -> None:
    (tmp_path / "data" / "a*").write_text("x")
    assert roots.check_pattern(f"{tmp_path}/data/a*") == [f"{tmp_path}/data/a*"]


def test_roots_in_roots_are_left_out(tmp_path: Path) -> None:
    assert Roots(("/a/b", "/a", "/ab", "/c/d"), tmp_path).outermost() == ("/a", "/ab", "/c/d")
