"""One YAML document as plain Python values, without the YAML library's silent choices."""

from collections import Counter
from typing import Any

from pydockershim.errors import InvalidArgument

try:
    import yaml
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "reading manifests needs PyYAML: pip install 'pydockershim[manifests]'", name=error.name
    ) from error


def load(text: str) -> Any:
    """Return the content; InvalidArgument when it is not YAML, or not exactly one document."""
    loader = yaml.SafeLoader(text)
    try:
        document = loader.get_single_node()
        if document is None:
            return None
        _refuse_repeated_keys(document)
        return loader.construct_document(document)
    except yaml.YAMLError as error:
        raise InvalidArgument(f"the manifest is not one YAML document: {error}") from None
    finally:
        loader.dispose()


def _refuse_repeated_keys(node: yaml.Node) -> None:
    """Refuse a duplicate key: the library would drop the first value."""
    if isinstance(node, yaml.MappingNode):
        names = Counter(key.value for key, _ in node.value)
        for name in (name for name, count in names.items() if count > 1):
            raise InvalidArgument(f"duplicate key {name} in one mapping,{node.start_mark}")
        for _, value in node.value:
            _refuse_repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item)
