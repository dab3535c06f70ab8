"""The version is that of the git tag of a release, and wherever there is none it can be installed all the same."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
# What the version is made from, with the folder of which the wheel has the code.
FILES = ("pyproject.toml", "README.md", ".git_archival.txt", ".gitattributes", "tracker/__init__.py")


def git(folder: Path, *arguments: str) -> None:
    me = ("-c", "user.name=Ana", "-c", "user.email=ana@school.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *me, *arguments], cwd=folder, env=environment(), check=True, capture_output=True, timeout=60)


def environment() -> dict[str, str]:
    """Without what a git hook, or a build that knows its version, has set for this project."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "SETUPTOOLS_SCM_"))}


def version_of(folder: Path, **more: str) -> str:
    """What the package would be called that is built in this folder, with these further variables."""
    found = subprocess.run(
        [sys.executable, "-m", "hatchling", "version"],
        cwd=folder,
        env=environment() | more,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return found.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of one commit with our files."""
    folder = tmp_path / "checkout"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


@pytest.mark.slow
def test_a_release_has_the_version_of_its_tag(checkout: Path) -> None:
    git(checkout, "tag", "v3.1.4")
    assert version_of(checkout) == "3.1.4"


@pytest.mark.slow
def test_after_a_release_the_version_names_the_commit_and_comes_before_the_next_release(checkout: Path) -> None:
    git(checkout, "tag", "v3.1.4")
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Go on")
    assert re.fullmatch(r"3\.1\.5\.dev1\+g[0-9a-f]{7,}", version_of(checkout))


@pytest.mark.slow
def test_a_clone_without_tags_names_its_commit(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Go on")
    git(checkout, "tag", "v3.1.4", "HEAD~1")
    git(tmp_path, "clone", "--quiet", "--no-tags", "--depth", "1", checkout.as_uri(), "clone")
    assert re.fullmatch(r"0\.\d+(\.\d+)?\.dev\d+\+g[0-9a-f]{7,}", version_of(tmp_path / "clone"))


@pytest.mark.slow
def test_an_archive_of_a_release_has_its_version(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "tag", "v3.1.4")
    git(checkout, "archive", "--output", str(tmp_path / "release.tar"), "v3.1.4")
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "release.tar", "-C", tmp_path / "unpacked"], check=True)
    assert version_of(tmp_path / "unpacked") == "3.1.4"


@pytest.mark.slow
def test_files_without_git_have_a_version_too(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(checkout, tmp_path / "copied", ignore=shutil.ignore_patterns(".git"))
    assert version_of(tmp_path / "copied") == "0.0.0"


@pytest.mark.slow
def test_a_build_without_git_has_the_version_that_it_is_told(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(checkout, tmp_path / "copied", ignore=shutil.ignore_patterns(".git"))
    assert version_of(tmp_path / "copied", SETUPTOOLS_SCM_PRETEND_VERSION="3.1.4") == "3.1.4"
    assert version_of(tmp_path / "copied", SETUPTOOLS_SCM_PRETEND_VERSION="") == "0.0.0"
