"""The scripts of head and worker, run for real by the shell, with programs in the place of Ray's and vLLM's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pulumi_modelstore.serving import ray

pytestmark = pytest.mark.skipif(
    not Path("/bin/bash").exists(), reason="the scripts are for /bin/bash, which is not here"
)

# Nodes come one after another: the first look finds one, the next finds two.
PYTHON = """#!/bin/bash
if [ "$1" = "-c" ]; then
  echo look >> "$FOLDER/looks"
  echo "a warning of Ray's"
  echo "alive $(wc -l < "$FOLDER/looks")"
else
  printf '%s\\n' "$@" > "$FOLDER/served"
fi
"""
RAY = """#!/bin/bash
echo "$*" >> "$FOLDER/asked"
if [ "$1" = "health-check" ]; then [ "$(wc -l < "$FOLDER/asked")" -gt 1 ]; fi
"""


def run(command: list[str], folder: Path, *arguments: str, **environment: str) -> None:
    for name, text in {"python3": PYTHON, "ray": RAY, "sleep": "#!/bin/bash\n"}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    subprocess.run(
        [*command, *arguments],
        env={"PATH": f"{folder}:/usr/bin:/bin", "FOLDER": str(folder), **environment},
        check=True,
        capture_output=True,
        timeout=30,
    )


def test_the_head_serves_once_all_nodes_are_there(tmp_path: Path) -> None:
    run(ray.HEAD_COMMAND, tmp_path, "--port=8080", "--served-model-name=a b", RAY_NODE_COUNT="2")
    assert (tmp_path / "asked").read_text().startswith("start --head --port=6379")
    assert (tmp_path / "looks").read_text().count("look") == 2
    served = (tmp_path / "served").read_text().splitlines()
    assert served == ["-m", "vllm.entrypoints.openai.api_server", "--port=8080", "--served-model-name=a b"]


def test_a_worker_joins_once_the_head_answers(tmp_path: Path) -> None:
    run(ray.WORKER_COMMAND, tmp_path, HEAD_SVC="llm-head-1", POD_NAMESPACE="serving")
    assert (tmp_path / "asked").read_text().splitlines() == [
        "health-check --address llm-head-1.serving.svc:6379",
        "health-check --address llm-head-1.serving.svc:6379",
        "start --address=llm-head-1.serving.svc:6379 --block",
    ]


def test_what_the_head_asks_ray_is_python() -> None:
    script = ray.HEAD_COMMAND[2]
    code = script.split('python3 -c "')[1].split('"')[0]
    compile(code, "head", "exec")
