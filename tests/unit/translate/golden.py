"""The golden files: a request as a kubelet sends it, and what Docker is sent for it.

`# engine:` in a request names one of `engines.ENGINES`. `make golden` writes the expected files
anew; read the difference before it is committed.
"""

import json
import re
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from pydockershim.api import runtime_v1 as cri
from tests.unit.translate.engines import ENGINES
from tests.unit.translate.translation import translated_container, translated_sandbox

FOLDER = Path(__file__).with_name("golden")
SITUATIONS = sorted(path.name for path in FOLDER.iterdir())

_HEADER = re.compile(r"^# (proto-message|engine): (.*)$", re.MULTILINE)


def expected(situation: str) -> Any:
    """Return what the golden file says."""
    return json.loads((FOLDER / situation / "expected.json").read_text())


def translated(situation: str) -> Any:
    """Return what the request is translated to today, as it comes out of JSON.

    Labels that hold JSON are shown as what they hold.
    """
    text = (FOLDER / situation / "request.txtpb").read_text()
    header = dict(_HEADER.findall(text))
    features = ENGINES[header["engine"]]
    if header["proto-message"] == "runtime.v1.RunPodSandboxRequest":
        run = text_format.Parse(text, cri.RunPodSandboxRequest())
        whole = translated_sandbox(run.config, handler=run.runtime_handler, features=features)
    else:
        create = text_format.Parse(text, cri.CreateContainerRequest())
        whole = translated_container(create.config, create.sandbox_config, features=features)
    body = whole["body"]
    record = json.loads(body["Labels"].pop("io.pydockershim.record"))
    return json.loads(json.dumps({"create": body, "record": record}))


def rewrite() -> None:
    """Write every expected file anew."""
    for situation in SITUATIONS:
        text = json.dumps(translated(situation), indent=2, sort_keys=True)
        (FOLDER / situation / "expected.json").write_text(f"{text}\n")


if __name__ == "__main__":
    rewrite()
