"""The images: what the binaries are linked with is installed in them, and what is copied into the building stage is
enough to build from."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from deploy_files import DEPLOY, ROOT

BUILD = pathlib.Path(os.environ.get("ADBMS_BUILD", "build/release")).resolve()
DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
# Of every Debian.
ESSENTIAL = {"libc6", "libcrypt1", "libgcc-s1", "libstdc++6"}


def instructions():
    """Of the Dockerfile, continued lines joined."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    return [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]


def with_dependencies(packages):
    """The packages and all that they depend on, as this machine has them."""
    found, wanted = set(), set(packages)
    while wanted:
        shown = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Depends}, ${Pre-Depends}\n", *wanted],
                               text=True, capture_output=True).stdout
        found |= wanted
        wanted = {re.split(r"[ :(]", one.strip())[0] for line in shown.splitlines()
                  for one in re.split(r"[,|]", line.split(" ", 1)[1])} - found - {""}
    return found


def stage(name):
    """The instructions of one stage."""
    found, inside = [], False
    for word, rest in instructions():
        if word == "FROM":
            inside = rest.endswith(f" AS {name}")
        elif inside:
            found.append((word, rest))
    return found


class ImagesTest(unittest.TestCase):
    def test_every_line_is_an_instruction(self):
        for path in (DEPLOY / "docker").glob("*ockerfile"):
            for line in path.read_text().replace("\\\n", " ").splitlines():
                if line and not line.startswith("#"):
                    self.assertIn(line.split()[0], ("FROM", "RUN", "COPY", "USER", "VOLUME", "EXPOSE", "ENTRYPOINT",
                                                    "WORKDIR"), path)

    def test_libraries_of_the_binaries_are_installed(self):
        if "asan" in BUILD.name or "tsan" in BUILD.name:
            self.skipTest("images are made of release builds")
        install = next(rest for word, rest in stage("runtime") if word == "RUN")
        installed = with_dependencies(
            re.search(r"--no-install-recommends\s+(.*?)&&", install)[1].split()) | ESSENTIAL
        libraries = set()
        for binary in ("adbmsd", "adbms"):
            dynamic = subprocess.run(["readelf", "-d", str(BUILD / "bin" / binary)], check=True, text=True,
                                     capture_output=True).stdout
            libraries |= set(re.findall(r"\(NEEDED\).*\[((?!ld-linux).*)\]", dynamic))
        owners = subprocess.run(["dpkg-query", "-S", *(f"*/{library}" for library in libraries)], text=True,
                                check=True, capture_output=True).stdout
        for library in libraries:
            packages = {line.split(":")[0] for line in owners.splitlines() if line.endswith("/" + library)}
            self.assertTrue(packages & installed, f"{library} of {packages} is not installed")

    def test_the_building_stage_has_what_it_needs(self):
        ignored = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines()
                   if line.startswith("!")]
        with tempfile.TemporaryDirectory(prefix="adbms_image_") as directory:
            for word, rest in stage("build"):
                if word != "COPY":
                    continue
                *sources, target = rest.split()
                for source in sources:
                    self.assertTrue([one for one in ignored if source == one or source.startswith(one + "/")],
                                    f"{source} is kept out by .dockerignore")
                    place = pathlib.Path(directory) / (target if target.endswith("/") else "") / pathlib.Path(source).name
                    place.parent.mkdir(parents=True, exist_ok=True)
                    if (ROOT / source).is_dir():
                        shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("node_modules"))
                    else:
                        shutil.copy(ROOT / source, place)
            configured = subprocess.run(["cmake", "--preset", "release"], cwd=directory, text=True,
                                        capture_output=True)
            self.assertEqual(configured.returncode, 0, configured.stdout + configured.stderr)


if __name__ == "__main__":
    unittest.main()
