"""What the error channel says at the end: a metav1.Status since v4, bare words before.

Up to v3 a client takes silence as success.
"""

import json

_MAX_CODE = 0xFF


def of_exit(exit_code: int, *, as_json: bool) -> bytes:
    """Say how the process ended; COMPAT(client-go): the code is read as an unsigned byte."""
    if not exit_code:
        return _json({"status": "Success"}) if as_json else b""
    # A failure must not look like a zero.
    code = exit_code & _MAX_CODE or _MAX_CODE
    message = f"command terminated with non-zero exit code: exit status {code}"
    if not as_json:
        return message.encode()
    # COMPAT(client-go): a cause's type is called `reason` in JSON.
    causes = [{"reason": "ExitCode", "message": str(code)}]
    failure = {"status": "Failure", "message": message, "reason": "NonZeroExitCode"}
    return _json({**failure, "details": {"causes": causes}})


def of_error(message: str, *, as_json: bool) -> bytes:
    """Say what kept us from running the command or from telling its end."""
    sentence = f"Internal error occurred: {message}"
    if not as_json:
        return sentence.encode()
    return _json({"status": "Failure", "message": sentence, "reason": "InternalError", "code": 500})


def _json(status: dict[str, object]) -> bytes:
    return json.dumps({"metadata": {}, **status}, separators=(",", ":")).encode()
