"""The content of the error channel: a metav1.Status since v4, plain text before.

Up to v3, clients take an empty error channel for success.
"""

import json

_MAX_CODE = 0xFF


def of_exit(exit_code: int, *, as_json: bool) -> bytes:
    """Report an exit code; COMPAT(client-go): it is parsed as an unsigned byte."""
    if not exit_code:
        return _json({"status": "Success"}) if as_json else b""
    # A failure must not become zero.
    code = exit_code & _MAX_CODE or _MAX_CODE
    message = f"command terminated with non-zero exit code: exit status {code}"
    if not as_json:
        return message.encode()
    # COMPAT(client-go): the type of a cause is `reason` in JSON.
    causes = [{"reason": "ExitCode", "message": str(code)}]
    failure = {"status": "Failure", "message": message, "reason": "NonZeroExitCode"}
    return _json({**failure, "details": {"causes": causes}})


def of_error(message: str, *, as_json: bool) -> bytes:
    """Report why the command did not run, or why its exit code is unknown."""
    sentence = f"Internal error occurred: {message}"
    if not as_json:
        return sentence.encode()
    return _json({"status": "Failure", "message": sentence, "reason": "InternalError", "code": 500})


def _json(status: dict[str, object]) -> bytes:
    return json.dumps({"metadata": {}, **status}, separators=(",", ":")).encode()
